package play

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"orac/appliance/audio/pulsetest"
	"orac/appliance/event"
	"orac/appliance/stt/stttest"
	"orac/chaos/process"
	"orac/runbook"
)

// speaker is a virtual loudspeaker of the world, and what it has played.
type speaker struct {
	name string // of the block
	sink *pulsetest.Sink
	recs []*pulsetest.Recording // one after the other: each ends when its sink goes
}

// plugSpeakers creates the loudspeakers of the runbook, and records what they play.
func (w *World) plugSpeakers() error {
	for _, b := range w.book.rb.Speakers {
		id, name, err := sinkOf(b)
		if err != nil {
			return err
		}
		sink, err := w.audio.PlugSink(id, title(name))
		if err != nil {
			return err
		}
		s := &speaker{name: b.Name, sink: sink}
		w.speakers[b.Name] = s
		if b.Identity == "" && b.Match == "" { // it uses the server's default, which must be this one
			if _, err := w.audio.Control("set-default-sink", id); err != nil {
				return err
			}
		}
		if err := s.record(); err != nil {
			return err
		}
	}
	return nil
}

// sinkOf returns how the audio server names a loudspeaker of the world, so that the runbook's block finds it.
func sinkOf(b runbook.Speaker) (id, name string, err error) {
	return source(runbook.Microphone{Address: b.Address, Name: b.Name, Match: b.Match, Identity: b.Identity, ID: b.ID, Backend: b.Backend})
}

// record begins to record.
func (s *speaker) record() error {
	r, err := s.sink.Record()
	if err == nil {
		s.recs = append(s.recs, r)
	}
	return err
}

// end stops recording.
func (s *speaker) end() {
	for _, r := range s.recs {
		r.End()
	}
}

// recordAll begins to record again, after the audio server has started again. The caller holds pulse.
func (w *World) recordAll() error {
	var errs []error
	for _, name := range sorted(w.speakers) {
		errs = append(errs, w.speakers[name].record())
	}
	return errors.Join(errs...)
}

// player returns the playback process of the speaker of a fault.
func (w *World) player(o occurrence) (process.Process, error) {
	a, err := w.Running()
	if err != nil {
		return process.Process{}, err
	}
	b, _ := w.book.rb.Speaker(runbook.Address("device.speaker." + o.Target))
	var words []string
	switch {
	case b.Identity != "":
		words = append(words, "--identity="+b.Identity)
	case b.Match != "":
		words = append(words, "--match="+b.Match)
	}
	return a.Player(words...)
}

func unplugSpeaker(w *World, o occurrence) (*broken, error) {
	s, ok := w.speakers[o.Target]
	if !ok {
		return nil, fmt.Errorf("there is no virtual speaker %q", o.Target)
	}
	away := false
	return &broken{
		apply: func() error {
			w.pulse.Lock()
			defer w.pulse.Unlock()
			away = true
			s.end() // otherwise the audio server moves it to another device
			return s.sink.Unload()
		},
		undo: func() error {
			w.pulse.Lock()
			defer w.pulse.Unlock()
			if !away {
				return nil
			}
			away = false
			if err := s.sink.Load(); err != nil {
				return err
			}
			if _, err := w.audio.Control("set-default-sink", s.sink.Name); err != nil {
				return err
			}
			return s.record()
		},
	}, nil
}

// tone is a sound that the appliance is given to play; each kind has a tone of its own.
type tone struct {
	hz   float64
	long time.Duration
}

var (
	spokenTone = tone{stttest.SpeechTone, stttest.SpeechTime} // a text
	homeTone   = tone{3000, time.Second}                      // a sound of Home Assistant
)

// said is what the appliance says of a sound.
type said struct {
	event.SoundPlayed
	at   time.Time
	tone tone
}

// played notes what the appliance says of a sound. The caller holds mu.
func (r *run) played(at time.Time, b event.SoundPlayed) {
	switch {
	case strings.Contains(b.What, "Home Assistant"):
		r.sounds = append(r.sounds, said{b, at, homeTone})
	case b.Priority != "chime":
		r.sounds = append(r.sounds, said{b, at, spokenTone})
	}
}

const (
	// toneStep is how finely a recording is looked at.
	toneStep = 20 * time.Millisecond
	// toneLevel is the least amplitude of a tone that is heard.
	toneLevel = 400
	// toneLate is how much later than it was taken a sound may be recorded, and how wrong times may be on a busy machine.
	toneLate = 700 * time.Millisecond
	// toneWrong is by how much the sound in a recording may differ from what was said of it: the frames on their way to a process that is
	// killed, and steps of which the tone fills a part.
	toneWrong = 260 * time.Millisecond
	// toneBefore is how long a sound may take, pauses included, for speakers that come back.
	toneBefore = 14 * time.Second
)

// listened compares what the appliance said of sounds with what its speakers have played: each that is said to be heard is in the recording,
// once, as long as was said; nothing else is. The caller holds mu.
func (r *run) listened(at time.Duration) {
	for _, name := range sorted(r.w.homes) {
		r.w.homes[name].waits(r, at)
	}
	for _, name := range sorted(r.w.speakers) {
		for _, t := range []tone{spokenTone, homeTone} {
			heard := r.w.speakers[name].heard(t.hz)
			for _, s := range r.sounds {
				if s.Speaker != name || s.tone != t {
					continue
				}
				want, most := time.Duration(s.Seconds*float64(time.Second)), s.at.Add(toneLate)
				got := time.Duration(0)
				var rest []time.Time
				for _, step := range heard { // they are in order, and those before belong to no other sound any more
					if step.Before(most) && step.After(s.at.Add(-want-toneBefore)) && got < want+toneWrong {
						got += toneStep
						continue
					}
					rest = append(rest, step)
				}
				heard = rest
				short := want - got
				if short > toneWrong || s.Cause == "done" && want < t.long-toneStep {
					r.judge.Break(s.at.Sub(r.began), "aloud", fmt.Sprintf("%s (%s) is said to have been heard for %.2f s, and %.2f s are recorded", s.ID, s.Cause, s.Seconds, got.Seconds()))
				}
			}
			if over := time.Duration(len(heard)) * toneStep; over > toneWrong {
				r.judge.Break(heard[0].Sub(r.began), "aloud", fmt.Sprintf("speaker %s has played %.2f s of sound of which nobody says anything", name, over.Seconds()))
			}
		}
	}
}

// heard returns when a tone was recorded: a time for each step that it fills.
func (s *speaker) heard(hz float64) (list []time.Time) {
	const n = int(toneStep * pulsetest.SinkRate / time.Second)
	for _, r := range s.recs {
		pcm := r.Sound()
		for i := 0; i+n <= len(pcm); i += n {
			if amplitude(pcm[i:i+n], hz) >= toneLevel {
				list = append(list, r.At(i))
			}
		}
	}
	return list
}

// amplitude is how loud a tone is in a sound (Goertzel's algorithm).
func amplitude(pcm []int16, hz float64) float64 {
	c := 2 * math.Cos(2*math.Pi*hz/pulsetest.SinkRate)
	var a, b float64
	for _, v := range pcm {
		a, b = float64(v)+c*a-b, a
	}
	return 2 * math.Sqrt(max(0, a*a+b*b-c*a*b)) / float64(len(pcm))
}
