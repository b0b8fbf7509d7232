package node_test

import (
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/rt"
)

func after(seconds float64) rt.Instant {
	return rt.Instant(0).Add(time.Duration(seconds * float64(time.Second)))
}

func TestWhoIsDeafWhen(t *testing.T) {
	m := node.Mutes{{Listener: "a", From: after(1), Until: after(3)}, {From: after(2), Until: after(5)}, {Listener: "b", From: after(7), Until: rt.Never}}
	for _, c := range []struct {
		listener string
		at       float64
		deaf     bool
		since    float64
	}{
		{"a", 0.9, false, 0}, {"a", 1, true, 0}, {"a", 3, true, 3}, {"a", 4.9, true, 3}, {"a", 5, false, 5},
		{"b", 1, false, 0}, {"b", 2, true, 0}, {"b", 6, false, 5}, {"b", 1e6, true, 5},
	} {
		if got := m.Deaf(c.listener, after(c.at)); got != c.deaf {
			t.Errorf("%s at %v s: %v", c.listener, c.at, got)
		}
		if got := m.Heard(c.listener, after(c.at)); got != after(c.since) {
			t.Errorf("%s at %v s: heard since %v", c.listener, c.at, got)
		}
	}
	for _, c := range []struct {
		listeners []string
		at        float64
		deaf      bool
	}{
		{[]string{"a", "b"}, 1.5, false}, {[]string{"a"}, 1.5, true}, {[]string{"a", "b"}, 2.5, true}, {nil, 1.5, false}, {nil, 2.5, true}, {[]string{"b", "c"}, 8, false},
	} {
		if got := m.AllDeaf(c.listeners, after(c.at)); got != c.deaf {
			t.Errorf("all of %v at %v s: %v", c.listeners, c.at, got)
		}
	}
	if node.Mutes(nil).AllDeaf(nil, 0) {
		t.Error("nobody is muted")
	}
}

// TestAMutedSourceSendsSilence: hops come all the while, and the first hop after the mute is real. A break before the silence makes
// everything after it forget what came before. Its level does not show that somebody speaks, and a device that dies is noticed.
func TestAMutedSourceSendsSilence(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		d := &device{script: []func(*rt.Task) (audio.Stream, error){sounds(100, nil), sounds(1<<30, nil)}}
		out, events, meters := rt.NewMailbox[*audio.Hop]("hops", 10_000), mailbox(), mailbox()
		s := source(d, out, events)
		c := s.Config.Get()
		c.Listeners = []string{"kitchen"}
		s.Config.Take(rt.NewCell(c))
		s.Meters = rt.NewOut(meters)
		s.Mutes = rt.NewCell(node.Mutes{{Listener: "kitchen", From: after(2), Until: after(6)}, {Listener: "study", Until: rt.Never}})
		task := k.Go("source", s.Run)
		_ = k.Sleep(20 * time.Second)
		task.Stop()
		_ = k.Wait(task, rt.Never)
		hops := 0
		for hop, ok := out.TryRecv(k); ok; hop, ok = out.TryRecv(k) {
			muted := hop.At >= after(2) && hop.At < after(6)
			if silent := hop.PCM == [audio.HopSamples]int16{} && hop.RMS == 0; silent != muted {
				t.Fatalf("hop %d at %v: silent: %v", hop.Seq, time.Duration(hop.At), silent)
			}
			if reset := hops == 0 || hop.At-after(2) < rt.Instant(audio.HopTime) && muted || hop.At > after(8) && hop.At < after(10)+rt.Instant(200*time.Millisecond); hop.Reset && !reset {
				t.Errorf("hop %d at %v breaks the sound", hop.Seq, time.Duration(hop.At))
			} else if hops > 0 && muted && hop.At-after(2) < rt.Instant(audio.HopTime) && !hop.Reset {
				t.Errorf("hop %d does not break the sound", hop.Seq)
			}
			hops++
		}
		if hops < 200 || len(d.opens) != 2 {
			t.Errorf("%d hops, opened at %v", hops, d.opens)
		}
		for e, ok := meters.TryRecv(k); ok; e, ok = meters.TryRecv(k) {
			at := rt.Instant(e.At.UnixNano())
			if b := e.Body.(event.Level); (b.RMS == 0) != (at >= after(2) && at < after(6)) {
				t.Fatalf("%v: a level of %v", time.Duration(at), b.RMS)
			}
		}
	})
}
