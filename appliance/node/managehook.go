package node

import (
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

func (n *Webhook) manage(t *rt.Task, r ManageHook) { n.courier.manage(t, r, n.Hook, n.Age) }

// Queue is what people see of a box.
type Queue interface {
	Items() []*outbox.Item
	Asides(*rt.Task) ([]outbox.Aside, error)
}

// Queued lists the events of a webhook for a person: those that wait, then those that were set
// aside.
func Queued(t *rt.Task, box Queue, hook string) ([]status.Waits, error) {
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
