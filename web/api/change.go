package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"orac/appliance/core"
	"orac/appliance/statedir"
	"orac/appliance/status"
	"orac/runbook/edit"
	"orac/runbook/language"
)

// Changer changes what runs. A *status.Refusal reaches the caller with its code and hint.
type Changer interface {
	// Request returns how the runbook is applied: its file and variables. The caller adds the origin.
	Request() status.PlanRequest
	// Change carries out a plan completely or not at all, with everything that belongs to it. It calls progress, which does not
	// block, with each step. One that was rolled back is not an error: the result says so. ctx ends with the appliance, not with
	// the client.
	Change(ctx context.Context, c core.Change, progress func(step string)) (status.Applied, error)
	// Rollback returns to a kept generation. progress and ctx are as in Change.
	Rollback(ctx context.Context, r status.RollbackRequest, progress func(step string)) (status.Applied, error)
}

// request returns how the runbook's file is applied, with the caller as origin.
func (c *Call) request() status.PlanRequest {
	r := c.Server.o.App.Changer.Request()
	r.Origin, r.Gone = c.origin(), c.Context().Done()
	return r
}

// origin returns the caller as a user of the network.
func (c *Call) origin() status.Origin { return status.OnNetwork(c.Who.Subject()) }

// Applied is the result of a change.
type Applied struct {
	status.Applied
	Saved bool   `json:"saved" doc:"Whether the runbook's file holds the text that runs."`
	Note  string `json:"note,omitempty"`
	Hash  string `json:"hash" doc:"Hash of the file as it is now."`
}

// change changes what runs, and writes the text into the runbook's file if it proves good. Everything that belongs to it happens
// while nobody else changes anything: see core.Change. changes is what the audit record shows if only one thing changes.
func (c *Call) change(change core.Change, changes any) (out Applied, err error) {
	s := c.Server
	file := s.o.App.Changer.Request().File
	if c.Targeted() == "" {
		c.Target(filepath.Base(file))
	}
	was, err := s.readRunbook()
	if err != nil {
		return out, err
	}
	before := map[string]any{"generation": s.o.App.Running.Status().Generation, "source": language.TextHash(was)}
	if revise := change.Edit; revise != nil {
		change.Edit = func(text string) (string, error) {
			was = text
			fresh, err := revise(text)
			if err != nil {
				return "", err
			}
			return string(edit.KeepFormat([]byte(text), []byte(fresh))), nil // orac fmt --check must still accept the file
		}
	}
	begin := change.Begin
	change.Begin = func() error { // nobody else changes anything now, including users and roles
		if err := c.stands(); err != nil || begin == nil {
			return err
		}
		return begin()
	}
	kept, applied := change.Kept, was
	change.Kept = func(text string, a *status.Applied) {
		applied = text
		out.save(c, file, was, text)
		if kept != nil {
			kept(text, a)
		}
	}
	out.Hash = language.TextHash(was)
	change.Timeout = applyTime
	out.Applied, err = s.o.App.Changer.Change(s.ctx, change, func(step string) { c.Log().Info("apply", "step", step) })
	if err != nil {
		return out, s.hideFolder(err)
	}
	after := map[string]any{"generation": out.Generation, "source": language.TextHash(applied), "ok": out.OK, "rolled_back": out.RolledBack, "saved": out.Saved, "fetched": out.Fetched}
	if changes != nil {
		after = map[string]any{"result": after, "changes": changes}
	}
	c.Changed(before, after)
	return out, nil
}

// save writes the running text into the runbook's file, unless the file already says so or somebody has changed it
// meanwhile.
func (out *Applied) save(c *Call, file, was, text string) {
	now, err := c.Server.readRunbook()
	switch {
	case err == nil && now == text:
	case err == nil && now != was:
		out.Note, out.Hash = "Somebody else changed the file meanwhile, so it was not overwritten. Your text runs.", language.TextHash(now)
		return
	case err == nil:
		var inPlace bool
		if inPlace, err = statedir.Replace(file, []byte(text)); inPlace && err == nil {
			out.Note = "The file was overwritten in place, because it could not be replaced: it is a mount of its own, or its folder is read-only."
		}
	}
	if err != nil {
		c.Log().Error("cannot write the runbook's file: what runs differs from it", "cause", err)
		out.Note = fmt.Sprintf("The file cannot be written (%s). Your text runs until the next start.", reason(err))
		return
	}
	out.Saved, out.Hash = true, language.TextHash(text)
}

// reason returns an error of the file system without paths, which not everybody may see.
func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	if l, ok := errors.AsType[*os.LinkError](err); ok {
		return l.Err.Error()
	}
	return "see the log"
}

// edit changes one thing: it edits the text of the runbook's file, which must be the running one, and applies
// the result.
func (c *Call) edit(change core.Change, changes any, revise func(text string) (string, error)) (Applied, error) {
	change.PlanRequest, change.Edit = c.request(), revise
	return c.change(change, changes)
}

// hideFolder removes the folder of the runbook's file from a refusal, and keeps its name.
func (s *Server) hideFolder(err error) error {
	var r *status.Refusal
	if !errors.As(err, &r) {
		return err
	}
	folder := filepath.Dir(s.o.App.Changer.Request().File) + string(filepath.Separator)
	hidden := *r
	for _, text := range []*string{&hidden.Message, &hidden.Detail, &hidden.Hint} {
		*text = strings.ReplaceAll(*text, folder, "")
	}
	return &hidden
}
