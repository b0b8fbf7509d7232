package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"orac/appliance/record"
	"orac/runbook/testkit"
)

func muteNo(n int) record.Mute {
	return record.Mute{At: noon.Add(time.Duration(n) * time.Second), Listener: fmt.Sprint("l", n), Muted: true, By: "user:anna"}
}

// TestMutes: a mute, the end that somebody made and the end of its time are three rows, once each however often they are written.
func TestMutes(t *testing.T) {
	s := newStore(t)
	for range 2 {
		for _, m := range []record.Mute{
			{At: noon, Muted: true, By: "user:anna", Until: noon.Add(time.Hour)},
			{At: noon, Listener: "kitchen", Muted: true, By: "esphome.kitchen"},
			{At: noon.Add(time.Minute), Listener: "kitchen", By: "unix:root"},
			{At: noon.Add(time.Hour)},
		} {
			testkit.Must(t, s.AddMute(m))
		}
	}
	var got []string
	for page := (Page{Limit: 3}); ; {
		list, next, err := s.Mutes(page)
		testkit.Must(t, err)
		for _, m := range list {
			got = append(got, fmt.Sprintf("%v %q %v %q %v", m.At.Sub(noon), m.Listener, m.Muted, m.By, !m.Until.IsZero()))
		}
		if page.Before = next; next == 0 {
			break
		}
	}
	want := []string{`1h0m0s "" false "" false`, `1m0s "kitchen" false "unix:root" false`, `0s "kitchen" true "esphome.kitchen" false`, `0s "" true "user:anna" true`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
