package capture

import (
	"errors"
	"fmt"

	"orac/appliance/audio"
	"orac/appliance/audio/library"
	"orac/appliance/audio/workers"
	"orac/appliance/child"
	"orac/appliance/rt"
)

// stream is an open microphone: a worker, and the task that reads from it.
type stream struct {
	*child.Process
	task   *rt.Task
	hello  *rt.Mailbox[hello]
	hops   *rt.Mailbox[hop]
	death  error // why the worker ended; set before the mailboxes close
	device Device
	next   uint64 // number of the hop after the last one read
	lost   uint64
}

// pump carries what the worker sends to the mailboxes, until the worker ends or the task is stopped. It never waits for
// a reader: without room it drops the oldest hop.
func (s *stream) pump(t *rt.Task) error {
	defer s.hello.Close(t)
	defer s.hops.Close(t)
	s.death = s.Attend(t, s.carry)
	return nil
}

// carry returns the reason why there is nothing more to carry; io.EOF if the worker just ended.
func (s *stream) carry(t *rt.Task) error {
	var sound hop
	return workers.Carry(library.Microphones, reader(s.Stdout), kindHop, func(h hello) { s.hello.TrySend(t, h) }, func(payload []byte) error {
		parseHop(payload, &sound)
		s.hops.Push(t, sound)
		return nil
	})
}

// Read implements audio.Stream.
func (s *stream) Read(t *rt.Task, pcm *[audio.HopSamples]int16, until rt.Instant) error {
	h, err := s.hops.Recv(t, until)
	if errors.Is(err, rt.ErrClosed) {
		return fmt.Errorf("microphone %s: %w", s.device, s.death)
	}
	if err != nil {
		return err
	}
	if h.seq > s.next {
		s.lost += h.seq - s.next
	}
	s.next = h.seq + 1
	*pcm = h.pcm
	return nil
}

// Lost is how many hops were lost before the last one that Read returned, because the worker or the reader was
// behind. A higher number than before means a break in the sound.
func (s *stream) Lost() uint64 { return s.lost }

// Device is the open device.
func (s *stream) Device() Device { return s.device }

// Identity implements audio.Stream.
func (s *stream) Identity() string { return s.device.Identity }

// Close implements audio.Stream. It takes at most 300 ms. A worker that hangs in the kernel, so that even SIGKILL does not
// end it, keeps the task that owns the stream from ending: nothing else opens the device.
func (s *stream) Close(t *rt.Task) { workers.Close(t, s.Process, s.task, closeAsked) }
