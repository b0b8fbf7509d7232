package control

import (
	"context"
	"io"
	"net/http"
	"time"

	"orac/appliance/act"
	"orac/appliance/status"
	"orac/web/audit"
)

// Actor is a daemon that acts on texts. The topic "" is its only one.
type Actor interface {
	Ask(ctx context.Context, r act.Request) (act.Answer, error)
}

// noActor is the answer of a daemon that acts on nothing.
var noActor = &status.Refusal{Code: status.Unknown, Message: "this appliance acts on no texts"}

// Ask implements Actor. A dry run is not recorded.
func (a Audited) Ask(ctx context.Context, r act.Request) (act.Answer, error) {
	actor, ok := a.Daemon.(Actor)
	if !ok {
		return act.Answer{}, noActor
	}
	if r.DryRun {
		return actor.Ask(ctx, r)
	}
	ended, err := a.begin(ctx, &audit.Record{Action: "command.ask", Target: r.Topic})
	if err != nil {
		return act.Answer{}, err
	}
	answer, err := actor.Ask(ctx, r)
	ended(err)
	return answer, err
}

func (h *handler) ask(w http.ResponseWriter, r *http.Request) {
	var ask act.Request
	if err := read(w, r, &ask); err != nil {
		fail(w, err)
		return
	}
	if h.actor == nil {
		fail(w, noActor)
		return
	}
	// A command and its proof can take longer than one write may.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	a, err := h.actor.Ask(h.by(r), ask)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(h.patience))
	respond(w, a, err)
}

// Ask has the appliance act on a text.
func (c *Client) Ask(ctx context.Context, r act.Request) (a act.Answer, err error) {
	return a, c.ask(ctx, http.MethodPost, "ask", r, func(body io.Reader) error { return decode(body, &a) })
}
