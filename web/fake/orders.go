package fake

import (
	"context"
	"slices"
	"time"

	"orac/appliance/status"
)

// Mute implements api.Orders.
func (f *Appliance) Mute(_ context.Context, r status.MuteRequest) (status.Muting, error) {
	f.Mu.Lock()
	defer f.Mu.Unlock()
	if f.Refuses != nil {
		return status.Muting{}, f.Refuses
	}
	now := time.Now()
	m := status.Mute{Listener: r.Listener, By: r.By, Since: now}
	if r.For > 0 {
		m.Until = now.Add(r.For)
	}
	f.Muted = append(slices.DeleteFunc(f.Muted, func(m status.Mute) bool { return m.Listener == r.Listener }), m)
	return status.Muting{Muted: slices.Clone(f.Muted)}, nil
}

// Unmute implements api.Orders.
func (f *Appliance) Unmute(_ context.Context, r status.MuteRequest) (status.Muting, error) {
	f.Mu.Lock()
	defer f.Mu.Unlock()
	f.Muted = slices.DeleteFunc(f.Muted, func(m status.Mute) bool { return r.Listener == "" || m.Listener == r.Listener })
	return status.Muting{Muted: append([]status.Mute{}, f.Muted...)}, f.Refuses
}

// Restart implements api.Orders.
func (f *Appliance) Restart(_ context.Context, by string) (status.Restarting, error) {
	f.Mu.Lock()
	defer f.Mu.Unlock()
	f.Restarts = append(f.Restarts, by)
	return status.Restarting{PID: 4711, Note: "ORAC starts again"}, f.Refuses
}
