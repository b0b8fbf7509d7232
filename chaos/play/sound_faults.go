package play

import (
	"errors"

	"golang.org/x/sys/unix"

	"orac/appliance/audio"
	"orac/appliance/audio/pulsetest"
	"orac/chaos/journal"
	"orac/chaos/process"
	"orac/sim/trial/schedule"
)

// shaped is a fault that changes the sound of a microphone.
func shaped(w *World, o occurrence, f func(*pulsetest.Shape)) (*broken, error) {
	m, err := w.target(o)
	if err != nil {
		return nil, err
	}
	return &broken{
		apply: func() error { m.shape(o.Kind, f); return nil },
		undo:  func() error { m.shape(o.Kind, nil); return nil },
	}, nil
}

func lose(w *World, o occurrence) (*broken, error) {
	r := schedule.Stream(w.seed, "drops "+o.Name)
	return shaped(w, o, func(s *pulsetest.Shape) { s.Lose = func() bool { return r.Float64() < o.Rate } })
}

func crumble(w *World, o occurrence) (*broken, error) {
	return shaped(w, o, func(s *pulsetest.Shape) { s.Crumbs = true })
}

func hurry(w *World, o occurrence) (*broken, error) {
	return shaped(w, o, func(s *pulsetest.Shape) { s.Rate = o.Rate })
}

// square is a square wave that is the same in each hop, wherever hops begin: its period divides their length.
func square(amplitude int16) func(*pulsetest.Shape) {
	const period = 16
	if audio.HopSamples%period != 0 {
		panic("BUG: the pattern of a stuck microphone does not fit into hops")
	}
	return func(s *pulsetest.Shape) {
		s.Instead = func(pcm []int16) {
			for i := range pcm { // pieces of 10 ms are whole periods, too
				if pcm[i] = amplitude; i%period >= period/2 {
					pcm[i] = -amplitude
				}
			}
		}
	}
}

func stick(w *World, o occurrence) (*broken, error) { return shaped(w, o, square(3000)) }

// formed makes of the sound what the row of the kind says.
func formed(w *World, o occurrence) (*broken, error) {
	form, from := o.Kind.Info().Sound, 0
	return shaped(w, o, func(s *pulsetest.Shape) {
		s.Instead = func(pcm []int16) {
			form(pcm, from)
			from += len(pcm)
		}
	})
}

func roar(w *World, o occurrence) (*broken, error) {
	r := schedule.Stream(w.seed, "noise "+o.Name)
	return shaped(w, o, func(s *pulsetest.Shape) { s.Instead = func(pcm []int16) { fillNoise(pcm, r, 12000) } })
}

func unplug(w *World, o occurrence) (*broken, error) {
	m, err := w.target(o)
	if err != nil {
		return nil, err
	}
	away := false
	var other *pulsetest.Mic
	return &broken{
		apply: func() (err error) {
			w.pulse.Lock()
			defer w.pulse.Unlock()
			away = true
			if err := m.mic.Unload(); err != nil || !o.Other {
				return err
			}
			other, err = w.stranger()
			return err
		},
		undo: func() error {
			w.pulse.Lock()
			defer w.pulse.Unlock()
			var errs []error
			if other != nil {
				errs = append(errs, other.Unload())
				other = nil
			}
			if away {
				errs = append(errs, m.mic.Load())
				away = false
			}
			return errors.Join(errs...)
		},
	}, nil
}

// stranger plugs in a second microphone that no runbook names. The caller holds pulse.
func (w *World) stranger() (*pulsetest.Mic, error) {
	if w.other == nil {
		var err error
		w.other, err = w.audio.Plug("another-microphone", "Another microphone")
		return w.other, err
	}
	return w.other, w.other.Load()
}

func suspend(w *World, o occurrence) (*broken, error) {
	m, err := w.target(o)
	if err != nil {
		return nil, err
	}
	set := func(on string) func() error {
		return func() error {
			w.pulse.Lock()
			defer w.pulse.Unlock()
			_, err := w.audio.Control("suspend-source", m.mic.Name, on)
			return err
		}
	}
	return &broken{apply: set("1"), undo: set("0")}, nil
}

func killAudio(w *World, o occurrence) (*broken, error) {
	return &broken{
		apply: func() error {
			w.pulse.Lock()
			defer w.pulse.Unlock()
			return w.audio.Kill()
		},
		undo: func() error {
			w.pulse.Lock()
			defer w.pulse.Unlock()
			if w.audio.PID() != 0 {
				return nil
			}
			return errors.Join(w.audio.Restart(), w.noteAudio(), w.recordAll())
		},
	}, nil
}

func stopAudio(w *World, o occurrence) (*broken, error) {
	w.pulse.Lock()
	defer w.pulse.Unlock()
	p, err := process.Of(w.audio.PID())
	if err != nil {
		return nil, err
	}
	return &broken{steps: []journal.Step{{Do: journal.Cont, Process: p}}, apply: func() error { return p.Signal(unix.SIGSTOP) }}, nil
}
