package logbook

import (
	"encoding/json"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestLinesAreReadAsTheyWereWritten: whatever text, number and time.
func TestLinesAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := New(Options{})
		text, key, f := rapid.String().Draw(t, "text"), rapid.StringN(1, 20, 40).Draw(t, "key"), rapid.Float64().Draw(t, "f")
		at := time.Unix(rapid.Int64Range(-1<<35, 1<<37).Draw(t, "second"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		r := slog.NewRecord(at, slog.LevelWarn+1, text, 0)
		r.Add("twice", 1, key, text, "f", f, "twice", 2)
		if err := b.Logger().With("before", "x", "f", "hidden by another").Handler().Handle(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		lines, _ := b.Since(0, 1)
		l := lines[0]
		number, ok := l.Attrs["f"].(json.Number)
		got, err := number.Float64()
		if key == "f" || key == "twice" || key == "before" {
			return
		}
		if !ok || err != nil || got != f || math.Signbit(got) != math.Signbit(f) {
			t.Errorf("%v is read as %q", f, number)
		}
		if want := strings.ToValidUTF8(text, "�"); l.Message != want || l.Attrs[key] != want || l.Level != "WARN+1" || !l.At.Equal(at) {
			t.Errorf("%+v", l)
		}
		if l.Attrs["twice"] != json.Number("2") || l.Attrs["before"] != "x" || len(l.Attrs) != 4 {
			t.Errorf("%+v", l.Attrs)
		}
	})
	b := New(Options{})
	r := slog.NewRecord(time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC), slog.LevelInfo, "late", 0)
	if err := b.Logger().Handler().Handle(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if lines, _ := b.Since(0, 1); !lines[0].At.IsZero() {
		t.Errorf("%+v", lines)
	}
}

// BenchmarkLine is what the line of a request costs.
func BenchmarkLine(b *testing.B) {
	l := New(Options{}).Logger().With("part", "web")
	b.ReportAllocs()
	for b.Loop() {
		l.Info("request", "request", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "method", "GET", "path", "/api/status", "status", 200, "bytes", int64(4000),
			"took_ms", 0.123, "who", "anna", "from", "127.0.0.1")
	}
}
