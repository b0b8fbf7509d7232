package main

import (
	"context"
	"fmt"
	"path/filepath"

	"orac/appliance/generation"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/runbook"
	"orac/web/audit"
)

// record notes in the audit log, in advance, that a start changes what is in force: permissions may change with it. A start
// that changes nothing leaves no record. ended records the outcome.
func (s *service) record(ctx context.Context, c choice) (ended func(error), err error) {
	same, number := false, 0
	err = live.New(nil).Run(ctx, "in force", func(t *rt.Task) error {
		kept, err := generation.Open(t, s.options.State.FS)
		if err != nil {
			return err
		}
		if number, err = kept.Current(t); err != nil {
			number = 0 // unknown; the record says so
		}
		same = kept.IsInForce(t, c.runbook.Inputs())
		return nil
	})
	if err == nil && same {
		return func(error) {}, nil
	}
	r := audit.Record{
		Who: "unix:" + userName(), Way: "start", Action: "runbook.start", Target: filepath.Base(c.runbook.File), Outcome: audit.Attempt,
		Before: map[string]any{"generation": number}, After: inForce(c.runbook),
	}
	if err := s.web.audit.Append(r); err != nil {
		return func(error) {}, fmt.Errorf("cannot write to the audit log what this start changes: %w; check the disk of the state directory", err)
	}
	return func(err error) {
		if r.Outcome = audit.Done; err != nil {
			r.Outcome, r.Why = audit.Failed, err.Error()
		}
		_ = s.web.audit.Append(r) // the attempt is on record already
	}, nil
}

// inForce is what a record says about a runbook: the hash of its text, and who may do what under
// it.
func inForce(rb *runbook.Runbook) map[string]any {
	people := map[string]string{}
	for _, u := range rb.Users {
		people[u.Name] = u.Role
	}
	out := map[string]any{"source": rb.Inputs().Source, "users": people}
	if rb.Web.TrustAdmins {
		out["trust_admins"] = true
	}
	return out
}
