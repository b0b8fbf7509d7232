package sim_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/rt"
)

// watched is a device that tells when it is read.
type watched struct {
	audio.Source
	see func(rt.Instant)
}

type watchedStream struct {
	audio.Stream
	see func(rt.Instant)
}

func (w *watched) Open(t *rt.Task) (audio.Stream, error) {
	s, err := w.Source.Open(t)
	return &watchedStream{s, w.see}, err
}

func (w *watchedStream) Read(t *rt.Task, pcm *[audio.HopSamples]int16, until rt.Instant) error {
	err := w.Stream.Read(t, pcm, until)
	w.see(t.Now())
	return err
}

// leaky is a device that loses one hop.
type leaky struct {
	audio.Source
	at int // number of the hop
}

type leakyStream struct {
	audio.Stream
	at, read int
}

func (l *leaky) Open(t *rt.Task) (audio.Stream, error) {
	s, err := l.Source.Open(t)
	return &leakyStream{Stream: s, at: l.at}, err
}

func (l *leakyStream) Read(t *rt.Task, pcm *[audio.HopSamples]int16, until rt.Instant) error {
	if l.read++; l.read == l.at {
		if err := l.Stream.Read(t, pcm, until); err != nil {
			return err
		}
	}
	return l.Stream.Read(t, pcm, until)
}

func (l *leakyStream) Lost() uint64 {
	if l.read >= l.at {
		return 1
	}
	return 0
}

// TestALostHopDoesNotCutARecording loses one hop at every place of a command: the recording goes on to the pause after it, and the
// loss is told of.
func TestALostHopDoesNotCutARecording(t *testing.T) {
	for at := 45; at < 90; at += 2 { // the wake is at hop 38, the command lasts until 7.6 s
		s := &service{}
		source := &leaky{Source: plays(speech(3, 0, 0.4, 25000, 0.2, 0, 4, 8000, 5, 0)), at: at}
		r := (&rig{book: room, source: source, service: s}).run(t, uint64(at), time.Minute)
		ends := bodies[event.RecordingEnded](r)
		// 1 s before the wake at 3.1 s up to 0.7 s after the command, less the hop.
		if len(ends) != 1 || ends[0].Why != "silence" || ends[0].Seconds < 5.9 || ends[0].Seconds > 6.4 {
			t.Errorf("hop %d lost: recordings %+v", at, ends)
		}
		if told := bodies[event.Overrun](r); len(told) != 1 || told[0].Hops != 1 || told[0].Port != "sound of file" {
			t.Errorf("hop %d lost: told of %+v", at, told)
		}
	}
}

// TestAWakeLateInARecordingAtItsLimitStartsTheNext says the wake word once more just before the longest recording ends.
func TestAWakeLateInARecordingAtItsLimitStartsTheNext(t *testing.T) {
	for seed := range uint64(10) {
		s := &service{}
		source := plays(speech(3, 0, 0.4, 25000, 12.6, 8000, 0.4, 25000, 0.2, 0, 3, 8000, 5, 0))
		r := (&rig{book: room, source: source, service: s}).run(t, seed, 2*time.Minute)
		ends := bodies[event.RecordingEnded](r)
		if wakes := bodies[event.Wake](r); len(wakes) != 2 || len(ends) != 2 || ends[0].Why != "limit" || ends[1].Why != "silence" {
			t.Fatalf("seed %d: woke %d times, recordings %+v", seed, len(wakes), ends)
		}
		// The first begins 1 s before the wake at 3.1 s; together they reach, without a gap, to 0.7 s after the end at 19.6 s.
		if both := ends[0].Seconds + ends[1].Seconds; both < 18 || both > 18.4 || !slices.Equal(s.heard, r.recorded()) {
			t.Errorf("seed %d: %.2f s were recorded; heard %v", seed, both, s.heard)
		}
	}
}

// flapping is a device that opens and dies after a hop.
type flapping struct{ opens int }

func (f *flapping) Open(t *rt.Task) (audio.Stream, error) {
	f.opens++
	return &flappingStream{}, t.Sleep(100 * time.Millisecond)
}

type flappingStream struct{ read int }

func (f *flappingStream) Read(*rt.Task, *[audio.HopSamples]int16, rt.Instant) error {
	if f.read++; f.read > 1 {
		return errors.New("the device went away")
	}
	return nil
}
func (*flappingStream) Identity() string { return "flapping" }
func (*flappingStream) Close(*rt.Task)   {}

// TestAFlappingDeviceIsNotHammered also wants few words: the same cause is told of every five minutes.
func TestAFlappingDeviceIsNotHammered(t *testing.T) {
	w := compile(t, room).Runbook.Watchdog
	slow := int(5 * time.Minute / w.RetrySlow)
	for seed := range uint64(10) {
		f := &flapping{}
		(&rig{book: room, source: f, service: &service{}}).run(t, seed, 5*time.Minute)
		if first := w.Retries + 2; f.opens < slow-first || f.opens > slow+first {
			t.Errorf("seed %d: opened %d times in 5 minutes; want a try every %v, and %d quicker ones first", seed, f.opens, w.RetrySlow, first)
		}
	}
}
