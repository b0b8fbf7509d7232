package control

import (
	"context"
	"net/http"
	"strconv"

	"orac/appliance/record"
	"orac/appliance/status"
	"orac/web/acts"
)

// Historian is a daemon that keeps a history.
type Historian interface {
	// Heard returns what was recorded, with the commands that came of it, and the latest commands: at most limit of each, newest first.
	Heard(limit int) ([]record.Told, []record.Command, error)
}

// Heard implements Historian.
func (a Audited) Heard(limit int) ([]record.Told, []record.Command, error) {
	if h, ok := a.Daemon.(Historian); ok {
		return h.Heard(limit)
	}
	return nil, nil, &status.Refusal{Code: status.Unknown, Message: "this appliance keeps no history"}
}

func (h *handler) history(w http.ResponseWriter, r *http.Request) {
	limit, err := limitOf(r)
	if err == nil && h.historian == nil {
		err = &status.Refusal{Code: status.Unknown, Message: "this appliance keeps no history"}
	}
	if err != nil {
		fail(w, err)
		return
	}
	told, commands, err := h.historian.Heard(limit)
	respond(w, acts.HeardOf(told, commands, limit), err)
}

// History returns the latest of what was heard and done, the oldest first.
func (c *Client) History(ctx context.Context, limit int) (list []acts.Heard, err error) {
	return list, c.quick(ctx, "history?limit="+strconv.Itoa(limit), &list)
}
