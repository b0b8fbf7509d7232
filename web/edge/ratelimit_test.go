package edge

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestTheWindowSlides: never more than the limit in any minute, and all of it again after one.
func TestTheWindowSlides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l Limiter
		var took []time.Time
		for range 600 { // ten minutes of trying every second
			if l.Take("a", 10).OK {
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
		v := l.Take("b", 1)
		if v = l.Take("b", 1); v.OK || v.reset <= 0 || v.reset > time.Minute {
			t.Fatalf("%+v", v)
		}
		time.Sleep(v.reset)
		if !l.Take("b", 1).OK {
			t.Error("it is not free when it says")
		}
		for n := range 3 * maxWindows {
			l.Take(fmt.Sprint("owner ", n), 10)
		}
		if len(l.windows) > maxWindows {
			t.Errorf("%d windows", len(l.windows))
		}
	})
}
