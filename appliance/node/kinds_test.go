package node

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"orac/appliance/event"
	"orac/appliance/event/eventtest"
	"orac/appliance/provenclock"
	"orac/appliance/record"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/runbook/hook"
)

// TestEveryKindBecomesItsWebhookEvents: webhooks are told what the table says. A webhook is told of a wake by the trigger itself.
func TestEveryKindBecomesItsWebhookEvents(t *testing.T) {
	r := &translator{}
	r.start()
	told := map[string]map[string]bool{"wake": {hook.KindOf(r.wake(Wake{})).Name: true}}
	for _, e := range slices.Concat(eventtest.All(true), eventtest.All(false)) {
		kind := e.Body.Kind()
		for _, h := range r.news(e) {
			if told[kind] == nil {
				told[kind] = map[string]bool{}
			}
			told[kind][hook.KindOf(h).Name] = true
		}
	}
	for _, k := range event.Kinds {
		if d := cmp.Diff(slices.Sorted(maps.Keys(told[k.Name])), slices.Sorted(slices.Values(k.Hooks))); d != "" {
			t.Errorf("%s becomes (-told +table):\n%s", k.Name, d)
		}
	}
}

// counted is a history that counts its rows.
type counted struct{ rows int }

func (c *counted) AddDetection(record.Detection) error                    { c.rows++; return nil }
func (c *counted) SaveUtterance(record.Utterance) error                   { c.rows++; return nil }
func (c *counted) SaveCommand(record.Command) error                       { c.rows++; return nil }
func (c *counted) AddMute(record.Mute) error                              { c.rows++; return nil }
func (c *counted) SaveDelivery(record.Delivery, *record.Transcript) error { c.rows++; return nil }
func (c *counted) Prune(provenclock.Point, bool, time.Duration, int) (int, error) {
	return 0, nil
}

// TestTheHistoryKeepsTheKindsThatTheTableSays, and no others.
func TestTheHistoryKeepsTheKindsThatTheTableSays(t *testing.T) {
	d := virtual.New(1, time.Unix(0, 0), nil)
	defer d.Close()
	rt.New(d, "test", func(k *rt.Task) error {
		no := eventtest.All(false)
		for i, e := range eventtest.All(true) {
			book := &counted{}
			(&History{Book: book}).take(k, e)
			(&History{Book: book}).take(k, no[i]) // a kind may be kept in one case alone: see Served.Busy
			if kept := book.rows > 0; kept != event.Of(e.Body).Kept {
				t.Errorf("%s: %d rows are written, and the table says kept: %v", e.Body.Kind(), book.rows, !kept)
			}
		}
		return nil
	})
	d.Run(rt.Instant(time.Second))
}
