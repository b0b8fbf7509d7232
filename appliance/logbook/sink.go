package logbook

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"orac/appliance/status"
)

// Sink writes lines of a book to a writer. It is a reader like any other: a writer that hangs blocks nobody else.
type Sink struct {
	Book   *Book
	Out    io.Writer
	Format func(status.LogLine) string // nil: Human

	lost uint64 // lines lost since the last one that could be written
	last atomic.Uint64
}

// batch is the number of lines that are taken at once.
const batch = 100

// Run writes lines as they arrive, starting after the given line number. When ctx ends, it writes what was logged before, and
// returns. A line is lost when the writer fails; when it works again, a line that says how many were lost follows.
func (s *Sink) Run(ctx context.Context, after uint64) {
	if s.Format == nil {
		s.Format = Human
	}
	s.last.Store(after)
	for {
		over := s.Book.Wait(ctx, after) != nil
		for until := s.Book.Last(); after < until; {
			lines, missed := s.Book.Since(after, batch)
			s.lost += missed
			for _, l := range lines {
				s.write(l)
				after = l.Seq
				s.last.Store(after)
			}
		}
		if over {
			return
		}
	}
}

func (s *Sink) write(l status.LogLine) {
	if s.lost > 0 {
		note := status.LogLine{At: l.At, Level: "WARN", Message: "lines of the log were lost", Attrs: map[string]any{"lines": s.lost}}
		if !s.try(note) {
			s.lost++
			return
		}
		s.lost = 0
	}
	if !s.try(l) {
		s.lost++
	}
}

func (s *Sink) try(l status.LogLine) bool {
	_, err := io.WriteString(s.Out, s.Format(l)+"\n")
	return err == nil
}

// Start runs the sink in a goroutine, beginning with the oldest line that is kept. The returned function ends it: it waits until
// everything logged before is written, but at most for the given time, and tells whether everything was written.
func (s *Sink) Start() (stop func(patience time.Duration) bool) { return s.StartAfter(0) }

// Written returns the number of the last line that was written, or lost for good.
func (s *Sink) Written() uint64 { return s.last.Load() }

// StartAfter is Start for a reader that already has the lines up to a number.
func (s *Sink) StartAfter(after uint64) (stop func(patience time.Duration) bool) {
	s.last.Store(after)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx, after)
	}()
	return func(patience time.Duration) bool {
		cancel()
		timer := time.NewTimer(patience)
		defer timer.Stop()
		select {
		case <-done:
			return true
		case <-timer.C:
			return false // the writer hangs; its goroutine ends with the process, or with the write
		}
	}
}
