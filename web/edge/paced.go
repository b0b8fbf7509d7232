package edge

import (
	"io"
	"net/http"
	"time"
)

// Paced writes a possibly long answer in pieces, each with its own deadline: a slow reader has time, and one that reads nothing
// is dropped.
type Paced struct {
	w   io.Writer
	due Deadline
}

// streamWrite is the deadline of one write: a client that takes longer is dropped.
const streamWrite = 10 * time.Second

// piece is how many bytes have to be read within streamWrite.
const piece = 64 << 10

// NewPaced returns a writer of long answers.
func NewPaced(w http.ResponseWriter) *Paced {
	return &Paced{w, NewDeadline(http.NewResponseController(w).SetWriteDeadline)}
}

// Write implements io.Writer.
func (p *Paced) Write(text []byte) (n int, err error) {
	for len(text) > 0 && err == nil {
		var m int
		p.due.Renew()
		m, err = p.w.Write(text[:min(piece, len(text))])
		n, text = n+m, text[m:]
	}
	return n, err
}

// Deadline is the deadline of a stream's next write. It is renewed once a second instead of for each write.
type Deadline struct {
	set  func(time.Time) error
	last time.Time
}

// NewDeadline returns the deadline of writes to a connection; set sets it.
func NewDeadline(set func(time.Time) error) Deadline { return Deadline{set: set} }

// Renew gives the next write its time.
func (d *Deadline) Renew() {
	if now := time.Now(); d.last.IsZero() || now.Sub(d.last) >= time.Second {
		d.last = now
		_ = d.set(now.Add(streamWrite)) // only a test's writer has no deadlines
	}
}
