package node

import (
	"errors"
	"io"

	"orac/appliance/play"
	"orac/appliance/rt"
)

const (
	ahead     = 50 // frames that are read before they are needed: a second
	prebuffer = 5  // frames that must be there before a sound from elsewhere begins: the network is uneven
)

// playing is a sound that a Player plays. It is the play.Track of its mixer.
type playing struct {
	Play
	asked  rt.Instant
	begun  bool
	began  rt.Instant
	paused bool

	frames *rt.Mailbox[*play.Frame] // of the task; nil for a sound in memory
	task   *rt.Task                 // reads it; nil: nothing is left to read
	held   bool                     // it must be some frames ahead before it begins
	next   int                      // frame in memory
	dry    bool                     // it had none when it was asked
	fed    rt.Instant               // when the last one came
	err    error                    // why it ended early
	gave   bool                     // it was given up
	failed *rt.Cell[error]
	t      *rt.Task // of the player
}

// begin starts to read it, unless it is in memory.
func (s *playing) begin(t *rt.Task, open play.Opener, news *rt.Mailbox[struct{}]) {
	if s.t = t; s.Source.Frames != nil {
		return
	}
	s.frames, s.failed = rt.NewPatientMailbox[*play.Frame]("sound", ahead), &rt.Cell[error]{}
	s.held = s.Source.File == ""
	source, frames, failed := s.Source, s.frames, s.failed
	s.task = t.Go("sound", func(t *rt.Task) error {
		err := read(t, open, source, frames, news)
		failed.Take(rt.NewCell(err))
		frames.Close(t)
		news.TrySend(t, struct{}{})
		return nil
	})
}

// read carries a sound's frames to its mailbox.
func read(t *rt.Task, open play.Opener, source play.Source, to *rt.Mailbox[*play.Frame], news *rt.Mailbox[struct{}]) error {
	from, err := open(t, source)
	if err != nil {
		return err
	}
	defer from.Close()
	for {
		frame := &play.Frame{}
		n, err := from.Read(t, frame)
		if n > 0 {
			if err := to.Send(t, frame); err != nil {
				return err
			}
			news.TrySend(t, struct{}{})
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Next implements play.Track.
func (s *playing) Next() (*play.Frame, bool) {
	if s.frames == nil {
		if s.gave || s.next >= len(s.Source.Frames) {
			return nil, true
		}
		s.next++
		return &s.Source.Frames[s.next-1], s.next == len(s.Source.Frames)
	}
	if s.gave {
		return nil, true
	}
	closed := s.frames.Closed()
	if s.held = s.held && !closed && s.frames.Stats().Len < prebuffer; s.held {
		s.dry = true
		return nil, false
	}
	f, ok := s.frames.TryRecv(s.t)
	if ok {
		s.dry, s.fed = false, s.t.Now()
		return f, false
	}
	if closed {
		s.err, s.task = s.failed.Get(), nil
		return nil, true
	}
	if !s.dry {
		s.dry, s.fed = true, s.t.Now()
	}
	return nil, false
}

// fail gives the sound up.
func (s *playing) fail(err error) { s.err, s.gave = err, true }

// end stops reading it.
func (s *playing) end(t *rt.Task) {
	if s.task != nil {
		s.task.Stop()
		s.frames.Close(t)
	}
	if x := s.Source.Stream; x != nil {
		x.Chunks.Close(t) // whoever writes it learns that nobody plays it any more
	}
}
