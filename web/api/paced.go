package api

import (
	"io"
	"net/http"

	"orac/web/auth"
)

// paced writes an answer that may be long in pieces, each of which has a deadline of its own: who reads slowly has time, and who
// reads nothing is dropped.
type paced struct {
	w   io.Writer
	due deadline
}

// piece is what has to be read within streamWrite.
const piece = 64 << 10

func newPaced(w http.ResponseWriter) *paced {
	return &paced{w, deadline{set: http.NewResponseController(w).SetWriteDeadline}}
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

// maxReports is how many reports are sent at a time: each is in memory meanwhile, up to 32 MiB. One is kept for admins.
const maxReports = 3

// sendReport writes one with the headers that it has, unless too many are being sent. Who is no admin gets it veiled.
func (c *Call) sendReport(read func() ([]byte, error), veiled func(*veil, []byte) ([]byte, error), headers func(h http.Header, text []byte)) error {
	if !c.Server.reports.take(c.Who, maxReports, 1) {
		return Fail(Unavailable, "Too many reports are being sent, in all or to you. Try again soon.")
	}
	defer c.Server.reports.leave(c.Who)
	text, err := read()
	if err != nil {
		return simulationProblem(err)
	}
	if c.Who.Role != auth.Admin {
		if text, err = veiled(c.Server.set.Load().veil, text); err != nil {
			return err
		}
	}
	w := c.Streaming()
	headers(w.Header(), text)
	_, _ = newPaced(w).Write(text) // a client that goes needs nothing
	return nil
}
