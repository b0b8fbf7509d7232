package control

import (
	"context"
	"io"
	"net/http"
	"time"

	"orac/appliance/status"
	"orac/web/audit"
)

// Commanded is a daemon that takes orders about itself.
type Commanded interface {
	Mute(ctx context.Context, r status.MuteRequest) (status.Muting, error)
	Unmute(ctx context.Context, r status.MuteRequest) (status.Muting, error)
	// Restart begins a restart and returns before it.
	Restart(ctx context.Context, by string) (status.Restarting, error)
}

// Mute implements Daemon.
func (a Audited) Mute(ctx context.Context, r status.MuteRequest) (status.Muting, error) {
	return ordered(ctx, a, "mute", who(r.Listener), func() (status.Muting, error) { return a.Daemon.Mute(ctx, r) })
}

// Unmute implements Daemon.
func (a Audited) Unmute(ctx context.Context, r status.MuteRequest) (status.Muting, error) {
	return ordered(ctx, a, "unmute", who(r.Listener), func() (status.Muting, error) { return a.Daemon.Unmute(ctx, r) })
}

// Restart implements Daemon.
func (a Audited) Restart(ctx context.Context, by string) (status.Restarting, error) {
	return ordered(ctx, a, "restart", "", func() (status.Restarting, error) { return a.Daemon.Restart(ctx, by) })
}

// who names what is muted in the audit log.
func who(listener string) string {
	if listener == "" {
		return "all listeners"
	}
	return "listener." + listener
}

func ordered[T any](ctx context.Context, a Audited, action, target string, do func() (T, error)) (out T, err error) {
	ended, err := a.begin(ctx, &audit.Record{Action: action, Target: target})
	if err != nil {
		return out, err
	}
	out, err = do()
	ended(err)
	return out, err
}

func (h *handler) mute(w http.ResponseWriter, r *http.Request)   { h.muting(w, r, h.commanded.Mute) }
func (h *handler) unmute(w http.ResponseWriter, r *http.Request) { h.muting(w, r, h.commanded.Unmute) }

func (h *handler) muting(w http.ResponseWriter, r *http.Request, do func(context.Context, status.MuteRequest) (status.Muting, error)) {
	var ask status.MuteRequest
	if err := read(w, r, &ask); err != nil {
		fail(w, err)
		return
	}
	ask.By = origin(r).Who()
	out, err := do(h.by(r), ask)
	respond(w, out, err)
}

func (h *handler) restart(w http.ResponseWriter, r *http.Request) {
	// The program is tried first, which can take longer than one write may.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
	out, err := h.commanded.Restart(h.by(r), origin(r).Who())
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(h.patience))
	respond(w, out, err)
}

// Mute mutes a listener, or all of them.
func (c *Client) Mute(ctx context.Context, r status.MuteRequest) (m status.Muting, err error) {
	return m, c.quickly(ctx, http.MethodPost, "mute", r, &m)
}

// Unmute ends the mute of a listener, or all mutes.
func (c *Client) Unmute(ctx context.Context, r status.MuteRequest) (m status.Muting, err error) {
	return m, c.quickly(ctx, http.MethodPost, "unmute", r, &m)
}

// Restart has the appliance start again.
func (c *Client) Restart(ctx context.Context) (r status.Restarting, err error) {
	return r, c.ask(ctx, http.MethodPost, "restart", nil, func(body io.Reader) error { return decode(body, &r) })
}
