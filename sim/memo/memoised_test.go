//go:build cgo && !race

package memo_test

import (
	"testing"

	"orac/sim/memo"
)

// Everything here is in one goroutine: TestManyAtATime is for the race detector.

// TestMemoisedIsReal: whatever was heard before, and however little is remembered, a Memo says what networks of its own
// would have said, bit for bit.
func TestMemoisedIsReal(t *testing.T) {
	all := stories(t)
	want := truth(t, all)
	for _, l := range []memo.Limits{{}, {Features: 40, Scores: 40, Voices: 40, Networks: 1}, {Features: 1, Scores: 1, Voices: 1, Networks: 2}} {
		m := memo.Wrap(real(t), l)
		for round := range 2 {
			for name, s := range all { // in another order each time
				got, err := tell(open(t, m.Inference(), heads...), s)
				if err != nil {
					t.Fatal(err)
				}
				if d := differs(want[name], got); d != "" {
					t.Fatalf("limits %+v, round %d, %s: %s", l, round, name, d)
				}
			}
		}
		s := m.Stats()
		t.Logf("%+v: %v; %+v", l, s, s)
		if l.Features == 0 && (s.Features.Hits < s.Features.Misses || s.Features.Evicted > 0) || l.Features == 1 && s.Features.Held > 1 {
			t.Errorf("limits %+v: %+v", l, s)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}
