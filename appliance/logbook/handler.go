package logbook

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

// Limits of one line. Longer content is cut, and the line says so.
const (
	maxMessage = 8 << 10
	maxValue   = 4 << 10
	maxAttrs   = 64
)

// handler implements slog.Handler. Groups become a part of the key: "stt.url".
type handler struct {
	book   *Book
	prefix string
	attrs  attrs
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.book.level.Level() }

// lines holds buffers for lines that are being written. Each request of the web server needs one.
var lines = sync.Pool{New: func() any { return &[]byte{} }}

// maxRoom is the largest buffer that is kept for later lines, in bytes.
const maxRoom = 16 << 10

// Handle implements slog.Handler. It never fails.
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	room := lines.Get().(*[]byte)
	all := attrs{n: h.attrs.n, size: h.attrs.size, full: h.attrs.full}
	message := clip(r.Message, maxMessage)
	all.text = appendHead((*room)[:0], r, message)
	if all.n > 0 || r.NumAttrs() > 0 {
		start := len(all.text)
		all.text = append(append(all.text, `,"attrs":{`...), h.attrs.text...)
		r.Attrs(func(a slog.Attr) bool {
			all.put(h.prefix, a, 0)
			return !all.full
		})
		if all.text = append(all.text, '}'); all.n == 0 { // all were empty
			all.text = all.text[:start]
		}
	}
	all.text = append(all.text, '}')
	h.book.add(r.Level, all.text, 128+len(message)+all.size)
	if cap(all.text) <= maxRoom {
		*room = all.text
		lines.Put(room)
	}
	return nil
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(list []slog.Attr) slog.Handler {
	next := *h
	next.attrs.text = slices.Clone(h.attrs.text)
	for _, a := range list {
		next.attrs.put(h.prefix, a, 0)
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

// clip makes s valid UTF-8 of at most limit bytes, plus a short note if it was cut.
func clip(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit] + fmt.Sprintf("… (%d bytes more)", len(s)-limit)
	}
	return strings.ToValidUTF8(s, "�")
}
