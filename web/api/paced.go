package api

import (
	"io"
	"net/http"

	"orac/web/auth"
)

// paced writes a possibly long answer in pieces, each with its own deadline: a slow reader has time, and one that reads nothing
// is dropped.
type paced struct {
	w   io.Writer
	due deadline
}

// piece is how many bytes have to be read within streamWrite.
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

// maxReports is how many reports are sent at once: each is in memory meanwhile, up to 32 MiB. One place is kept for
// admins.
const maxReports = 3

// sendReport sends a report with its headers, unless too many are being sent. Everybody except admins gets it veiled.
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
	_, _ = newPaced(w).Write(text) // an error means that the client has gone
	return nil
}
