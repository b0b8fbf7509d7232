package turns

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// TestTurns: one thing of a person at a time, few over all, and a bound of those that wait; whoever has gone takes nothing along.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := New(2, 3)
		ctx, cancel := context.WithCancel(t.Context())
		began := map[string]int{}
		var ends []func()
		refused := make(chan error, 10)
		take := func(who string) {
			go func() {
				done, err := turns.Take(ctx, who)
				if err != nil {
					refused <- err
					return
				}
				began[who]++
				ends = append(ends, done)
			}()
			synctest.Wait()
		}
		for range 3 {
			take("ann")
		}
		take("bob") // is not held up by her
		take("cid") // there is no place
		if began["ann"] != 1 || began["bob"] != 1 || began["cid"] != 0 {
			t.Fatalf("they began: %v", began)
		}
		take("ann")
		if err := <-refused; !errors.Is(err, ErrFull) {
			t.Errorf("a fourth of hers: %v", err)
		}
		ends[1]() // bob's
		synctest.Wait()
		if began["cid"] != 1 || began["ann"] != 1 {
			t.Errorf("after his they began: %v", began)
		}
		cancel() // two of hers wait
		synctest.Wait()
		for range 2 {
			if err := <-refused; !errors.Is(err, ErrGone) {
				t.Errorf("gone: %v", err)
			}
		}
		ends[0]()
		ends[2]()
		if !turns.Idle() {
			t.Error("a place is still taken")
		}
	})
}
