package logbook

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"time"

	"orac/appliance/status"
)

// What a line holds at most. More is cut, and said to be.
const (
	maxMessage = 8 << 10
	maxValue   = 4 << 10
	maxAttrs   = 64
)

// handler implements slog.Handler. Groups become a part of the key: "stt.url".
type handler struct {
	book   *Book
	prefix string
	attrs  map[string]any
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.book.level.Level() }

// Handle implements slog.Handler. It never fails.
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	line := status.LogLine{At: r.Time, Level: r.Level.String(), Message: clip(r.Message, maxMessage), Attrs: maps.Clone(h.attrs)}
	r.Attrs(func(a slog.Attr) bool {
		line.Attrs = put(line.Attrs, h.prefix, a, 0)
		return len(line.Attrs) <= maxAttrs
	})
	h.book.add(line)
	return nil
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.attrs = maps.Clone(h.attrs)
	for _, a := range attrs {
		next.attrs = put(next.attrs, h.prefix, a, 0)
	}
	return &next
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	next := *h
	next.prefix += clip(name, 64) + "."
	return &next
}

// maxDepth of groups in groups.
const maxDepth = 8

// put adds an attribute to a map, which it makes if need be.
func put(attrs map[string]any, prefix string, a slog.Attr, depth int) map[string]any {
	v := a.Value.Resolve() // LogValue, and what panics in it, is slog's to handle
	switch {
	case v.Kind() == slog.KindGroup && depth < maxDepth:
		if a.Key != "" {
			prefix += clip(a.Key, 64) + "."
		}
		for _, inner := range v.Group() {
			attrs = put(attrs, prefix, inner, depth+1)
		}
		return attrs
	case a.Key == "" && v.Equal(slog.Value{}):
		return attrs // slog: an empty attribute is ignored
	case len(attrs) >= maxAttrs:
		attrs["…"] = "more attributes than fit"
		return attrs
	}
	if attrs == nil {
		attrs = map[string]any{}
	}
	attrs[prefix+clip(a.Key, 64)] = plain(v)
	return attrs
}

// plain makes a value of what JSON has: numbers and truth as they are, all else as text.
func plain(v slog.Value) any {
	switch v.Kind() {
	case slog.KindBool:
		return v.Bool()
	case slog.KindInt64:
		return v.Int64()
	case slog.KindUint64:
		return v.Uint64()
	case slog.KindFloat64:
		if f := v.Float64(); f-f == 0 { // JSON has no NaN and no infinity
			return f
		}
	case slog.KindDuration:
		return v.Duration().String()
	case slog.KindTime:
		return v.Time().Format(time.RFC3339Nano)
	case slog.KindAny:
		// fmt asks Format, Error and String of everything it can reach, so that what redacts itself is redacted.
		return clip(fmt.Sprintf("%+v", v.Any()), maxValue)
	}
	return clip(v.String(), maxValue)
}

// clip makes s valid UTF-8 of at most limit bytes and a few.
func clip(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit] + fmt.Sprintf("… (%d bytes more)", len(s)-limit)
	}
	return strings.ToValidUTF8(s, "�")
}

// sizeOf is roughly what a line takes in memory.
func sizeOf(l status.LogLine) int {
	n := 128 + len(l.Message)
	for k, v := range l.Attrs {
		n += 64 + len(k)
		if s, ok := v.(string); ok {
			n += len(s)
		}
	}
	return n
}
