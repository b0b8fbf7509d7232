package console

import (
	"net/http"

	"orac/appliance/status"
	"orac/web/api"
	"orac/web/schema"
)

// editor is a runbook text that somebody is editing.
type editor struct {
	File, Source string
	Base, Began  string // hash and text of the file that the edit began with; "" if unknown
	Applied      bool   // this text is the running one
	Edited       bool   // it differs from the file
	Checked      bool
	Findings     api.Findings
	Wrong        string
}

func (c *Console) runbook(call *api.Call) error {
	r, err := api.OpRunbook.Call(call, schema.None{})
	if err != nil {
		return err
	}
	e := editor{File: r.File, Source: r.Source, Base: r.Hash, Began: r.Source, Applied: r.Applied}
	return c.showEditor(call, http.StatusOK, e)
}

func (c *Console) showEditor(call *api.Call, status int, e editor) error {
	if !e.Checked {
		found, err := api.OpValidate.Call(call, api.SourceInput{Source: e.Source})
		if err != nil {
			return err
		}
		e.Findings, e.Checked = found, true
	}
	return c.show(call, status, "runbook", view{Wide: true, Scripts: []string{"editor.js"}, Data: e})
}

// editAgain returns from a plan to the text.
func (c *Console) editAgain(call *api.Call) error {
	e, _, err := posted(call)
	if err != nil {
		return err
	}
	return c.showEditor(call, http.StatusOK, e)
}

// checkPart says what is wrong with a text while it is being written.
func (c *Console) checkPart(call *api.Call) error {
	e, _, err := posted(call)
	if err != nil {
		return err
	}
	if e.Findings, err = api.OpValidate.Call(call, api.SourceInput{Source: e.Source}); err != nil {
		return err
	}
	return c.part(call, "runbook", "findings", e)
}

// planned is a plan before it is applied.
type planned struct {
	editor
	Plan  status.Plan
	Diff  []diffLine
	Wrong string
}

// Changed returns the components that change.
func (p planned) Changed() (list []status.Component) {
	for _, c := range p.Plan.Components {
		if c.Action != status.Keep {
			list = append(list, c)
		}
	}
	return list
}

// Kept returns how many components stay as they are.
func (p planned) Kept() int { return len(p.Plan.Components) - len(p.Changed()) }

func (c *Console) plan(call *api.Call) error {
	e, file, err := posted(call)
	if err != nil {
		return err
	}
	return c.showPlan(call, http.StatusOK, e, file, "")
}

// showPlan shows what a text would change; if somebody else has changed the file since the edit began, it shows the
// conflict instead.
func (c *Console) showPlan(call *api.Call, code int, e editor, file api.RunbookText, wrong string) error {
	if e.Base != file.Hash {
		return c.showConflict(call, e, file, "")
	}
	found, err := api.OpValidate.Call(call, api.SourceInput{Source: e.Source})
	if err != nil {
		return err
	}
	if e.Findings, e.Checked = found, true; !found.OK {
		return c.showEditor(call, http.StatusUnprocessableEntity, e)
	}
	p := planned{editor: e, Wrong: wrong, Diff: diff(file.Source, e.Source)}
	if p.Plan, err = api.OpPlan.Call(call, api.SourceInput{Source: e.Source}); err != nil {
		if problem := schema.ProblemOf(err); problem.Code == schema.InvalidRunbook {
			e.Wrong = problem.Detail
			return c.showEditor(call, http.StatusUnprocessableEntity, e)
		}
		return err
	}
	return c.show(call, code, "plan", view{Title: "Plan", Wide: true, Data: p})
}

func (c *Console) apply(call *api.Call) error {
	e, file, err := posted(call)
	if err != nil {
		return err
	}
	if e.Base != file.Hash {
		return c.showConflict(call, e, file, "")
	}
	done, err := api.OpApply.Call(call, api.ApplyInput{Source: e.Source, Base: e.Base, Plan: call.R.PostFormValue("plan")})
	if err != nil {
		switch p := schema.ProblemOf(err); p.Code {
		case schema.Conflict:
			if file, err = api.OpRunbook.Call(call, schema.None{}); err != nil {
				return err
			}
			return c.showConflict(call, e, file, "")
		case schema.PlanChanged, schema.PlanBlocked, schema.Busy, schema.InvalidRunbook:
			return c.showPlan(call, p.Status, e, file, sayWrong(p))
		}
		return err
	}
	return c.show(call, http.StatusOK, "applied", view{Title: "Applied", Data: done})
}
