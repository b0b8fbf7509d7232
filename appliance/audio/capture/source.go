package capture

import (
	"errors"
	"fmt"
	"os"
	"time"

	"orac/appliance/audio"
	"orac/appliance/audio/library"
	"orac/appliance/audio/workers"
	"orac/appliance/child"
	"orac/appliance/rt"
)

const (
	// DefaultStartTimeout is how long a worker has for its first hop.
	DefaultStartTimeout = 2 * time.Second

	closeAsked = 100 * time.Millisecond // for a worker that was asked to end
	buffered   = 32                     // hops that wait for a reader: 2.5 s
)

// Spec says what to record from, and how.
type Spec struct {
	Selector
	// Backend is "pulse", "alsa", or empty for the first that answers.
	Backend string
	// Channels is how many to record and average; 0 means 1.
	Channels int
	// Channel lists the channels that are averaged, from 0. If it lists any, the device is opened with all its channels, as they
	// are, and Channels, if it is more than 1, must be that number.
	Channel []int
	// StartTimeout bounds Open and List; 0 is DefaultStartTimeout.
	StartTimeout time.Duration
	// Look is how often the worker checks whether the device is still listed; 0 means once a
	// second.
	Look time.Duration
	// Worker is the command to run, without the worker's own arguments; empty is this program's capture-worker command.
	Worker []string
	// Env is added to the worker's environment; Dir is its working directory, empty for the current one.
	Env []string
	Dir string
}

func (s Spec) timeout() time.Duration {
	if s.StartTimeout > 0 {
		return s.StartTimeout
	}
	return DefaultStartTimeout
}

func (s Spec) start(common workers.Options) (*child.Process, error) {
	common.Backend, common.Look = s.Backend, s.Look
	o := options{Options: common, channels: max(s.Channels, 1), channel: s.Channel}
	return child.Start(child.Spec{
		Name: command, What: "the capture worker", Command: s.Worker, Args: o.args(), Dir: s.Dir, Noise: library.TracePrefix,
		// One thread for Go is enough. A crash inside the library is reported briefly.
		Env: append(append(os.Environ(), "GOMAXPROCS=1", "GOTRACEBACK=single"), s.Env...),
	})
}

// Source is a microphone. It is used by one task at a time.
//
// It stays with the backend that it opened first, and, if no device was named, with the device that was the default at
// that time: while that device is away, Open fails, whatever other devices there are.
type Source struct {
	spec Spec
}

// New makes a source; nothing is opened yet.
func New(s Spec) *Source { return &Source{s} }

// Open implements audio.Source. When it returns a stream, the first hop has arrived.
func (s *Source) Open(t *rt.Task) (audio.Stream, error) {
	until := t.Now().Add(s.spec.timeout())
	p, err := s.spec.start(workers.Options{Selector: s.spec.Selector})
	if err != nil {
		return nil, err
	}
	st := &stream{
		Process: p,
		hello:   rt.NewMailbox[hello]("capture hello", 1),
		hops:    rt.NewMailbox[hop]("capture", buffered),
	}
	st.task = t.Go("capture", st.pump)
	if err := s.await(t, st, until); err != nil {
		st.Close(t)
		return nil, fmt.Errorf("microphone (%s): %w", s.spec.Words(library.Microphones), err)
	}
	s.spec.Backend = st.device.Backend
	if s.spec.Selector == (Selector{}) {
		s.spec.Selector = library.Chosen(st.device.Identity)
	}
	return st, nil
}

// await waits for the worker's hello and its first hop.
func (s *Source) await(t *rt.Task, st *stream, until rt.Instant) error {
	h, err := st.hello.Recv(t, until)
	if err == nil {
		st.device = h.Device
		if err := s.check(h); err != nil {
			return err
		}
		_, err = rt.Select(t, until, st.hops)
		if err == nil && st.hops.Stats().Len == 0 {
			err = rt.ErrClosed
		}
	}
	switch {
	case errors.Is(err, rt.ErrClosed):
		return st.death
	case errors.Is(err, rt.ErrTimeout):
		return fmt.Errorf("no sound within %s of its start: the device or the audio server hangs; ORAC tries again, "+
			"and orac devices lists what answers: %w", s.spec.timeout(), err)
	}
	return err
}

// check makes sure that the worker opened what it was told to.
func (s *Source) check(h hello) error {
	if !s.spec.Fits(h.Device) || s.spec.Backend != "" && h.Device.Backend != s.spec.Backend {
		return fmt.Errorf("%w: %s", ErrWrongSource, h.Device)
	}
	if h.Rate != audio.Rate {
		return fmt.Errorf("%s delivers %d samples a second instead of %d", h.Device, h.Rate, audio.Rate)
	}
	return nil
}
