package api

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestTheWindowSlides: never more than the limit in any minute, and all of it again after one.
func TestTheWindowSlides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l limiter
		var took []time.Time
		for range 600 { // ten minutes of trying every second
			if l.take("a", 10).ok {
				took = append(took, time.Now())
			}
			time.Sleep(time.Second)
		}
		for i := range took {
			inside := 0
			for _, at := range took[i:] {
				if at.Sub(took[i]) < time.Minute {
					inside++
				}
			}
			if inside > 10 {
				t.Fatalf("%d in the minute from %v", inside, took[i])
			}
		}
		if len(took) < 90 {
			t.Errorf("%d of 100", len(took))
		}
		v := l.take("b", 1)
		if v = l.take("b", 1); v.ok || v.reset <= 0 || v.reset > time.Minute {
			t.Fatalf("%+v", v)
		}
		time.Sleep(v.reset)
		if !l.take("b", 1).ok {
			t.Error("it is not free when it says")
		}
		for n := range 3 * maxWindows {
			l.take(fmt.Sprint("owner ", n), 10)
		}
		if len(l.windows) > maxWindows {
			t.Errorf("%d windows", len(l.windows))
		}
	})
}
