package appliance

import (
	"context"
	"errors"
	"time"

	"orac/appliance/node"
	"orac/appliance/reconcile"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/utterance"
)

// spoolPatience is how long the spool is waited for: it may be in the middle of a write to a slow disk.
const spoolPatience = 4 * time.Second

// ManageSpool asks something of the spool. An error that is no *status.Refusal is the disk's.
func (c *Core) ManageSpool(t *rt.Task, r status.SpoolRequest) (status.SpoolAnswer, error) {
	switch r.Do {
	case status.SpoolList:
	case status.SpoolRetry, status.SpoolDrop, status.SpoolSound:
		if !utterance.IsID(r.ID) {
			return status.SpoolAnswer{}, &status.Refusal{Code: status.Invalid, Message: "that is no ID of an utterance", Hint: "To see what is there: orac spool list"}
		}
	default:
		return status.SpoolAnswer{}, &status.Refusal{Code: status.Invalid, Message: "the spool can be asked for list, retry, drop and sound"}
	}
	sp := c.spoolNode()
	if sp == nil {
		return status.SpoolAnswer{}, &status.Refusal{Code: status.Unknown, Message: "there is no spool: the runbook delivers to no service"}
	}
	until := t.Now().Add(spoolPatience)
	reply := rt.NewMailbox[node.Managed]("reply", 1)
	if !sp.Requests.TrySend(t, node.Manage{SpoolRequest: r, Reply: reply}) {
		return status.SpoolAnswer{}, busySpool
	}
	m, err := reply.Recv(t, until)
	if errors.Is(err, rt.ErrTimeout) {
		return status.SpoolAnswer{}, busySpool
	}
	if err != nil {
		return status.SpoolAnswer{}, err
	}
	return m.SpoolAnswer, m.Err
}

var busySpool = &status.Refusal{Code: status.Busy, Message: "the spool does not answer: the disk may be slow, or it is being started again", Hint: "Look whether it was done: orac spool list"}

// spoolNode is the spool that runs; nil if there is none.
func (c *Core) spoolNode() *node.Spool {
	for _, v := range c.runner.Views() {
		if sp, ok := v.code.(*node.Spool); ok && v.State != reconcile.Leaked {
			return sp
		}
	}
	return nil
}

// Spool implements control.Daemon.
func (d *Daemon) Spool(ctx context.Context, r status.SpoolRequest) (a status.SpoolAnswer, err error) {
	err = d.do(ctx, "spool", func(t *rt.Task) (err error) {
		a, err = d.core.ManageSpool(t, r)
		return err
	})
	return a, err
}
