package audio

import (
	"errors"
	"fmt"
	"io"
	"time"

	"orac/appliance/rt"
)

// Sound is 16 kHz mono that is read once, such as an open WAV file. Read fills pcm; it returns fewer samples only at the
// end or with an error, and io.EOF after the end.
type Sound interface {
	Read(pcm []int16) (int, error)
	Close() error
}

// Samples is a Sound that is in memory.
func Samples(pcm []int16) Sound { return &samples{rest: pcm} }

type samples struct{ rest []int16 }

func (s *samples) Read(pcm []int16) (int, error) {
	if len(s.rest) == 0 && len(pcm) > 0 {
		return 0, io.EOF
	}
	n := copy(pcm, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *samples) Close() error { return nil }

// End is what follows a sound.
type End int

const (
	EndStop    End = iota // the stream is over: ErrEnded
	EndSilence            // silence without end
	EndLoop               // the sound again, after the gap
)

// Player is a Source that plays a sound as if a microphone heard it. It is written on the runtime seam, so it runs in real
// and in virtual time.
type Player struct {
	// Name is used by Identity and in errors, such as the file's path.
	Name string
	// Load opens the sound; Open calls it, and so does every repetition.
	Load func() (Sound, error)
	// Fast returns every hop at once. Otherwise hop n is there (n+1) * 80 ms after Open, as from a microphone; a late
	// reader receives what it missed without waiting.
	Fast bool
	End  End
	// Gap is the silence before a repetition.
	Gap time.Duration
}

// Open implements Source.
func (p *Player) Open(t *rt.Task) (Stream, error) {
	s := &playing{Player: p, start: t.Now()}
	if err := s.load(); err != nil {
		return nil, err
	}
	return s, nil
}

type playing struct {
	*Player
	start   rt.Instant
	hops    int64 // returned so far
	sound   Sound // nil once it is over
	silence int   // samples left of the gap before a repetition
	played  bool  // the sound had at least one sample
	err     error // why the stream is dead
}

func (s *playing) load() error {
	sound, err := s.Load()
	if err != nil {
		return fmt.Errorf("device %s: %w", s.Name, err)
	}
	s.sound, s.played = sound, false
	return nil
}

// Identity implements Stream.
func (s *playing) Identity() string { return s.Name }

// Close implements Stream.
func (s *playing) Close(*rt.Task) {
	s.unload()
	s.err = rt.ErrClosed
}

func (s *playing) unload() {
	if s.sound != nil {
		_ = s.sound.Close() // nothing was written
		s.sound = nil
	}
}

// Read implements Stream.
func (s *playing) Read(t *rt.Task, pcm *[HopSamples]int16, until rt.Instant) error {
	if s.err != nil {
		return s.err
	}
	if err := s.wait(t, until); err != nil {
		return err
	}
	n, err := s.fill(pcm[:])
	if err != nil {
		s.unload()
		s.err = err
		return err
	}
	clear(pcm[n:])
	s.hops++
	return nil
}

// wait sleeps until the next hop is due.
func (s *playing) wait(t *rt.Task, until rt.Instant) error {
	due := s.start.Add(time.Duration(s.hops+1) * HopTime)
	now := t.Now()
	switch {
	case t.Stopping():
		return rt.ErrStopped
	case s.Fast || now >= due:
		return nil
	case until >= due:
		return t.Sleep(due.Sub(now))
	}
	if err := t.Sleep(until.Sub(now)); err != nil {
		return err
	}
	return rt.ErrTimeout
}

// fill returns the number of samples it had; fewer than a hop only where the sound stops for good.
func (s *playing) fill(pcm []int16) (n int, err error) {
	for n < len(pcm) {
		switch {
		case s.silence > 0:
			k := min(s.silence, len(pcm)-n)
			clear(pcm[n : n+k])
			s.silence -= k
			n += k
		case s.sound != nil:
			k, err := s.sound.Read(pcm[n:])
			n += k
			s.played = s.played || k > 0
			if err != nil && !errors.Is(err, io.EOF) {
				return 0, fmt.Errorf("device %s: %w", s.Name, err)
			}
			if err != nil {
				s.unload()
				if s.End == EndLoop {
					s.silence = int(s.Gap * Rate / time.Second)
				}
			}
		case s.End == EndLoop:
			if !s.played {
				return 0, fmt.Errorf("device %s: the sound is empty, there is nothing to repeat", s.Name)
			}
			if err := s.load(); err != nil {
				return 0, err
			}
		case s.End == EndSilence:
			clear(pcm[n:])
			return len(pcm), nil
		case n == 0:
			return 0, ErrEnded
		default:
			return n, nil
		}
	}
	return n, nil
}
