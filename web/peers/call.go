package peers

import (
	"context"
	"errors"
	"net/http"
	"time"

	"orac/web/auth"
	"orac/web/gate"
	"orac/web/schema"
)

// Call is one request to a server.
type Call struct {
	gate.Call
	Settings *Settings // as they were when the request came
	Begun    time.Time

	server *Server
	route  Route
}

// Legacy tells whether the caller gets the answers of the existing service.
func (c *Call) Legacy() bool { return c.Who.Kind == auth.Peer }

// JSON answers with a value.
func (c *Call) JSON(status int, v any) error { return JSON(&c.Call, status, v) }

// refuse answers with an error: as a problem document, or as the existing service does.
func (c *Call) refuse(err error) {
	p := c.server.Problem(c, err)
	if !c.Legacy() || c.Sent {
		c.Fail(p)
		return
	}
	FailAsBefore(&c.Call, p)
}

// Read returns the body of a request, which is held while it comes.
func (c *Call) Read(room *Hold) ([]byte, error) {
	body, err := room.Read(c.R.Body)
	if err == nil {
		return body, nil
	}
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return nil, err
	}
	if _, full := errors.AsType[*schema.Problem](err); full {
		return nil, err
	}
	return nil, schema.Because(schema.Unusable, err, "The body broke off.")
}

// Answering ends the time of the request, which has arrived, and begins that of the answer. The context ends with it, or when the peer
// goes.
func (c *Call) Answering(most time.Duration) (context.Context, context.CancelFunc) {
	control := http.NewResponseController(c.W)
	_ = control.SetReadDeadline(time.Time{}) // only a test's writer has no deadlines
	_ = control.SetWriteDeadline(time.Now().Add(most + time.Second))
	return context.WithTimeout(c.Base, most)
}
