package virtual

import (
	"encoding/hex"
	"hash/fnv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"orac/appliance/rt"
)

// TestRecordForm: the binary form is documented, so it does not change.
func TestRecordForm(t *testing.T) {
	r := rt.Record{At: 1_500_000_000, Task: "orac/ä", What: "wake", Args: []int64{7, -1}}
	const want = "002f685900000000" + "07000000" + "6f7261632fc3a4" + "04000000" + "77616b65" + "02000000" + "0700000000000000" + "ffffffffffffffff"
	if got := hex.EncodeToString(AppendRecord(nil, r)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestHashIsFNV: anybody can compute the hash of a trace from its records.
func TestHashIsFNV(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, h := New(1, time.Unix(0, 0), nil), fnv.New64a()
		for range rapid.IntRange(0, 5).Draw(t, "records") {
			r := rt.Record{
				At: rt.Instant(rapid.Int64().Draw(t, "at")), Task: rapid.String().Draw(t, "task"), What: rapid.String().Draw(t, "what"),
				Args: rapid.SliceOf(rapid.Int64()).Draw(t, "args"),
			}
			d.Trace(r)
			_, _ = h.Write(AppendRecord(nil, r))
		}
		if d.Hash() != h.Sum64() {
			t.Fatalf("%x, want %x", d.Hash(), h.Sum64())
		}
	})
}

// TestTimersComeInOrder compares the heap with a list that is searched.
func TestTimersComeInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h timers
		tasks := make([]*task, 20)
		for i := range tasks {
			tasks[i] = &task{}
		}
		for range 200 {
			s := rapid.SampledFrom(tasks).Draw(t, "task")
			if s.place > 0 || rapid.Bool().Draw(t, "remove") {
				h.remove(s)
			} else {
				h.add(s, rt.Instant(rapid.IntRange(0, 5).Draw(t, "at")))
			}
			var first *task
			set := 0
			for _, x := range tasks {
				if x.place == 0 {
					continue
				}
				if set++; first == nil || before(x, first) {
					first = x
				}
			}
			if len(h.heap) != set || first != nil && h.heap[0] != first || first == nil && h.first() != rt.Never {
				t.Fatalf("%d timers in the heap, %d are set", len(h.heap), set)
			}
		}
	})
}
