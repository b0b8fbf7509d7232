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
		m.Slog.LogAttrs(context.Background(), levels[e.Words().Severity], e.Body.Kind(), attrs(e)...)
	}
}

// levels are the levels of the log, by severity.
var levels = [...]slog.Level{
	event.Detail: slog.LevelDebug, event.Plain: slog.LevelInfo, event.Fine: slog.LevelInfo, event.Warning: slog.LevelWarn, event.Failure: slog.LevelError,
}

// attrs are the fields of an event for the log. They leave out what was said in the room: that is kept in the history,
// which has a retention.
func attrs(e event.Event) []slog.Attr {
	list := []slog.Attr{slog.String("node", e.Node)}
	fields := map[string]any{}
	if b, err := json.Marshal(e.Unspoken().Body); err != nil || json.Unmarshal(b, &fields) != nil {
		return list // the kind says what happened
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if v := fields[name]; v != "" && name != "stack" && name != "evidence" {
			list = append(list, slog.Any(name, v))
		}
	}
	return list
}
