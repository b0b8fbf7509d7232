package node

import (
	"errors"
	"strings"

	"orac/appliance/outbox"
	"orac/appliance/rt"
	"orac/appliance/status"
)

// ManageHook asks, for a person, what waits for a webhook, or does something with one event.
type ManageHook struct {
	status.SpoolRequest
	Reply *rt.Mailbox[Managed]
}

func (n *Webhook) manage(t *rt.Task, r ManageHook, under *outbox.Item) {
	var m Managed
	switch r.Do {
	case status.SpoolList:
		m.Events, m.Err = Queued(t, n.box, n.Hook)
	case status.SpoolRetry:
		p, known := n.Age.now(t)
		m.Err = n.box.Again(t, r.ID, p, known)
		n.retries.gone = n.retries.gone && m.Err != nil // a person wants it sent
	case status.SpoolDrop:
		if under != nil && under.ID == r.ID {
			m.Err = &status.Refusal{Code: status.Busy, Message: "event " + r.ID + " is on its way to the webhook", Hint: "Check whether it was accepted: orac spool list"}
			break
		}
		m.Err = n.box.Drop(t, r.ID)
	case status.SpoolSound:
		m.Err = outbox.ErrUnknown // an event has no sound
	}
	if errors.Is(m.Err, outbox.ErrUnknown) {
		m.Err = UnknownID(r.ID)
	}
	if m.Err == nil && r.Do != status.SpoolList {
		t.Trace("person: " + r.Do)
	}
	r.Reply.TrySend(t, m)
}

// Queued lists the events of a webhook for a person: those that wait, then those that were set
// aside.
func Queued(t *rt.Task, box *outbox.HookBox, hook string) ([]status.Waits, error) {
	var list []status.Waits
	for _, i := range box.Items() {
		list = append(list, status.Waits{ID: i.ID, Webhook: hook, Type: i.Kind, Sequence: i.Seq, State: "waiting"})
	}
	asides, err := box.Asides(t)
	for _, a := range asides {
		list = append(list, status.Waits{ID: a.ID, Webhook: hook, Type: a.Kind, Sequence: a.Seq, State: "refused", Cause: a.Cause, Aside: a.At})
	}
	return list, err
}

// IsEvent tells the ID of an event from the ID of an utterance.
func IsEvent(id string) bool { return strings.HasPrefix(id, "evt-") }
