//go:build !race

package sim_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/rt"
)

func TestACommandIsDeliveredWhileItIsSpoken(t *testing.T) {
	w := world(t, speech(3, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0))
	r := w.Run(time.Minute)
	if !r.Ended || r.Err != nil {
		t.Fatalf("ended %v, %v; events %v", r.Ended, r.Err, kinds(r))
	}
	if len(w.STT.Heard) != 1 {
		t.Fatalf("the server heard %v; events %v", w.STT.Heard, kinds(r))
	}
	heard := w.STT.Heard[0]
	var woke, ended time.Time
	for _, e := range r.Events {
		switch e.Body.(type) {
		case event.Wake:
			woke = e.At
		case event.RecordingEnded:
			ended = e.At
		}
	}
	first := w.Epoch.Add(time.Duration(heard.First))
	if d := first.Sub(woke); d < 0 || d > 2*audio.HopTime {
		t.Errorf("from the wake to the first sound at the server: %v; want at most two hops", d)
	}
	if !first.Before(ended) {
		t.Error("the sound came only after the recording had ended")
	}
	// The command ends 5.1 s after the start; 0.7 s of silence later, at the next hop, so does the recording, which
	// began 1 s before the wake at 3.04 s or so.
	if s := float64(heard.Samples) / audio.Rate; s < 3.5 || s > 4.1 {
		t.Errorf("%.2f s were recorded", s)
	}
	if files := w.Disk.Files(); len(files) != 0 {
		t.Errorf("left in the spool: %v", files)
	}
}

func TestTheSameSeedGivesTheSameTrace(t *testing.T) {
	run := func(seed uint64) (Result, []string) {
		var lines []string
		w := world(t, speech(2, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0))
		w.Seed, w.Loop = seed, true
		w.STT.Down = func(at rt.Instant) bool { return at > rt.Instant(60*time.Second) && at < rt.Instant(90*time.Second) }
		w.Trace = func(r rt.Record) { lines = append(lines, fmt.Sprintf("%v %s %s %v", r.At, r.Task, r.What, r.Args)) }
		return w.Run(5 * time.Minute), lines
	}
	a, first := run(7)
	b, second := run(7)
	if a.Hash != b.Hash || !slices.Equal(first, second) {
		t.Errorf("two runs differ: %x and %x", a.Hash, b.Hash)
	}
	if c, _ := run(8); c.Hash == a.Hash {
		t.Error("another seed gave the same trace")
	}
	if len(first) < 100 {
		t.Errorf("the trace has only %d records", len(first))
	}
}

func TestNothingIsLostWhileTheServerIsAway(t *testing.T) {
	for seed := range uint64(20) {
		w := world(t, speech(2, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0))
		w.Seed, w.Loop = seed, true
		back := rt.Instant(100 * time.Second)
		w.STT.Down = func(at rt.Instant) bool { return at > rt.Instant(20*time.Second) && at < back }
		r := w.Run(3 * time.Minute)
		var recorded []string
		for _, e := range r.Events {
			if b, ok := e.Body.(event.RecordingEnded); ok && e.At.Before(w.Epoch.Add(150*time.Second)) {
				recorded = append(recorded, b.Utterance)
			}
		}
		var heard []string
		for _, h := range w.STT.Heard {
			heard = append(heard, h.ID)
		}
		if len(recorded) < 15 || len(heard) < len(recorded) || !slices.Equal(heard[:len(recorded)], recorded) {
			t.Fatalf("seed %d: recorded %d %v\nheard %d %v", seed, len(recorded), recorded, len(heard), heard)
		}
		i := slices.IndexFunc(w.STT.Heard, func(h Heard) bool { return h.At > back })
		if d := w.STT.Heard[i].At.Sub(back); d > 10*time.Second {
			t.Errorf("seed %d: the first delivery came %v after the server was back", seed, d)
		}
	}
}
