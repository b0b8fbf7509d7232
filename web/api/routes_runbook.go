package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"orac/appliance/core"
	"orac/appliance/graph"
	"orac/appliance/statedir"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
	"orac/web/schema"
)

// Planner says what a change would do. It changes nothing.
type Planner interface {
	// Examine evaluates and checks a text as a plan does, and returns everything that is wrong with it. The runbook is nil if it
	// could not run.
	Examine(ctx context.Context, r status.PlanRequest) (*runbook.Runbook, language.Diagnostics, error)
	// Plan returns what applying a runbook would do.
	Plan(ctx context.Context, r status.PlanRequest) (status.Plan, error)
	// PlanRollback returns what returning to a kept generation would do.
	PlanRollback(ctx context.Context, r status.RollbackRequest) (status.Plan, error)
}

// Generations are the runbooks that were applied.
type Generations interface {
	// Text returns the runbook of a kept generation.
	Text(generation int) (string, error)
	// Generations returns the kept generations, oldest first.
	Generations() ([]status.Generation, error)
}

// RunbookText is the present text of the runbook's file.
type RunbookText struct {
	File    string `json:"file" doc:"The file's name, without the folder."`
	Source  string `json:"source"`
	Hash    string `json:"hash" doc:"SHA-256 of source: send it as base of an edit."`
	Applied bool   `json:"applied" doc:"Whether applying this text would change nothing."`
}

func getRunbook(c *Call, _ schema.None) (RunbookText, error) {
	text, err := c.Server.readRunbook()
	if err != nil {
		return RunbookText{}, err
	}
	out := RunbookText{File: filepath.Base(c.Server.o.App.Changer.Request().File), Source: text, Hash: language.TextHash(text)}
	out.Applied = c.Server.o.App.Declared.Runbook().SameText([]byte(text)) || c.runsAlready(text)
	return out, nil
}

// runsAlready tells whether applying a text would change nothing that runs, for example if only comments differ or an unused
// block is added. A text that reads more of the machine than the running one does is not examined further.
func (c *Call) runsAlready(text string) bool {
	rb, problems, err := c.Server.o.App.Planner.Examine(c.Context(), c.request().Text(text))
	if err != nil || rb == nil || problems.HasErrors() {
		return false
	}
	g, err := graph.Compile(rb)
	return err == nil && !graph.Plan(c.Server.o.App.Declared.Graph(), g).Changes
}

// readRunbook returns the text of the runbook's file; its error is a problem.
func (s *Server) readRunbook() (string, error) {
	text, err := readText(s.o.App.Changer.Request().File)
	if err != nil {
		return "", schema.Because(schema.Unavailable, err, "The runbook's file cannot be read.")
	}
	return text, nil
}

func readText(path string) (string, error) {
	f, _, err := statedir.Regular(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, language.MaxFileSize+1))
	if err == nil && len(text) > language.MaxFileSize {
		err = errors.New("it is too large")
	}
	return string(text), err
}

func getSchema(*Call, schema.None) (json.RawMessage, error) {
	return runbook.Vocabulary.JSONSchema(), nil
}

type SourceInput struct {
	Source string `json:"source" check:"required;min=1;max=262144;lines"`
}

// Finding is a problem of a runbook with its place.
type Finding struct {
	Severity string `json:"severity" doc:"error or warning"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail,omitempty"`
	Block    string `json:"block,omitempty"`
	Line     int    `json:"line" doc:"Counted from 1; 0 without a place."`
	Column   int    `json:"column"`
	EndLine  int    `json:"end_line"`
	EndCol   int    `json:"end_column"`
}

type Findings struct {
	OK       bool      `json:"ok" doc:"Whether the text can be applied."`
	Problems []Finding `json:"problems"`
}

func validateRunbook(c *Call, in SourceInput) (Findings, error) {
	rb, problems, err := c.Server.o.App.Planner.Examine(c.Context(), c.request().Text(in.Source))
	if err != nil {
		return Findings{}, err
	}
	out := Findings{OK: rb != nil && !problems.HasErrors(), Problems: []Finding{}}
	for _, p := range problems {
		severity := "error"
		if p.Severity == language.Warning {
			severity = "warning"
		}
		out.Problems = append(out.Problems, Finding{
			severity, p.Summary, p.Detail, string(p.Address), p.Subject.Start.Line, p.Subject.Start.Column, p.Subject.End.Line, p.Subject.End.Column,
		})
	}
	return out, nil
}

func planRunbook(c *Call, in SourceInput) (status.Plan, error) {
	s := c.Server
	p, err := s.o.App.Planner.Plan(c.Context(), c.request().Text(in.Source))
	return s.hidePaths(p), s.hideFolder(err)
}

// hidePaths reduces the paths in a plan to file names.
func (s *Server) hidePaths(p status.Plan) status.Plan {
	p.Runbook = filepath.Base(p.Runbook)
	for i := range p.Components {
		for j, a := range p.Components[i].Because {
			p.Components[i].Because[j].File = filepath.Base(a.File)
		}
	}
	return p
}

type ApplyInput struct {
	Source string `json:"source" check:"required;min=1;max=262144;lines"`
	Base   string `json:"base" check:"required;pattern=hash" doc:"The hash of the text that the edit began with."`
	Plan   string `json:"plan" check:"required;min=1;max=128" doc:"The hash of the plan that was shown."`
}

// applyTime limits an apply over the API, including the health gate.
const applyTime = 10 * time.Minute

// applyRunbook applies an edit of the file, provided that the file and the plan are still those
// that were shown.
func applyRunbook(c *Call, in ApplyInput) (Applied, error) {
	return c.change(core.Change{
		ApplyRequest: status.ApplyRequest{PlanRequest: c.request().Text(in.Source), Hash: in.Plan},
		Begin:        func() error { return c.Server.unchanged(in.Base) },
	}, nil)
}

// unchanged returns a Conflict unless the runbook's file still has the hash base.
func (s *Server) unchanged(base string) error {
	text, err := s.readRunbook()
	if err != nil {
		return err
	}
	if language.TextHash(text) != base {
		return schema.Fail(schema.Conflict, "Somebody else changed the runbook's file. Nothing was changed.")
	}
	return nil
}

func getGenerations(c *Call, _ schema.None) ([]status.Generation, error) {
	list, err := c.Server.o.App.Generations.Generations()
	for i := range list {
		list[i].Runbook = filepath.Base(list[i].Runbook)
	}
	return notNil(list), err
}

type RollbackInput struct {
	Generation int    `json:"generation" check:"required;min=0;max=1000000000" doc:"The number; 0 is the previous one."`
	Plan       string `json:"plan" check:"max=128" doc:"The hash of the plan that was shown; without it any plan is carried out."`
	Running    int    `json:"running" check:"min=0;max=1000000000" doc:"The generation that ran when that plan was made; if another one runs, nothing is done."`
	Write      bool   `json:"write" doc:"Also write its text into the runbook's file, so that the next start runs it. It is then applied with today's files and variables. Without it the file stays, and the next start undoes the rollback."`
	Base       string `json:"base" check:"max=64" doc:"With write: the hash of the file that was shown; if the file differs, nothing is done. Empty: overwrite whatever the file says."`
}

func (in RollbackInput) target() string {
	if in.Write {
		return fmt.Sprintf("generation %d into the runbook's file", in.Generation)
	}
	return fmt.Sprint("generation ", in.Generation)
}

func rollback(c *Call, in RollbackInput) (Applied, error) {
	if in.Write {
		return c.rollbackFile(in)
	}
	before := c.Server.o.App.Running.Status().Generation
	a, err := c.Server.o.App.Changer.Rollback(c.Server.ctx, status.RollbackRequest{
		Generation: in.Generation, Hash: in.Plan, Running: in.Running, Origin: c.origin(), Gone: c.Context().Done(),
	}, func(step string) { c.Log().Info("rollback", "step", step) })
	c.Changed(map[string]int{"generation": before}, map[string]any{"generation": a.Generation, "ok": a.OK, "rolled_back": a.RolledBack, "fetched": a.Fetched})
	if err != nil {
		return Applied{}, c.Server.hideFolder(err)
	}
	out := Applied{Applied: a}
	if text, err := c.Server.readRunbook(); err == nil {
		out.Hash = language.TextHash(text)
	}
	if a.OK {
		out.Note = "The runbook's file was not changed: the next start reads it and undoes this rollback."
	}
	return out, nil
}

// rollbackFile applies the text of a kept generation like any other text, and writes it into the file.
func (c *Call) rollbackFile(in RollbackInput) (Applied, error) {
	r, err := c.former(in.Generation)
	if err != nil {
		return Applied{}, err
	}
	return c.change(core.Change{
		ApplyRequest: status.ApplyRequest{PlanRequest: r, Hash: in.Plan},
		Begin: func() error {
			if now := c.Server.o.App.Running.Status().Generation; in.Running != 0 && in.Running != now {
				return &status.Refusal{Code: status.Changed, Message: fmt.Sprintf("generation %d runs now", now), Hint: "look at the plan again"}
			}
			if in.Base == "" {
				return nil
			}
			return c.Server.unchanged(in.Base)
		},
	}, nil)
}

// former returns a request for the text of a kept generation; 0 is the preceding one.
func (c *Call) former(generation int) (status.PlanRequest, error) {
	r := c.request()
	if r.Of = generation; generation != 0 {
		return r, nil
	}
	list, err := c.Server.o.App.Generations.Generations()
	if err == nil {
		r.Of, err = status.Before(list, c.Server.o.App.Running.Status().Generation)
	}
	return r, err
}
