package console

import (
	"net/http"
	"strconv"

	"orac/appliance/status"
	"orac/web/api"
)

type generationsData struct {
	List []status.Generation // the newest first
}

func (c *Console) generations(call *api.Call) error {
	list, err := api.Invoke[[]status.Generation](call, "generations", nil)
	if err != nil {
		return err
	}
	d := generationsData{}
	for i := range list {
		d.List = append(d.List, list[len(list)-1-i])
	}
	return c.show(call, http.StatusOK, "generations", view{Title: "Generations", Nav: "/runbook", Data: d})
}

// generationData is a kept runbook, and what returning to it would do.
type generationData struct {
	planned          // of the rollback; its editor is the file with the kept text
	Which            status.Generation
	Running          int
	Blocked          string // why it cannot be returned to
	SameAsTheRunning bool
}

func (c *Console) generation(call *api.Call) error {
	n, err := strconv.Atoi(call.R.PathValue("number"))
	if err != nil {
		return api.Fail(api.NotFound, "There is no such generation.")
	}
	return c.showGeneration(call, http.StatusOK, n, "")
}

func (c *Console) showGeneration(call *api.Call, code, number int, wrong string) error {
	list, err := api.Invoke[[]status.Generation](call, "generations", nil)
	if err != nil {
		return err
	}
	text, err := api.Invoke[api.GenerationText](call, "generation", api.GenerationIn{Number: number})
	if err != nil {
		return err
	}
	file, err := api.Invoke[api.RunbookText](call, "runbook", nil)
	if err != nil {
		return err
	}
	d := generationData{Running: text.Running, SameAsTheRunning: text.Diff == ""}
	d.editor = editor{File: file.File, Source: text.Source, Base: file.Hash, Began: file.Source}
	d.Wrong, d.Diff = wrong, linesOfDiff(text.Diff)
	for _, g := range list {
		if g.Number == number {
			d.Which = g
		}
	}
	if !d.Which.Current {
		if d.Plan, err = api.Invoke[status.Plan](call, "planRollback", api.GenerationIn{Number: number}); err != nil {
			d.Blocked = sayWrong(api.AsProblem(err))
		}
	}
	return c.show(call, code, "generation", view{Title: "Generation " + strconv.Itoa(number), Nav: "/runbook", Wide: true, Data: d})
}

// rollback does the plan that was shown.
func (c *Console) rollback(call *api.Call) error {
	n, err := strconv.Atoi(call.R.PostFormValue("generation"))
	if err != nil {
		return api.Fail(api.InvalidInput, "Name a generation.")
	}
	running, err := strconv.Atoi(call.R.PostFormValue("running"))
	if err != nil || call.R.PostFormValue("plan") == "" {
		return c.showGeneration(call, http.StatusUnprocessableEntity, n, "Look at what it would do first.")
	}
	in := api.RollbackInput{Generation: n, Plan: call.R.PostFormValue("plan"), Running: running}
	done, err := api.Invoke[status.Applied](call, "rollback", in)
	if err != nil {
		switch p := api.AsProblem(err); p.Code {
		case api.PlanChanged, api.PlanBlocked, api.Busy:
			return c.showGeneration(call, p.Status, n, sayWrong(p))
		}
		return err
	}
	back := api.Applied{Applied: done}
	if done.OK {
		back.Note = "The runbook's file is as it was: it counts again at the next apply and at the next start. Edit it if this generation is to stay."
	}
	return c.show(call, http.StatusOK, "applied", view{Title: "Rolled back", Nav: "/runbook", Data: back})
}
