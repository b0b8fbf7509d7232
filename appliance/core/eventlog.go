package core

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"

	"orac/appliance/event"
	"orac/appliance/rt"
)

// write writes the log of events.
func (m *Monitor) write(t *rt.Task) error {
	for {
		e, err := m.Logged.Recv(t, rt.Never)
		if err != nil {
			return err
		}
		level := slog.LevelInfo
		switch e.Body.(type) {
		case event.DeviceLost, event.NodeFailed, event.NodeLeaked, event.Dropped, event.WebhookDropped:
			level = slog.LevelError
		case event.DeliveryFailed, event.DeliveryRepeated, event.Overrun, event.StoreFailed, event.WebhookFailed, event.WebhookAside, event.ClockJumped:
			level = slog.LevelWarn
		case event.WebhookTaken:
			level = slog.LevelDebug
		}
		m.Slog.LogAttrs(context.Background(), level, e.Body.Kind(), attrs(e)...)
	}
}

// attrs are the fields of an event for the log. They leave out what was said in the room: that is kept in the history,
// which has a retention.
func attrs(e event.Event) []slog.Attr {
	if d, ok := e.Body.(event.Delivered); ok {
		d.Text = ""
		e.Body = d
	}
	list := []slog.Attr{slog.String("node", e.Node)}
	fields := map[string]any{}
	if b, err := json.Marshal(e.Body); err != nil || json.Unmarshal(b, &fields) != nil {
		return list // the kind says what happened
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if v := fields[name]; v != "" && name != "stack" && name != "evidence" {
			list = append(list, slog.Any(name, v))
		}
	}
	return list
}
