package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"orac/appliance/statedir"
	"orac/appliance/status"
	"orac/runbook/language"
	"orac/web/control"
)

// rolledBack is what rollback --write prints as JSON.
type rolledBack struct {
	Plan    status.Plan     `json:"plan"`
	Diff    string          `json:"diff"`              // of the runbook's file, as a unified diff
	Applied *status.Applied `json:"applied,omitempty"` // absent if it could not be tried
	Saved   bool            `json:"saved"`             // the file is the generation's text now
}

// rollbackFile runs the text of a generation, and writes it to the runbook's file. sure asks the person to confirm what
// would be lost.
func (a *app) rollbackFile(ctx context.Context, daemon *control.Client, generation int, sure func(question string) bool) error {
	request, err := a.planRequest()
	if err != nil {
		return err
	}
	list, err := daemon.Generations(ctx)
	if err != nil {
		return a.refused(err)
	}
	if generation == 0 {
		if generation, err = before(list); err != nil {
			return a.refused(err)
		}
	}
	text, err := daemon.Text(ctx, generation)
	if err != nil {
		return a.refused(err)
	}
	old, err := readRunbook(request.File)
	if err != nil {
		return failed(err)
	}
	was := string(old)
	request.Of = generation
	report := rolledBack{Diff: language.Diff(filepath.Base(request.File), old, []byte(text))}
	if report.Plan, err = daemon.Plan(ctx, request); err != nil {
		return a.refused(err)
	}
	if !a.json {
		a.out.Plan(a.asNamed(report.Plan), false)
		fmt.Fprint(a.out, "\n"+report.Diff)
	}
	if blocked(report.Plan) {
		return errors.Join(a.reportJSON(report), &exit{code: exitFailed})
	}
	applied := text == was
	for _, g := range list {
		if kept, err := daemon.Text(ctx, g.Number); err == nil && kept == was {
			applied = true
		}
	}
	if !applied && !sure(a.file+" holds changes that were never applied; they would be lost. Overwrite them? Type yes to go ahead:") {
		return failed(fmt.Errorf("%s holds changes that were never applied, and this would overwrite them; apply them first, or add --auto-approve. Nothing was changed", a.file))
	}
	done, err := a.follow(ctx, func(progress func(string)) (status.Applied, error) {
		return daemon.Apply(ctx, status.ApplyRequest{PlanRequest: request, Hash: report.Plan.Hash, Timeout: applyTimeout}, progress)
	})
	if err != nil {
		return err
	}
	report.Applied = &done
	var unsaved error
	if done.OK {
		unsaved = replaceRunbook(request.File, was, text)
		report.Saved = unsaved == nil
	}
	if err := a.ended(done, a.reportJSON(report)); err != nil {
		return err
	}
	if unsaved != nil {
		return failed(fmt.Errorf("generation %d runs, but %s could not be written: %w. The next start reads the old text", done.Generation, a.file, unsaved))
	}
	if !a.json {
		fmt.Fprintf(a.out, "%s %s is the text of generation %d\n", a.out.Good("Written:"), a.file, generation)
	}
	return nil
}

// before returns the generation before the running one.
func before(list []status.Generation) (int, error) {
	for _, g := range list {
		if g.Current {
			return status.Before(list, g.Number)
		}
	}
	return status.Before(list, 0)
}

// replaceRunbook writes a text to the runbook's file, unless somebody has changed the file since it was
// shown.
func replaceRunbook(path, was, text string) error {
	now, err := readRunbook(path)
	switch {
	case err != nil || string(now) == text:
		return err
	case string(now) != was:
		return errors.New("somebody has changed it meanwhile")
	}
	_, err = statedir.Replace(path, []byte(text))
	return err
}

// yes asks for confirmation on the terminal.
func (a *app) yes(ctx context.Context, stdin io.Reader, question string) bool {
	fmt.Fprintln(a.err)
	answer, err := a.err.Ask(ctx, stdin, question)
	return err == nil && answer == "yes"
}
