package sim

import (
	"slices"
	"testing"

	"orac/appliance/event"
	"orac/appliance/event/eventtest"
)

// TestTheModelsExpectWhatTheTableSays: what the simulator demands of the history and of webhooks for a kind of event is something
// that the table promises of it.
func TestTheModelsExpectWhatTheTableSays(t *testing.T) {
	entries, dues := 0, 0
	for _, e := range slices.Concat(eventtest.All(true), eventtest.All(false)) {
		k := event.Of(e.Body)
		if n := len(written(e.Body)); n > 0 {
			if entries++; !k.Kept {
				t.Errorf("%s: the history must have %d entries, and the table says that it keeps none", k.Name, n)
			}
		}
		a := &account{untold: map[string]int{}}
		a.expect(0, e)
		for _, d := range a.dues {
			if dues++; !slices.Contains(k.Hooks, d.kind) {
				t.Errorf("%s: webhooks must be told of %s, and the table says %v", k.Name, d.kind, k.Hooks)
			}
		}
	}
	if entries < 6 || dues < 6 {
		t.Errorf("only %d entries and %d events are demanded", entries, dues)
	}
}
