//go:build !race

package node_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"orac/appliance/act"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
)

// In virtual time one task runs at a time: the race detector finds nothing here, and takes 20 seconds for it.

// TestActedOnOnce: whenever ORAC is killed, and however often a request is sent again, no call is made twice, no answer says that
// something was done which was not, and what may have been done is told as unknown.
func TestActedOnOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kill := time.Duration(rapid.IntRange(0, 60_000).Draw(t, "kill after µs")) * time.Microsecond
		requests := rapid.IntRange(1, 4).Draw(t, "requests")
		inHouse(t, rapid.Uint64Range(1, 1000).Draw(t, "seed"), func(k *rt.Task) {
			d, l := virtual.NewDisk(1<<24), newLamps()
			h := houseOn(k, d, l)
			_ = k.Sleep(5 * time.Second)
			for i := range requests {
				k.Go(fmt.Sprint("client ", i), func(k *rt.Task) error {
					_, _ = h.Ask(k, act.Request{ID: fmt.Sprint("id", i), Topic: "general", Text: texts[i%2]})
					return nil
				})
			}
			_ = k.Sleep(kill)
			k.Abandon(h.task) // what it does from now on vanishes
			_ = k.Sleep(time.Minute)
			d.PowerLoss()
			before := slices.Clone(l.calls)
			h = houseOn(k, d, l)
			_ = k.Sleep(5 * time.Second)
			for i := range requests {
				a := h.ask(t, k, fmt.Sprint("id", i), texts[i%2])
				unknown := slices.ContainsFunc(a.Outcomes, func(o act.Outcome) bool { return o.Verdict == act.Unknown })
				if unknown && (a.Verified || a.Executed || a.Reason == "") {
					t.Errorf("unknown, and told as done: %+v", a)
				}
				if a.Verified == unknown {
					t.Errorf("request %d: %+v", i, a)
				}
			}
			if len(l.calls) > requests || len(before) > requests {
				t.Errorf("%d requests, and the calls %q", requests, l.calls)
			}
			h.task.Stop()
		})
	})
}
