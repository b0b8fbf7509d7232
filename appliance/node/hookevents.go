package node

import (
	"orac/appliance/amount"
	"orac/appliance/event"
	"orac/runbook/hook"
)

// translator makes the events of webhooks from the events of nodes.
type translator struct {
	told map[string]bool // by event.Notice.First
}

// maxTold bounds what a translator remembers.
const maxTold = 1000

func (r *translator) start() { r.told = map[string]bool{} }

func (r *translator) wake(w Wake) hook.Event {
	return &hook.Wake{
		Head: hook.About(w.At, w.Device, w.Listener), Wake: w.ID, Model: w.Model, WakeWord: w.WakeWord, Topic: w.Topic,
		Score: amount.Decimal(w.Score), Threshold: amount.Decimal(w.Threshold), Scores: w.Scores, MultiTrigger: w.Multi,
	}
}

// news are the webhook events that follow from an event of a node.
func (r *translator) news(e event.Event) []hook.Event {
	n := e.Notice()
	delete(r.told, n.Over)
	if n.First == "" {
		return n.Events
	}
	if r.told[n.First] {
		return nil
	}
	if len(r.told) >= maxTold {
		r.start()
	}
	r.told[n.First] = true
	return n.Events
}
