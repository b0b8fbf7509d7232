package virtual

import (
	"testing"
	"time"

	"orac/appliance/rt"
)

// TestTasksThatAreOverAreForgotten starts many short tasks beside two that last, one of them the first.
func TestTasksThatAreOverAreForgotten(t *testing.T) {
	d := New(1, time.Unix(0, 0), nil)
	unwound := 0
	most := 0
	lasts := func(k *rt.Task) error {
		defer func() { unwound++ }()
		return k.Sleep(time.Hour)
	}
	rt.New(d, "root", func(k *rt.Task) error {
		k.Go("lasts", lasts)
		for range 10_000 {
			c := k.Go("short", func(k *rt.Task) error { return k.Sleep(time.Millisecond) })
			if err := k.Wait(c, rt.Never); err != nil {
				return err
			}
			most = max(most, len(d.all))
		}
		return lasts(k)
	})
	d.Run(rt.Instant(time.Minute))
	if most > 100 || len(d.all) < 2 {
		t.Errorf("%d tasks are remembered, at most %d were; want 2 and some that are over", len(d.all), most)
	}
	d.Close()
	if unwound != 2 {
		t.Errorf("%d of the two tasks that last were ended by Close", unwound)
	}
}
