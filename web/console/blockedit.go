package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"orac/web/api"
	"orac/web/schema"
)

// take puts the submitted values into the controls, and returns the operations that make these changes together with the
// names of their attributes. to is the address of the block in those operations.
func (f *blockForm) take(call *api.Call, to string) (do []api.EditStep, names []string) {
	_ = call.R.ParseForm() // an unreadable form has no values
	form := call.R.PostForm
	for s, at := range f.fields {
		block := to + strings.TrimPrefix(s.Address, f.Address)
		was, ok := form["was."+at.ID]
		if !ok {
			continue // the submitted form has no such control
		}
		given := lf(strings.Join(form[at.ID], " "))
		if at.Control == "list" {
			at.Chosen = form[at.ID]
		} else {
			at.Value = given
		}
		if given == lf(was[0]) {
			continue
		}
		o := api.EditStep{Do: "set", Block: block, Attribute: at.Name}
		switch {
		case at.Control == "list" && len(at.Chosen) == 0 && !at.Required, strings.TrimSpace(given) == "" && at.Control != "list":
			o.Do = "unset"
			if !at.Written {
				continue
			}
		case at.Control == "list":
			text := "[" + strings.Join(at.ordered(), ", ") + "]"
			o.Expression = &text
		case at.Quoted:
			o.Text = &given
		default:
			o.Expression = &given
		}
		do, names = append(do, o), append(names, at.Name)
	}
	return do, names
}

// ordered returns the choices of a list in the order in which the file has them, with new ones at
// the end.
func (f *field) ordered() (out []string) {
	for _, list := range [][]string{f.Field.Chosen, f.Chosen} {
		for _, a := range list {
			if slices.Contains(f.Chosen, a) && !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	return out
}

// planOf applies operations to the text that the form began with, and shows the plan; if something is wrong, it shows the
// form with the error.
func (c *Console) planOf(call *api.Call, f blockForm, do []api.EditStep, names []string) error {
	e, file, err := posted(call)
	if err != nil {
		return err
	}
	f.editor.Base, f.editor.Began = e.Base, e.Began
	text := e.Began
	if text == "" {
		text = file.Source
	}
	out, err := api.OpEdit.Call(call, api.EditInput{Source: &text, Operations: do})
	if err != nil {
		p := schema.ProblemOf(err)
		for _, wrong := range p.Errors {
			name, i := "", 0
			if _, err := fmt.Sscanf(wrong.Field, "operations[%d]", &i); err == nil && i < len(names) {
				name = names[i] + ": "
			}
			f.Lead, f.Wrong = "", append(f.Wrong, name+wrong.Wrong)
		}
		if len(f.Wrong) == 0 {
			return err
		}
		return c.showBlock(call, http.StatusUnprocessableEntity, f)
	}
	e.Source, e.Edited, e.Findings, e.Checked = out.Source, out.Source != file.Source, out.Findings, true
	if !out.Findings.OK {
		if f.Lead == "" {
			f.Lead = "This change makes the runbook unusable:"
		}
		for _, p := range out.Findings.Problems {
			where := ""
			if p.Block != "" && p.Block != f.Address {
				where = "In " + p.Block + ": "
			}
			f.Wrong = append(f.Wrong, strings.TrimSpace(where+p.Summary+". "+p.Detail))
		}
		f.Unplanned = pack(out.Source)
		return c.showBlock(call, http.StatusUnprocessableEntity, f)
	}
	return c.showPlan(call, http.StatusOK, e, file, "")
}
