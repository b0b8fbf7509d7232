package api

import (
	"context"
	"time"

	"orac/appliance/status"
	"orac/web/schema"
)

// Orders are the commands to the appliance itself, whoever gives them.
type Orders interface {
	// Mute mutes a listener, or all; Unmute ends the mute of one, or all mutes.
	Mute(ctx context.Context, r status.MuteRequest) (status.Muting, error)
	Unmute(ctx context.Context, r status.MuteRequest) (status.Muting, error)
	// Restart begins a restart and returns before it.
	Restart(ctx context.Context, by string) (status.Restarting, error)
}

// MuteInput says who is muted, and for how long.
type MuteInput struct {
	Seconds  int    `json:"seconds,omitempty" check:"min=0;max=604800" doc:"How long, at most a week. 0: until somebody unmutes it."`
	Listener string `json:"listener,omitempty" check:"pattern=name" doc:"The listener; all of them without it."`
}

func (in MuteInput) target() string { return muted(in.Listener) }

// UnmuteInput says who listens again.
type UnmuteInput struct {
	Listener string `query:"listener" check:"pattern=name" doc:"The listener; all of them without it."`
}

func (in UnmuteInput) target() string { return muted(in.Listener) }

// muted names what is muted in the audit log.
func muted(listener string) string {
	if listener == "" {
		return "all listeners"
	}
	return "listener." + listener
}

func mute(c *Call, in MuteInput) (status.Muting, error) {
	r := status.MuteRequest{Listener: in.Listener, For: time.Duration(in.Seconds) * time.Second, By: c.Who.Subject()}
	out, err := c.Server.o.App.Orders.Mute(c.Context(), r)
	c.orders(out, err)
	return out, err
}

func unmute(c *Call, in UnmuteInput) (status.Muting, error) {
	out, err := c.Server.o.App.Orders.Unmute(c.Context(), status.MuteRequest{Listener: in.Listener, By: c.Who.Subject()})
	c.orders(out, err)
	return out, err
}

// orders notes in the audit log what is muted now.
func (c *Call) orders(out status.Muting, err error) {
	if err == nil {
		c.Changed(nil, map[string]any{"muted": out.Muted})
	}
}

func restart(c *Call, _ schema.None) (status.Restarting, error) {
	return c.Server.o.App.Orders.Restart(c.Context(), c.Who.Subject())
}
