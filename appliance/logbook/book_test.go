package logbook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"orac/appliance/status"
	"orac/runbook/language"
)

func messages(lines []status.LogLine) (list []string) {
	for _, l := range lines {
		list = append(list, fmt.Sprint(l.Seq, " ", l.Message))
	}
	return list
}

func TestSince(t *testing.T) {
	b := New(Options{Lines: 3})
	if lines, missed := b.Since(0, 10); len(lines) != 0 || missed != 0 {
		t.Errorf("empty: %v, %d", lines, missed)
	}
	for i := 1; i <= 5; i++ {
		b.Logger().Info(fmt.Sprint("line", i))
	}
	cases := []struct {
		after  uint64
		limit  int
		want   []string
		missed uint64
	}{
		{0, 10, []string{"3 line3", "4 line4", "5 line5"}, 2},
		{1, 2, []string{"3 line3", "4 line4"}, 1},
		{3, 10, []string{"4 line4", "5 line5"}, 0},
		{5, 10, nil, 0},
		{99, 10, []string{"3 line3", "4 line4", "5 line5"}, 2}, // a number of an earlier process
		{0, -1, nil, 2},
	}
	for _, c := range cases {
		lines, missed := b.Since(c.after, c.limit)
		if diff := cmp.Diff(c.want, messages(lines)); diff != "" || missed != c.missed {
			t.Errorf("after %d, at most %d: missed %d, want %d\n%s", c.after, c.limit, missed, c.missed, diff)
		}
	}
}

// TestRing: against a plain list, whatever the bounds and the lengths of lines.
func TestRing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := New(Options{Lines: rapid.IntRange(1, 150).Draw(t, "lines"), Bytes: rapid.IntRange(1, 50_000).Draw(t, "bytes")})
		var all []string
		for range rapid.IntRange(0, 300).Draw(t, "n") {
			m := strings.Repeat("x", rapid.IntRange(0, 1000).Draw(t, "length"))
			b.Logger().Info(m)
			all = append(all, m)
		}
		lines, missed := b.Since(0, len(all))
		if len(all) > 0 && len(lines) == 0 || len(lines) > b.ordinary.lines || int(missed)+len(lines) != len(all) {
			t.Fatalf("%d lines of %d, %d missed", len(lines), len(all), missed)
		}
		size := 0
		for i, l := range lines {
			size += 128 + len(l.Message)
			if int(l.Seq) != int(missed)+i+1 || l.Message != all[l.Seq-1] {
				t.Fatalf("line %d is number %d", i, l.Seq)
			}
		}
		if size != b.ordinary.size || size > b.ordinary.bytes && len(lines) > 1 {
			t.Fatalf("%d bytes, counted as %d, of %d", size, b.ordinary.size, b.ordinary.bytes)
		}
	})
}

// TestRequestsPushNothingOut: whatever is logged in between, each kind keeps its own newest lines, and a reader that goes on from
// any line learns of every number once: as a line, or as missed.
func TestRequestsPushNothingOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.IntRange(2, 40).Draw(t, "lines")
		b := New(Options{Lines: bound})
		var all []slog.Level
		kept := map[slog.Level][]string{}
		for i := range rapid.IntRange(0, 200).Draw(t, "n") {
			level := rapid.SampledFrom([]slog.Level{slog.LevelInfo, slog.LevelWarn, LevelRequest, LevelRequest, LevelRequest}).Draw(t, "level")
			b.Logger().Log(context.Background(), level, fmt.Sprint("line", i+1))
			all = append(all, level)
			kind := level
			if kind == slog.LevelWarn {
				kind = slog.LevelInfo
			}
			kept[kind] = append(kept[kind], fmt.Sprint(i+1, " line", i+1))
		}
		limit, after, missed := rapid.IntRange(1, 7).Draw(t, "at once"), uint64(0), uint64(0)
		got := map[slog.Level][]string{}
		given := uint64(0)
		for after < b.Last() {
			lines, gone := b.Since(after, limit)
			missed += gone
			for _, l := range lines {
				if l.Seq <= after {
					t.Fatalf("line %d after line %d", l.Seq, after)
				}
				after = l.Seq
				kind := slog.LevelInfo
				if l.Level == Request {
					kind = LevelRequest
				}
				got[kind] = append(got[kind], messages([]status.LogLine{l})...)
				given++
			}
		}
		if given+missed != uint64(len(all)) {
			t.Fatalf("%d lines given and %d missed of %d", given, missed, len(all))
		}
		for kind, most := range map[slog.Level]int{slog.LevelInfo: bound, LevelRequest: bound / 2} {
			want := kept[kind]
			if diff := cmp.Diff(want[max(0, len(want)-most):], got[kind], cmpopts.EquateEmpty()); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

func TestAttributes(t *testing.T) {
	b := New(Options{Level: slog.LevelDebug})
	l := b.Logger().With("device", "usb").WithGroup("stt").With("name", "whisper")
	l.Debug("m", "n", 3, "f", 0.5, "ok", true, "took", time.Second, "nan", math.NaN(), "err", errors.New("boom"),
		slog.Group("inner", "x", uint64(7)), slog.Attr{}, "list", []string{"a", "b"})
	lines, _ := b.Since(0, 1)
	want := map[string]any{"device": "usb", "stt.name": "whisper", "stt.n": json.Number("3"), "stt.f": json.Number("0.5"), "stt.ok": true, "stt.took": "1s",
		"stt.nan": "NaN", "stt.err": "boom", "stt.inner.x": json.Number("7"), "stt.list": "[a b]"}
	if diff := cmp.Diff(want, lines[0].Attrs); diff != "" || lines[0].Level != "DEBUG" {
		t.Error(lines[0].Level, diff)
	}
	b.Logger().Info("plain")
	if lines, _ := b.Since(1, 1); lines[0].Attrs != nil {
		t.Errorf("attributes of another logger: %v", lines[0].Attrs)
	}
}

func TestLevel(t *testing.T) {
	var level slog.LevelVar
	b := New(Options{Level: &level})
	b.Logger().Debug("unheard")
	level.Set(slog.LevelDebug)
	b.Logger().Debug("heard")
	if lines, _ := b.Since(0, 9); cmp.Diff([]string{"1 heard"}, messages(lines)) != "" {
		t.Error(messages(lines))
	}
}

// nasty fails in every way that a value to be printed can.
type nasty struct{}

func (nasty) LogValue() slog.Value { panic("in LogValue") }

type endless struct{}

func (e endless) LogValue() slog.Value { return slog.AnyValue(e) }

type loud struct{}

func (loud) String() string { panic("in String") }

// TestHostileLines: whatever is logged, each line is one line without control characters, bounded, and JSON.
func TestHostileLines(t *testing.T) {
	b := New(Options{})
	deep := slog.Int("x", 1)
	for range 100 {
		deep = slog.Group("g", deep)
	}
	many := make([]any, 0, 1000)
	for i := range 1000 {
		many = append(many, slog.Int(fmt.Sprint(i), i))
	}
	l := b.Logger()
	l.Info("two\nlines\x1b[2J\u202e", "a key\n=", "a value\r\x00", "", "empty", "bad", "\xff\xfe")
	l.Info(strings.Repeat("é", 100_000), "v", strings.Repeat("\xff", 100_000), strings.Repeat("k", 10_000), 1)
	l.Info("m", "nasty", nasty{}, "endless", endless{}, "loud", loud{}, "nil", nil, "nilerr", error(nil), "chan", make(chan int))
	l.Info("deep", deep)
	l.Info("many", many...)
	l.WithGroup(strings.Repeat("g", 10_000)).With(many...).With(many...).Info("m", many...)
	lines, _ := b.Since(0, 100)
	if len(lines) != 6 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, line := range lines {
		for _, text := range []string{Human(line), JSON(line)} {
			if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r == '\u202e' && text[0] != '{' }); i >= 0 {
				t.Errorf("control character at %d: %q", i, text)
			}
			if len(text) > MinFile {
				t.Errorf("%d bytes do not fit into the smallest file", len(text))
			}
		}
		var back status.LogLine
		if err := json.Unmarshal([]byte(JSON(line)), &back); err != nil || back.Seq != line.Seq {
			t.Errorf("%v: %s", err, JSON(line))
		}
		if len(line.Attrs) > maxAttrs+1 {
			t.Errorf("%d attributes", len(line.Attrs))
		}
	}
}

func TestHuman(t *testing.T) {
	at := time.Date(2026, 1, 17, 9, 0, 0, 5e6, time.FixedZone("", 3600))
	line := status.LogLine{Seq: 1, At: at, Level: "INFO", Message: "sound is back", Attrs: map[string]any{"took": "1.2s", "device": "USB mic", "n": int64(3)}}
	if got, want := Human(line), `2026-01-17T09:00:00.005+01:00 INFO  sound is back device="USB mic" n=3 took=1.2s`; got != want {
		t.Errorf("%s\n%s", got, want)
	}
}

// masked redacts itself by LogValue alone, as log/slog documents it.
type masked string

func (masked) LogValue() slog.Value { return slog.GroupValue(slog.String("kind", "masked")) }

func TestLogValueIsAsked(t *testing.T) {
	b := New(Options{})
	b.Logger().With("a", masked("canary")).Info("m", "b", masked("canary"))
	lines, _ := b.Since(0, 1)
	if diff := cmp.Diff(map[string]any{"a.kind": "masked", "b.kind": "masked"}, lines[0].Attrs); diff != "" {
		t.Error(diff)
	}
}

// TestSecretsStaySecret: a canary in a language.Secret, in every place of an attribute where one can stand.
func TestSecretsStaySecret(t *testing.T) {
	const canary = "canary-7f3a9"
	s := language.NewSecret(canary)
	type auth struct {
		Token  language.Secret
		hidden language.Secret
	}
	b := New(Options{})
	l := b.Logger()
	l.Info("m", "token", s, "pointer", &s, "list", []language.Secret{s}, "map", map[language.Secret]language.Secret{s: s},
		"struct", auth{s, s}, "ptr", &auth{s, s}, "err", fmt.Errorf("refused: %v %x %q %#v", s, s, s, s), slog.Group("g", "t", s))
	l.With("token", s).WithGroup("x").Info(fmt.Sprint("with ", s), "any", any(s))
	lines, _ := b.Since(0, 9)
	for _, line := range lines {
		for _, text := range []string{Human(line), JSON(line), fmt.Sprintf("%#v", line)} {
			if strings.Contains(text, canary) || strings.Contains(text, fmt.Sprintf("%x", canary)) {
				t.Errorf("told: %s", text)
			}
		}
	}
	if len(lines) != 2 || lines[0].Attrs["token"] != language.Redacted {
		t.Errorf("%+v", lines)
	}
}

// TestFollowers: while many log, each reader that keeps up sees every line once, in order; one that never reads costs nothing.
func TestFollowers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const writers, each = 8, 200
		b := New(Options{Lines: writers * each})
		ctx, cancel := context.WithCancel(t.Context())
		var readers, logging sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				var after uint64
				for b.Wait(ctx, after) == nil {
					lines, missed := b.Since(after, 7)
					if missed != 0 {
						t.Errorf("missed %d", missed)
					}
					for _, l := range lines {
						if l.Seq != after+1 {
							t.Errorf("%d after %d", l.Seq, after)
						}
						after = l.Seq
					}
				}
				if after != writers*each {
					t.Errorf("a reader saw %d lines", after)
				}
			})
		}
		for range writers {
			logging.Go(func() {
				for i := range each {
					b.Logger().Info("line", "i", i)
				}
			})
		}
		logging.Wait()
		synctest.Wait()
		cancel()
		readers.Wait()
	})
}

func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := b.Wait(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		b.Logger().Info("one")
		for _, after := range []uint64{0, 99} { // there is a line; and 99 is a number of an earlier process
			if err := b.Wait(t.Context(), after); err != nil {
				t.Error(err)
			}
		}
	})
}
