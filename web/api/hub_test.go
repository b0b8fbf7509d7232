package api

import (
	"testing"

	"orac/appliance/event"
)

// TestWhoWantsNothingCostsOthersNothing: streams that want the same share what is made for them; all kinds and none are not the same.
func TestWhoWantsNothingCostsOthersNothing(t *testing.T) {
	for range 50 { // streams are gone through in no order
		hub := NewHub()
		none, all := hub.Open([]string{}, 0), hub.Open(nil, 0)
		hub.Publish(event.Event{Node: "trigger.kitchen", Body: event.Wake{Model: "hey_jarvis"}})
		if len(all.C) != 1 || len(none.C) != 0 {
			t.Fatalf("who wants all has %d, who wants none %d", len(all.C), len(none.C))
		}
	}
}
