package library

import (
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	// TracePrefix is before each line of the library's log: they help to debug a worker, and are not errors.
	TracePrefix = "audio library: "

	quietLines  = 20          // that are passed on at once
	quietRefill = time.Second // and one more after each of these
)

// QuietLog limits how much of the audio library's log is passed on: when a server goes away the library can write
// without end.
type QuietLog struct {
	mu    sync.Mutex // guards the fields below; the library calls from its own threads
	w     io.Writer
	room  int
	since time.Time // when room last grew
	lost  int
}

// NewQuietLog makes a log that is passed on to w.
func NewQuietLog(w io.Writer) *QuietLog { return &QuietLog{w: w, room: quietLines, since: time.Now()} }

// Line passes a line on, if there was not too much.
func (q *QuietLog) Line(s string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if grown := int(time.Since(q.since) / quietRefill); grown > 0 {
		q.room = min(q.room+grown, quietLines)
		q.since = time.Now()
	}
	if q.room == 0 {
		q.lost++
		return
	}
	q.room--
	if q.lost > 0 {
		fmt.Fprintf(q.w, "%s(%d lines left out)\n", TracePrefix, q.lost)
		q.lost = 0
	}
	if len(s) == 0 || s[len(s)-1] != '\n' {
		s += "\n"
	}
	_, _ = io.WriteString(q.w, TracePrefix+s) // there is nowhere else to report it
}
