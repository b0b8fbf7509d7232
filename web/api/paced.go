package api

import (
	"io"
	"net/http"
	"time"
)

// paced writes a possibly long answer in pieces, each with its own deadline: a slow reader has time, and one that reads nothing
// is dropped.
type paced struct {
	w   io.Writer
	due deadline
}

// streamWrite is the deadline of one write: a client that takes longer is dropped.
const streamWrite = 10 * time.Second

// piece is how many bytes have to be read within streamWrite.
const piece = 64 << 10

func newPaced(w http.ResponseWriter) *paced {
	return &paced{w, newDeadline(http.NewResponseController(w).SetWriteDeadline)}
}

// Write implements io.Writer.
func (p *paced) Write(text []byte) (n int, err error) {
	for len(text) > 0 && err == nil {
		var m int
		p.due.renew()
		m, err = p.w.Write(text[:min(piece, len(text))])
		n, text = n+m, text[m:]
	}
	return n, err
}

// deadline is the deadline of a stream's next write. It is renewed once a second instead of for each write.
type deadline struct {
	set  func(time.Time) error
	last time.Time
}

// newDeadline returns the deadline of writes to a connection; set sets it.
func newDeadline(set func(time.Time) error) deadline { return deadline{set: set} }

// renew gives the next write its time.
func (d *deadline) renew() {
	if now := time.Now(); d.last.IsZero() || now.Sub(d.last) >= time.Second {
		d.last = now
		_ = d.set(now.Add(streamWrite)) // only a test's writer has no deadlines
	}
}
