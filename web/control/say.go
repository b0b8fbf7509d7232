package control

import (
	"context"
	"io"
	"net/http"
	"time"

	"orac/appliance/status"
	"orac/web/audit"
)

// Sayer is a daemon that has texts spoken.
type Sayer interface {
	Say(ctx context.Context, r status.SayRequest) (status.Said, error)
}

// noSayer is the answer of a daemon that has no voice.
var noSayer = &status.Refusal{Code: status.Unknown, Message: "this appliance says nothing"}

// Say implements Sayer.
func (a Audited) Say(ctx context.Context, r status.SayRequest) (status.Said, error) {
	sayer, ok := a.Daemon.(Sayer)
	if !ok {
		return status.Said{}, noSayer
	}
	ended, err := a.begin(ctx, &audit.Record{Action: "command.say", Target: r.Speaker})
	if err != nil {
		return status.Said{}, err
	}
	said, err := sayer.Say(ctx, r)
	ended(err)
	return said, err
}

func (h *handler) say(w http.ResponseWriter, r *http.Request) {
	var say status.SayRequest
	if err := read(w, r, &say); err != nil {
		fail(w, err)
		return
	}
	if h.sayer == nil {
		fail(w, noSayer)
		return
	}
	// It is heard before it is answered.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	said, err := h.sayer.Say(h.by(r), say)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(h.patience))
	respond(w, said, err)
}

// Say has the appliance say a text.
func (c *Client) Say(ctx context.Context, r status.SayRequest) (said status.Said, err error) {
	return said, c.ask(ctx, http.MethodPost, "say", r, func(body io.Reader) error { return decode(body, &said) })
}
