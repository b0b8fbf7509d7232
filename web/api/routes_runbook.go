package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"orac/appliance"
	"orac/appliance/statedir"
	"orac/appliance/status"
	"orac/runbook"
)

// runbookText is the runbook's file as it is now.
type runbookText struct {
	File    string `json:"file" doc:"Its name, without the folder."`
	Source  string `json:"source"`
	Hash    string `json:"hash" doc:"SHA-256 of source: base of an edit."`
	Applied bool   `json:"applied" doc:"Whether what runs is this text, or one that an apply of this text would leave as it is."`
}

func getRunbook(c *Call, _ none) (runbookText, error) {
	text, err := c.Server.readRunbook()
	if err != nil {
		return runbookText{}, err
	}
	out := runbookText{File: filepath.Base(c.Server.o.App.Request().File), Source: text, Hash: hashText(text)}
	if out.Applied = c.Server.o.App.Runbook().Inputs().Source == out.Hash; !out.Applied {
		out.Applied = c.Server.runsAlready(text)
	}
	return out, nil
}

// runsAlready tells whether applying a text would change nothing that runs: its comments are others, or a block that nothing names.
func (s *Server) runsAlready(text string) bool {
	rb, problems := s.o.App.Check(text)
	if rb == nil || problems.HasErrors() {
		return false
	}
	g, err := appliance.Compile(rb)
	return err == nil && !appliance.Plan(s.o.App.Graph(), g).Changes
}

// readRunbook gives the text of the runbook's file; its error is a problem.
func (s *Server) readRunbook() (string, error) {
	text, err := readText(s.o.App.Request().File)
	if err != nil {
		return "", because(Unavailable, err, "The runbook's file cannot be read.")
	}
	return text, nil
}

func readText(path string) (string, error) {
	f, _, err := statedir.Regular(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, runbook.MaxFileSize+1))
	if err == nil && len(text) > runbook.MaxFileSize {
		err = errors.New("it is too large")
	}
	return string(text), err
}

func hashText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func getSchema(*Call, none) (json.RawMessage, error) { return runbook.JSONSchema(), nil }

type sourceInput struct {
	Source string `json:"source" check:"required;max=262144;lines"`
}

// finding is a problem of a runbook with its place.
type finding struct {
	Severity string `json:"severity" doc:"error or warning"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail,omitempty"`
	Block    string `json:"block,omitempty"`
	Line     int    `json:"line" doc:"From 1 on; 0 without a place."`
	Column   int    `json:"column"`
	EndLine  int    `json:"end_line"`
	EndCol   int    `json:"end_column"`
}

type findings struct {
	OK       bool      `json:"ok" doc:"Whether it could be applied."`
	Problems []finding `json:"problems"`
}

func validateRunbook(c *Call, in sourceInput) (findings, error) {
	rb, problems := c.Server.o.App.Check(in.Source)
	out := findings{OK: rb != nil && !problems.HasErrors(), Problems: []finding{}}
	for _, p := range problems {
		severity := "error"
		if p.Severity == runbook.Warning {
			severity = "warning"
		}
		out.Problems = append(out.Problems, finding{
			severity, p.Summary, p.Detail, string(p.Address), p.Subject.Start.Line, p.Subject.Start.Column, p.Subject.End.Line, p.Subject.End.Column,
		})
	}
	return out, nil
}

func planRunbook(c *Call, in sourceInput) (status.Plan, error) {
	return c.Server.plan(c, in.Source)
}

func (s *Server) plan(c *Call, source string) (status.Plan, error) {
	if err := s.reaches(source); err != nil {
		return status.Plan{}, err
	}
	r := s.o.App.Request()
	r.Source = source
	p, err := s.o.App.Plan(c.Context(), r)
	return s.hidePaths(p), s.hideFolder(err)
}

// hideFolder leaves the name of the runbook's file of what a refusal says, without its folder.
func (s *Server) hideFolder(err error) error {
	var r *status.Refusal
	if !errors.As(err, &r) {
		return err
	}
	folder := filepath.Dir(s.o.App.Request().File) + string(filepath.Separator)
	hidden := *r
	for _, text := range []*string{&hidden.Message, &hidden.Detail, &hidden.Hint} {
		*text = strings.ReplaceAll(*text, folder, "")
	}
	return &hidden
}

// hidePaths leaves the names of files of a plan, without their folders.
func (s *Server) hidePaths(p status.Plan) status.Plan {
	p.Runbook = filepath.Base(p.Runbook)
	for i := range p.Components {
		for j, a := range p.Components[i].Because {
			p.Components[i].Because[j].File = filepath.Base(a.File)
		}
	}
	return p
}

type applyInput struct {
	Source string `json:"source" check:"required;max=262144;lines"`
	Base   string `json:"base" check:"required;pattern=hash" doc:"hash of the text that the edit began with."`
	Plan   string `json:"plan" check:"required;max=128" doc:"hash of the plan that was shown."`
}

// applied is how an apply ended.
type applied struct {
	status.Applied
	Saved bool   `json:"saved" doc:"Whether the runbook's file is the text that runs."`
	Note  string `json:"note,omitempty"`
	Hash  string `json:"hash" doc:"Of the file as it is now."`
}

// applyTime is how long an apply over the API may take, the health gate included.
const applyTime = 10 * time.Minute

func applyRunbook(c *Call, in applyInput) (applied, error) {
	return c.Server.apply(c, in)
}

// apply applies a text and, when it is good, writes it into the runbook's file, unless somebody else has written there meanwhile.
func (s *Server) apply(c *Call, in applyInput) (out applied, err error) {
	c.target = filepath.Base(s.o.App.Request().File)
	if err := s.unchanged(in.Base); err != nil {
		return out, err
	}
	if err := s.reaches(in.Source); err != nil {
		return out, err
	}
	before := map[string]any{"generation": s.o.App.Status().Generation, "source": in.Base}
	r := s.o.App.Request()
	r.Source = in.Source
	out.Applied, err = s.o.App.Apply(s.ctx, status.ApplyRequest{PlanRequest: r, Hash: in.Plan, Timeout: applyTime}, func(step string) {
		c.Log().Info("apply", "step", step)
	})
	if err != nil {
		return out, s.hideFolder(err)
	}
	out.Hash = in.Base
	if out.OK {
		if err := s.unchanged(in.Base); err != nil {
			out.Note = "The file was changed by somebody else meanwhile and is left as it is; what runs is your text."
		} else if err := writeFile(r.File, in.Source); err != nil {
			c.Log().Error("the runbook's file cannot be written; what runs is not what it says", "cause", err)
			out.Note = "The file cannot be written; what runs is your text, until the next start."
		} else {
			out.Saved, out.Hash = true, hashText(in.Source)
		}
	}
	c.Changed(before, map[string]any{"generation": out.Generation, "source": hashText(in.Source), "ok": out.OK, "rolled_back": out.RolledBack, "saved": out.Saved})
	return out, nil
}

// unchanged tells whether the runbook's file is still the one with a hash.
func (s *Server) unchanged(base string) error {
	text, err := s.readRunbook()
	if err != nil {
		return err
	}
	if hashText(text) != base {
		return Fail(Conflict, "The runbook's file was changed by somebody else. Nothing was changed.")
	}
	return nil
}

// writeFile replaces a file, whole or not at all; its mode stays.
func writeFile(path, text string) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a link stays a link
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".orac-*.hcl")
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, text)
	if err == nil {
		err = f.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // best effort: it is a temporary file
	}
	return err
}

func getGenerations(c *Call, _ none) ([]status.Generation, error) {
	list, err := c.Server.o.App.Generations()
	for i := range list {
		list[i].Runbook = filepath.Base(list[i].Runbook)
	}
	return notNil(list), err
}

type rollbackInput struct {
	Generation int    `json:"generation" check:"required;min=0;max=1000000000" doc:"0 is the one before."`
	Plan       string `json:"plan" check:"max=128" doc:"hash of the plan that was shown; without it whatever has to be done is."`
	Running    int    `json:"running" check:"min=0;max=1000000000" doc:"The generation that ran when that plan was made; with another nothing is done."`
}

func (in rollbackInput) target() string { return fmt.Sprint("generation ", in.Generation) }

func rollback(c *Call, in rollbackInput) (status.Applied, error) {
	before := c.Server.o.App.Status().Generation
	if in.Running > 0 && in.Running != before {
		return status.Applied{}, Fail(PlanChanged, "Generation %d runs by now.", before)
	}
	if err := c.Server.returns(in.Generation); err != nil {
		return status.Applied{}, err
	}
	a, err := c.Server.o.App.RollbackPlanned(c.Server.ctx, in.Generation, in.Plan, func(step string) { c.Log().Info("rollback", "step", step) })
	c.Changed(map[string]int{"generation": before}, map[string]any{"generation": a.Generation, "ok": a.OK, "rolled_back": a.RolledBack})
	return a, err
}
