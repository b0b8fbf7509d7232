package playback

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"orac/appliance/audio/library"
	"orac/appliance/audio/workers"
	"orac/appliance/child"
	"orac/appliance/incident/evidence"
	"orac/appliance/play"
	"orac/appliance/rt"
)

const (
	// DefaultStartTimeout is how long a worker has to open its device.
	DefaultStartTimeout = 2 * time.Second

	closeAsked = 150 * time.Millisecond // for a worker that was asked to end
	writeTime  = 20 * time.Millisecond  // for a frame to go into the pipe, which has room for many
)

// Spec says what to play at, and how.
type Spec struct {
	library.Selector
	// Backend is "pulse", "alsa", or empty for the first that answers.
	Backend string
	// StartTimeout bounds Open and List; 0 is DefaultStartTimeout.
	StartTimeout time.Duration
	// Look is how often the worker checks whether the device is still listed; 0 means once a second.
	Look time.Duration
	// Rest is how long the device goes on without sound; 0 means 10 s.
	Rest time.Duration
	// Worker is the command to run, without the worker's own arguments; empty is this program's playback-worker command.
	Worker []string
	// Env is added to the worker's environment.
	Env []string
}

func (s Spec) timeout() time.Duration {
	if s.StartTimeout > 0 {
		return s.StartTimeout
	}
	return DefaultStartTimeout
}

func (s Spec) start(common workers.Options) (*child.Process, error) {
	common.Backend, common.Look = s.Backend, s.Look
	o := options{Options: common, rest: s.Rest}
	return child.Start(child.Spec{
		Name: Command, What: "the playback worker", Command: s.Worker, Args: o.args(), Noise: library.TracePrefix,
		Env: append(append(os.Environ(), "GOMAXPROCS=1", "GOTRACEBACK=single"), s.Env...),
	})
}

// Speaker is a loudspeaker. It is used by one task at a time.
//
// It stays with the backend that it opened first, and, if no device was named, with the device that was the default at that time.
type Speaker struct{ spec Spec }

// New makes a speaker; nothing is opened yet.
func New(s Spec) *Speaker { return &Speaker{s} }

// Open implements play.Speaker.
func (s *Speaker) Open(t *rt.Task) (play.Output, error) {
	until := t.Now().Add(s.spec.timeout())
	p, err := s.spec.start(workers.Options{Selector: s.spec.Selector})
	if err != nil {
		return nil, err
	}
	o := &output{Process: p, hello: rt.NewMailbox[hello]("playback hello", 1), played: rt.NewMailbox[uint64]("playback", 2*play.Lead)}
	o.to = newFrameWriter(toWorker, p.Stdin)
	o.task = t.Go("playback", o.pump)
	if err := s.await(t, o, until); err != nil {
		o.Close(t)
		return nil, fmt.Errorf("speaker (%s): %w", s.spec.Words(library.Speakers), err)
	}
	s.spec.Backend = o.device.Backend
	if s.spec.Selector == (library.Selector{}) {
		s.spec.Selector = library.Chosen(o.device.Identity)
	}
	return o, nil
}

// await waits for the worker's hello.
func (s *Speaker) await(t *rt.Task, o *output, until rt.Instant) error {
	h, err := o.hello.Recv(t, until)
	switch {
	case errors.Is(err, rt.ErrClosed):
		return o.death
	case errors.Is(err, rt.ErrTimeout):
		return fmt.Errorf("it did not open within %s: the device or the audio server hangs; ORAC tries again, "+
			"and orac devices lists what answers: %w", s.spec.timeout(), err)
	case err != nil:
		return err
	case !s.spec.Fits(h.Device) || s.spec.Backend != "" && h.Device.Backend != s.spec.Backend:
		return fmt.Errorf("%w: %s", library.Speakers.Wrong, h.Device)
	case h.Rate < 1 || h.Channels < 1:
		return fmt.Errorf("%s takes %d samples a second in %d channels: %w", h.Device, h.Rate, h.Channels, child.ErrGarbage)
	}
	o.device = h.Device
	return nil
}

// Check tells whether the device is there, without opening it.
func (s *Speaker) Check(t *rt.Task) error {
	l, err := List(t, s.spec)
	if err != nil {
		return err
	}
	backend := s.spec.Backend
	if backend == "" && len(l.Backends) > 0 {
		backend = l.Backends[0] // as the worker chooses
	}
	_, _, err = s.spec.Find(library.Speakers, backend, l.Devices)
	return err
}

// output is an open speaker: a worker, and the task that reads from it.
type output struct {
	*child.Process
	task   *rt.Task
	hello  *rt.Mailbox[hello]
	played *rt.Mailbox[uint64]
	to     *frameWriter
	death  error // why the worker ended; set before the mailboxes close
	device library.Device
}

// pump carries what the worker says to the mailboxes, until the worker ends or the task is stopped.
func (o *output) pump(t *rt.Task) error {
	defer o.hello.Close(t)
	defer o.played.Close(t)
	o.death = o.Attend(t, o.carry)
	return nil
}

// carry returns the reason why there is nothing more to carry; io.EOF if the worker just ended.
func (o *output) carry(t *rt.Task) error {
	last := uint64(0)
	frames := &child.Reader{Protocol: fromWorker, R: o.Stdout}
	return workers.Carry(library.Speakers, frames, kindTaken, func(h hello) { o.hello.TrySend(t, h) }, func(payload []byte) error {
		count := binary.LittleEndian.Uint64(payload)
		if count <= last || count > last+uint64(len(ring{}.slots)) {
			return fmt.Errorf("%w: %d frames were taken after %d", child.ErrGarbage, count, last)
		}
		last = count
		o.played.Push(t, count)
		return nil
	})
}

// Write implements play.Output.
func (o *output) Write(_ *rt.Task, f *play.Frame) error {
	_ = o.Stdin.SetWriteDeadline(time.Now().Add(writeTime)) // pipes have deadlines
	if err := o.to.frame(f); err != nil {
		return fmt.Errorf("speaker %s does not take its sound: %w", o.device, err)
	}
	return nil
}

// Played implements play.Output.
func (o *output) Played() *rt.Mailbox[uint64] { return o.played }

// Err implements play.Output.
func (o *output) Err() error { return fmt.Errorf("speaker %s: %w", o.device, o.death) }

// Identity implements play.Output.
func (o *output) Identity() string { return o.device.Identity }

// Evidence describes the state of the worker and of this process, for an incident.
func (o *output) Evidence() string { return evidence.Collect(o.PID(), nil) }

// Close implements play.Output. It takes at most 350 ms. A worker that hangs in the kernel, so that even SIGKILL does not end it, keeps the
// task that owns the output from ending: nothing else opens the device.
func (o *output) Close(t *rt.Task) { workers.Close(t, o.Process, o.task, closeAsked) }
