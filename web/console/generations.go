package console

import (
	"net/http"
	"strconv"

	"orac/appliance/status"
	"orac/web/api"
	"orac/web/schema"
)

type generationsData struct {
	List []status.Generation // newest first
}

func (c *Console) generations(call *api.Call) error {
	list, err := api.OpGenerations.Call(call, schema.None{})
	if err != nil {
		return err
	}
	d := generationsData{}
	for i := range list {
		d.List = append(d.List, list[len(list)-1-i])
	}
	return c.show(call, http.StatusOK, "generations", view{Data: d})
}

// generationData is a kept runbook and what returning to it would do.
type generationData struct {
	planned // a rollback that writes the file: the editor holds the file with the kept text, the diff shows what changes in the file
	Which   status.Generation
	Running int
	Blocked string // why that is impossible
	// Once is a rollback that leaves the file alone: the generation runs with its original inputs.
	Once        status.Plan
	OnceBlocked string
	Written     bool // the file already says this
}

// Alike tells whether both ways of returning make the same changes.
func (d generationData) Alike() bool {
	return d.Blocked == "" && d.OnceBlocked == "" && d.Plan.Hash == d.Once.Hash
}

// OncePlanned returns the plan of the rollback that leaves the file alone, for display like other
// plans.
func (d generationData) OncePlanned() planned { return planned{Plan: d.Once} }

func (c *Console) generation(call *api.Call) error {
	n, err := strconv.Atoi(call.R.PathValue("number"))
	if err != nil {
		return schema.Fail(schema.NotFound, "There is no such generation.")
	}
	return c.showGeneration(call, http.StatusOK, n, "")
}

func (c *Console) showGeneration(call *api.Call, code, number int, wrong string) error {
	list, err := api.OpGenerations.Call(call, schema.None{})
	if err != nil {
		return err
	}
	text, err := api.OpGeneration.Call(call, api.GenerationInput{Number: number})
	if err != nil {
		return err
	}
	file, err := api.OpRunbook.Call(call, schema.None{})
	if err != nil {
		return err
	}
	d := generationData{Running: text.Running, Written: file.Source == text.Source}
	d.editor = editor{File: file.File, Source: text.Source, Base: file.Hash, Began: file.Source}
	d.Wrong, d.Diff = wrong, diff(file.Source, text.Source)
	for _, g := range list {
		if g.Number == number {
			d.Which = g
		}
	}
	if d.Plan, err = api.OpPlanRollback.Call(call, api.PlanRollbackInput{Number: number, Write: true}); err != nil {
		d.Blocked = sayWrong(schema.ProblemOf(err))
	}
	if !d.Which.Current {
		if d.Once, err = api.OpPlanRollback.Call(call, api.PlanRollbackInput{Number: number}); err != nil {
			d.OnceBlocked = sayWrong(schema.ProblemOf(err))
		}
	}
	return c.show(call, code, "generation", view{Title: "Generation " + strconv.Itoa(number), Wide: true, Data: d})
}

// rollback carries out the plan that was shown.
func (c *Console) rollback(call *api.Call) error {
	n, err := strconv.Atoi(call.R.PostFormValue("generation"))
	if err != nil {
		return schema.Fail(schema.InvalidInput, "Name a generation.")
	}
	running, err := strconv.Atoi(call.R.PostFormValue("running"))
	if err != nil || call.R.PostFormValue("plan") == "" {
		return c.showGeneration(call, http.StatusUnprocessableEntity, n, "Look at the plan first.")
	}
	in := api.RollbackInput{
		Generation: n, Plan: call.R.PostFormValue("plan"), Running: running, Write: call.R.PostFormValue("write") == "yes", Base: call.R.PostFormValue("base"),
	}
	done, err := api.OpRollback.Call(call, in)
	if err != nil {
		switch p := schema.ProblemOf(err); p.Code {
		case schema.PlanChanged, schema.PlanBlocked, schema.Busy, schema.Conflict, schema.InvalidRunbook:
			return c.showGeneration(call, p.Status, n, sayWrong(p))
		}
		return err
	}
	return c.show(call, http.StatusOK, "applied", view{Title: "Rolled back", Data: done})
}
