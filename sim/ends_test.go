//go:build !race

package sim_test

import (
	"slices"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
)

// TestTheEndOfAFastFileIsRecorded cuts a file off at many places after a wake word and hears it as fast as it can be: from the
// pre-roll to the last hop everything is delivered, wherever the cut is.
func TestTheEndOfAFastFileIsRecorded(t *testing.T) {
	const preRoll = 12 // hops in 1 s
	sound := speech(3, 0, 0.4, 25000, 2, 8000)
	for cut := 3*audio.Rate - 1280; cut <= 3*audio.Rate+20*1280; cut += 640 {
		for seed := range uint64(5) {
			s := &service{}
			player := plays(sound[:cut])
			player.Fast = true
			r := (&rig{book: hasty, source: player, service: s}).run(t, seed, time.Minute)
			if !r.ended || r.err != nil {
				t.Fatalf("cut at %d, seed %d: ended at %v with %v", cut, seed, r.at, r.err)
			}
			var want []int
			for _, w := range bodies[event.Wake](r) {
				hops := (cut + audio.HopSamples - 1) / audio.HopSamples
				want = append(want, (hops-int(w.Hop)+preRoll-1)*audio.HopSamples)
			}
			if !slices.Equal(s.samples, want) || cut > 3*audio.Rate+2*1280 && len(want) != 1 {
				t.Errorf("cut at %d, seed %d: %v samples were delivered, want %v", cut, seed, s.samples, want)
			}
			for i, e := range bodies[event.RecordingEnded](r) {
				if e.Why != "the sound is over" || e.Seconds != audio.Time(want[i]).Seconds() {
					t.Errorf("cut at %d, seed %d: %+v", cut, seed, e)
				}
			}
		}
	}
}

// TestAnOrderlyEndDeliversWhatIsUnderWay stops an appliance that has a backlog at many moments, and starts it again on the
// same disk: what was under way is answered before the end if that takes less than 3 s, nothing else is begun, and nothing is
// delivered twice or not at all.
func TestAnOrderlyEndDeliversWhatIsUnderWay(t *testing.T) {
	finished, interrupted := 0, 0
	for seed := range uint64(36) {
		takes := []time.Duration{300 * time.Millisecond, 2900 * time.Millisecond, 5 * time.Second}[seed%3]
		s := &service{takes: takes, down: func(at rt.Instant) bool { return at < rt.Instant(20*time.Second) }}
		stop := rt.Instant(20*time.Second + time.Duration(seed)*230*time.Millisecond)
		disk := virtual.NewDisk(1 << 30)
		r := (&rig{book: room, disk: disk, source: plays(speech(command(5)...)), service: s, stop: stop}).run(t, seed, time.Minute)
		if most := stop.Add(5 * time.Second); r.err != nil || !r.ended || r.at > most {
			t.Fatalf("seed %d: ended at %v with %v, want nil by %v", seed, r.at, r.err, most)
		}
		before := map[string]bool{} // begun before the stop
		for _, c := range s.began {
			if c.at > stop && !before[c.id] {
				t.Errorf("seed %d: %s was handed out %v after the stop", seed, c.id, c.at.Sub(stop))
			}
			before[c.id] = true
		}
		if last := s.began[len(s.began)-1]; last.at < stop && last.at >= rt.Instant(20*time.Second) && last.at.Add(takes) > stop {
			switch done := slices.Contains(s.heard, last.id); {
			case takes < 3*time.Second && !done:
				t.Errorf("seed %d: what was under way for %v of %v was not finished", seed, stop.Sub(last.at), takes)
			case done:
				finished++
			default:
				interrupted++
			}
		}
		s.takes = 0
		again := (&rig{book: room, disk: disk, source: plays(speech(3, 0)), service: s}).run(t, seed, time.Minute)
		if want := r.recorded(); !again.ended || !slices.Equal(s.heard, want) {
			t.Errorf("seed %d: heard %v, want %v", seed, s.heard, want)
		}
	}
	if finished < 6 || interrupted < 3 {
		t.Errorf("only %d deliveries were finished by an end, %d interrupted: the test has lost its subject", finished, interrupted)
	}
}

// TestAnAnswerAtTheLastMomentIsKept has a service whose answer comes just when its client is told to stop.
func TestAnAnswerAtTheLastMomentIsKept(t *testing.T) {
	for seed := range uint64(40) {
		s := &service{answer: func(t *rt.Task) error {
			for !t.Stopping() {
				_ = t.Sleep(time.Hour)
			}
			return nil
		}}
		disk := virtual.NewDisk(1 << 30)
		stop := rt.Instant(10*time.Second + time.Duration(seed)*time.Millisecond)
		r := (&rig{book: room, disk: disk, source: plays(speech(command(2)...)), service: s, stop: stop}).run(t, seed, time.Minute)
		if len(s.heard) != 1 || len(bodies[event.Delivered](r)) != 1 {
			t.Fatalf("seed %d: %d were heard, %d delivered", seed, len(s.heard), len(bodies[event.Delivered](r)))
		}
		s.answer = nil
		(&rig{book: room, disk: disk, source: plays(speech(3, 0)), service: s}).run(t, seed, time.Minute)
		if want := r.recorded(); !slices.Equal(s.heard, want) {
			t.Errorf("seed %d: heard %v, want %v", seed, s.heard, want)
		}
	}
}

// TestARecordingThatTheEndCutsSaysStopped stops in the middle of a command; what was said by then is delivered.
func TestARecordingThatTheEndCutsSaysStopped(t *testing.T) {
	for seed := range uint64(15) {
		s := &service{}
		stop := rt.Instant(5*time.Second + time.Duration(seed)*71*time.Millisecond)
		disk := virtual.NewDisk(1 << 30)
		r := (&rig{book: room, disk: disk, source: plays(speech(3, 0, 0.4, 25000, 0.2, 0, 8, 8000, 5, 0)), service: s, stop: stop}).run(t, seed, time.Minute)
		ends := bodies[event.RecordingEnded](r)
		if r.err != nil || len(ends) != 1 || ends[0].Why != "stopped" || ends[0].Seconds < 2.8 {
			t.Fatalf("seed %d: %v, recordings %+v", seed, r.err, ends)
		}
		(&rig{book: room, disk: disk, source: plays(speech(3, 0)), service: s}).run(t, seed, time.Minute)
		if want := int(ends[0].Seconds*audio.Rate + 0.5); !slices.Equal(s.samples, []int{want}) {
			t.Errorf("seed %d: %v samples were delivered, want %d", seed, s.samples, want)
		}
	}
}
