package home

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"orac/appliance/act"
	"orac/appliance/act/home/hometest"
	"orac/appliance/act/sentence"
	"orac/appliance/rt"
	"orac/appliance/thread"
)

// most reports a figure, and fails if it is above what is promised.
func most(b *testing.B, value, limit float64, unit string) {
	b.ReportMetric(value, unit)
	if value > limit {
		b.Errorf("%.3g %s, more than the %v that is promised", value, unit, limit)
	}
}

// BenchmarkTextToCall is the way of a text to Home Assistant with 1000 entities: it is read, translated, sent and proven, on loopback. From
// the text to the call it may need 5 ms of CPU. How long it takes until the call has arrived and is proven is only told: that counts
// whatever else the machine does.
func BenchmarkTextToCall(b *testing.B) {
	s := hometest.Start(b, hometest.Large(1000))
	w, stop := watchingBench(b, s)
	defer stop()
	m, problems := sentence.Compile(sentence.Grammar{English: true, Homes: []*act.Home{w.vocabulary}})
	for _, p := range problems {
		b.Log(p)
	}
	texts := []string{"turn on the kitchen lamp please", "turn the kitchen lamp off", "set the bedroom lamp to 40 percent", "open the office blind", "set the bedroom lamp to seventy percent", "close the office blind"}
	runtime.LockOSThread() // CPU time of the thread counts
	defer runtime.UnlockOSThread()
	var made, arrived, proven []time.Duration
	for n := 0; b.Loop(); n++ {
		text := texts[n%len(texts)]
		began, used := time.Now(), cpu(b)
		reading, _ := m.Read(text, sentence.Context{})
		if len(reading.Commands) != 1 {
			b.Fatalf("%q: %+v", text, reading)
		}
		calls, err := w.Calls(reading.Commands[0], w.vocabulary, w.states)
		if err != nil || len(calls) != 1 {
			b.Fatal(calls, err)
		}
		made = append(made, cpu(b)-used)
		o := run(b.Context(), func(t *rt.Task) act.Outcome { return w.Do(t, calls[0], thread.Thread{}) })
		proven = append(proven, time.Since(began))
		if !o.Verdict.Good() {
			b.Fatalf("%q: %+v", text, o)
		}
		all := s.Calls()
		arrived = append(arrived, all[len(all)-1].At.Sub(began))
	}
	most(b, part(made, 99), 5, "cpu-ms-p99-to-call")
	b.ReportMetric(part(arrived, 50), "ms-median-to-arrival")
	b.ReportMetric(part(proven, 50), "ms-median-to-proof")
}

// cpu is the CPU time of the thread.
func cpu(b *testing.B) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}

// part is the duration in ms below which so many percent are.
func part(list []time.Duration, percent int) float64 {
	slices.Sort(list)
	return float64(list[len(list)*percent/100].Microseconds()) / 1000
}

// BenchmarkCalls is what stands between an understood command and the bytes of its call, with 1000 entities: translation alone.
func BenchmarkCalls(b *testing.B) {
	states, seenAll := map[string]act.State{}, map[string]seen{}
	for _, e := range hometest.Large(1000).Entities {
		s := seen{State: act.State{Entity: e.ID, State: e.State}}
		states[e.ID], seenAll[e.ID] = s.State, s
	}
	h := build(Config{}, registries{}, seenAll)
	var targets []string
	for _, e := range h.Entities {
		if e.Domain == "light" && len(targets) < 20 {
			targets = append(targets, e.ID)
		}
	}
	c := command("set_brightness", targets, number("brightness", 50, "%"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (&Home{}).Calls(c, h, states); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemoryOfAHome is what a home of 1000 entities keeps in memory: states, vocabulary, connection. The whole role may have 60 MB.
func BenchmarkMemoryOfAHome(b *testing.B) {
	s := hometest.Start(b, hometest.Large(1000))
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		_, stop := watchingBench(b, s)
		runtime.GC()
		runtime.ReadMemStats(&after)
		most(b, float64(after.HeapAlloc-before.HeapAlloc)/1e6, 10, "MB")
		stop()
	}
}

// watched1000 is a Home that is watched, and what it told.
type watched1000 struct {
	*Home
	vocabulary *act.Home
	states     map[string]act.State
}

// watchingBench watches a server until stop is called.
func watchingBench(b *testing.B, s *hometest.Server) (w watched1000, stop func()) {
	h, err := New(Config{Name: "home", URL: s.URL(), Token: secret(hometest.Token)})
	if err != nil {
		b.Fatal(err)
	}
	w = watched1000{Home: h, states: map[string]act.State{}}
	ctx, cancel := context.WithCancel(b.Context())
	there, ended := make(chan struct{}), make(chan struct{})
	first := true
	go func() {
		defer close(ended)
		_ = run(ctx, func(t *rt.Task) error {
			return h.Watch(t, act.Sight{Up: func(string) {}, States: func(list []act.State) {
				for _, x := range list {
					if first { // the states at the beginning
						w.states[x.Entity] = x
					}
				}
			}, Home: func(x *act.Home) {
				if first {
					first = false
					w.vocabulary = x
					close(there)
				}
			}})
		})
	}()
	<-there
	if len(w.vocabulary.Entities) != 1000 {
		b.Fatalf("%d entities", len(w.vocabulary.Entities))
	}
	return w, func() { cancel(); <-ended }
}
