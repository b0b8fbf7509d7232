package node

import (
	"errors"
	"slices"

	"orac/appliance/amount"
	"orac/appliance/event"
	"orac/appliance/notify"
	"orac/appliance/rt"
)

// Webhook tells another program of detections. It stands beside the way from sound to delivery: while it is slow,
// detections wait in its mailbox, and the oldest goes when that is full.
type Webhook struct {
	Name   string // address of the node
	Hook   string
	Config *rt.Cell[WebhookConfig]
	In     *rt.Mailbox[Wake]
	Events Events
}

// WebhookConfig are the settings of a webhook.
type WebhookConfig struct {
	Client notify.Hook
	Models []string // whose detections it tells
}

// Update implements Updater.
func (n *Webhook) Update(fresh Node) { n.Config.Take(fresh.(*Webhook).Config) }

// Run implements Node.
func (n *Webhook) Run(t *rt.Task) error {
	for {
		w, err := n.In.Recv(t, rt.Never)
		if err != nil {
			return over(err)
		}
		config := n.Config.Get()
		if !slices.Contains(config.Models, w.Model) {
			continue
		}
		err = config.Client.Fire(t, notify.Firing{
			WakeWord: w.WakeWord, Model: w.Model, Score: amount.Decimal(w.Score), Threshold: amount.Decimal(w.Threshold),
			At: w.At, AllScores: w.Scores, MultiTrigger: w.Multi,
		})
		if errors.Is(err, rt.ErrStopped) {
			return err
		}
		t.Trace("webhook", flag(err == nil))
		if err != nil {
			say(t, n.Events, n.Name, event.WebhookFailed{Webhook: n.Hook, Wake: w.ID, Cause: err.Error()})
		}
	}
}
