package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"orac/appliance/statedir"
	"orac/appliance/status"
	"orac/web/audit"
	"orac/web/members"
)

// Audited is a daemon that records its changes: their author is the one noted by audit.By. A change is refused if its record
// cannot be written.
type Audited struct {
	Daemon
	Log    *audit.Log
	House  House           // zero: nobody joins
	Centre *members.Centre // of the house; nil: it has no members
}

// Apply implements Daemon.
func (a Audited) Apply(ctx context.Context, r status.ApplyRequest, progress func(string)) (status.Applied, error) {
	action, target := "runbook.apply", r.File
	if r.Of != 0 { // a rollback that also writes its text into the file
		action, target = "runbook.rollback", fmt.Sprintf("generation %d into %s", r.Of, r.File)
	}
	return a.record(ctx, action, target, func() (status.Applied, error) { return a.Daemon.Apply(ctx, r, progress) })
}

// Rollback implements Daemon.
func (a Audited) Rollback(ctx context.Context, r status.RollbackRequest, progress func(string)) (status.Applied, error) {
	return a.record(ctx, "runbook.rollback", fmt.Sprint("generation ", r.Generation), func() (status.Applied, error) {
		return a.Daemon.Rollback(ctx, r, progress)
	})
}

// Spool implements Daemon. Listing is not recorded.
func (a Audited) Spool(ctx context.Context, r status.SpoolRequest) (status.SpoolAnswer, error) {
	if r.Do == status.SpoolList {
		return a.Daemon.Spool(ctx, r)
	}
	note := audit.Record{Action: spoolActions[r.Do], Target: r.ID}
	if note.Action == "" {
		return a.Daemon.Spool(ctx, r) // it refuses unknown actions
	}
	ended, err := a.begin(ctx, &note)
	if err != nil {
		return status.SpoolAnswer{}, err
	}
	done, err := a.Daemon.Spool(ctx, r)
	ended(err)
	return done, err
}

// spoolActions are the names of actions on utterances in the audit log.
var spoolActions = map[string]string{status.SpoolRetry: "utterance.retry", status.SpoolDrop: "utterance.drop", status.SpoolSound: "utterance.listen"}

// begin records that something is about to be done, and refuses it if the record cannot be written. ended records the outcome.
func (a Audited) begin(ctx context.Context, r *audit.Record) (ended func(error), err error) {
	r.Who, r.Way = audit.Who(ctx)
	note, err := a.Log.Begin(r)
	if err != nil {
		return nil, &status.Refusal{Code: failed, Message: err.Error(), Hint: "nothing was changed; check the disk of the state directory"}
	}
	return func(err error) { _ = note(err) }, nil // the attempt is already recorded
}

func (a Audited) record(ctx context.Context, action, target string, do func() (status.Applied, error)) (status.Applied, error) {
	r := audit.Record{Action: action, Target: target, Before: map[string]int{"generation": a.Status().Generation}}
	ended, err := a.begin(ctx, &r)
	if err != nil {
		return status.Applied{}, err
	}
	applied, err := do()
	after := map[string]any{"generation": applied.Generation, "ok": applied.OK, "rolled_back": applied.RolledBack}
	if len(applied.Fetched) > 0 {
		after["fetched"] = applied.Fetched
	}
	r.After = after
	if err == nil && !applied.OK {
		ended(errors.New(applied.Why))
	} else {
		ended(err)
	}
	return applied, err
}

// by returns the context of a change, with the user at the other end of the request.
func (h *handler) by(r *http.Request) context.Context {
	if o := origin(r); o.Trusted() {
		return audit.By(h.ctx, o.Who(), "socket")
	}
	return h.ctx
}

// origin returns the user at the other end of a request, whom the socket has let in: ORAC's user or root. A request that did
// not come through a socket has no origin.
func origin(r *http.Request) status.Origin {
	p, ok := r.Context().Value(peerKey{}).(*peer)
	if !ok {
		return status.Origin{}
	}
	return status.OnMachine("unix:" + statedir.UserName(int(p.user)))
}
