package core

import (
	"errors"
	"time"

	"orac/appliance/node"
	"orac/appliance/reconcile"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/utterance"
)

// spoolPatience is how long to wait for the spool: it may be in the middle of a write to a slow disk.
const spoolPatience = 4 * time.Second

// ManageSpool asks the spool for something. An error that is not a *status.Refusal comes from the
// disk.
func (c *Core) ManageSpool(t *rt.Task, r status.SpoolRequest) (status.SpoolAnswer, error) {
	switch r.Do {
	case status.SpoolList:
	case status.SpoolRetry, status.SpoolDrop, status.SpoolSound:
		if !utterance.IsID(r.ID) {
			return status.SpoolAnswer{}, &status.Refusal{Code: status.Invalid, Message: "that is not the ID of an utterance", Hint: "To see what is there: orac spool list"}
		}
	default:
		return status.SpoolAnswer{}, &status.Refusal{Code: status.Invalid, Message: "the spool only knows list, retry, drop and sound"}
	}
	until := t.Now().Add(spoolPatience)
	if node.IsEvent(r.ID) {
		return c.manageHooks(t, until, r)
	}
	sp := c.spoolNode()
	if sp == nil && r.Do == status.SpoolList {
		return c.manageHooks(t, until, r)
	}
	if sp == nil {
		return status.SpoolAnswer{}, &status.Refusal{Code: status.Unknown, Message: "there is no spool: the runbook delivers to no service"}
	}
	a, err := asked(t, until, sp.Requests, func(to *rt.Mailbox[node.Managed]) node.Request { return node.Manage{SpoolRequest: r, Reply: to} })
	if err == nil && r.Do == status.SpoolList {
		hooks, herr := c.manageHooks(t, until, r)
		a.Events, err = hooks.Events, herr
	}
	return a, err
}

// asked asks a node that owns data on the disk.
func asked[R any](t *rt.Task, until rt.Instant, of *rt.Mailbox[R], ask func(*rt.Mailbox[node.Managed]) R) (status.SpoolAnswer, error) {
	reply := rt.NewMailbox[node.Managed]("reply", 1)
	if !of.TrySend(t, ask(reply)) {
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

// manageHooks asks the queues of webhooks and Cores: all of them for a list; otherwise one after the other, until one has the event. Removed webhooks
// come last.
func (c *Core) manageHooks(t *rt.Task, until rt.Instant, r status.SpoolRequest) (all status.SpoolAnswer, err error) {
	if r.Do != status.SpoolList {
		err = node.UnknownID(r.ID)
	}
	for _, v := range c.runner.Views() {
		var requests *rt.Mailbox[node.ManageHook]
		switch n := v.code.(type) {
		case *node.Webhook:
			requests = n.Requests
		case *node.Forward:
			requests = n.Requests
		}
		if requests == nil || v.State == reconcile.Leaked {
			continue
		}
		a, herr := asked(t, until, requests, func(to *rt.Mailbox[node.Managed]) node.ManageHook { return node.ManageHook{SpoolRequest: r, Reply: to} })
		refused, _ := errors.AsType[*status.Refusal](herr)
		switch {
		case r.Do == status.SpoolList && herr != nil:
			return all, herr
		case r.Do == status.SpoolList:
			all.Events = append(all.Events, a.Events...)
		case refused == nil || refused.Code != status.Unknown:
			return a, herr
		}
	}
	a, rerr := c.removed.ask(t, until, r)
	refused, _ := errors.AsType[*status.Refusal](rerr)
	switch {
	case r.Do == status.SpoolList:
		all.Events = append(all.Events, a.Events...)
		return all, rerr
	case refused == nil || refused.Code != status.Unknown:
		return a, rerr
	}
	return all, err
}

var busySpool = &status.Refusal{Code: status.Busy, Message: "the spool does not answer: the disk may be slow, or the spool is restarting", Hint: "Check whether it was done: orac spool list"}

// spoolNode is the spool that runs; nil if there is none.
func (c *Core) spoolNode() *node.Spool {
	for _, v := range c.runner.Views() {
		if sp, ok := v.code.(*node.Spool); ok && v.State != reconcile.Leaked {
			return sp
		}
	}
	return nil
}
