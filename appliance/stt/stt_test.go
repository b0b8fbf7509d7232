package stt

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/stttest"
)

// patience is a client's timeout where the test is about the timeout itself: nothing else can be awaited there.
const patience = 100 * time.Millisecond

// secret is a token that may not be seen anywhere.
type secret string

func (s secret) Reveal() string { return string(s) }
func (secret) String() string   { return "(secret)" }

// do runs f as a task of the live driver and checks that nothing of a client is left when it has ended.
func do[T any](t *testing.T, f func(*rt.Task) (T, error)) (T, error) {
	t.Helper()
	return doUntil(t, t.Context(), f)
}

// doUntil is do; the task is told to stop when ctx ends.
func doUntil[T any](t *testing.T, ctx context.Context, f func(*rt.Task) (T, error)) (out T, err error) {
	t.Helper()
	_ = live.New(nil).Run(ctx, "test", func(t *rt.Task) error {
		out, err = f(t)
		return nil
	})
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, name := range []string{"stt.(*stream)", "stt.(*Exec)", "stt.(*Orac)", "stt.(*upload)", "stt.(*Wyoming)"} {
		if bytes.Contains(stacks, []byte(name)) {
			t.Errorf("%s goes on after the call:\n%s", name, stacks)
		}
	}
	return out, err
}

func newOrac(t *testing.T, c OracConfig) *Orac {
	t.Helper()
	o, err := NewOrac(c)
	if err != nil {
		t.Fatal(err)
	}
	if c.Timeout == patience { // the real bounds are minutes
		o.least, o.most = patience, 2*patience
	}
	return o
}

// voice is n samples that differ from each other.
func voice(n int) []int16 {
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(i*7919 + i>>8)
	}
	return pcm
}

var said = Utterance{ID: "u1", Topic: "lights & more/π", WakeWord: "hey jarvis",
	Wake: time.Date(2026, 1, 17, 9, 0, 0, 120_000_999, time.Local), End: time.Date(2026, 1, 17, 9, 0, 3, 0, time.Local)}

// wantError checks kind, status and advice, and that neither token nor query shows.
func wantError(t *testing.T, err error, kind Kind, status int, retry Retry, words string) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("%v is no *Error", err)
	}
	if e.Kind != kind || e.Status != status || RetryOf(err) != retry || !strings.Contains(err.Error(), words) {
		t.Errorf("got %q: kind %v, status %d, %v; want %v, %d, %v, %q", err, e.Kind, e.Status, RetryOf(err), kind, status, retry, words)
	}
	if strings.Contains(err.Error(), "hush") {
		t.Errorf("the token shows: %v", err)
	}
}

// one is the only request that a server heard.
func one(t *testing.T, s *stttest.Server) stttest.Heard {
	t.Helper()
	heard := s.Heard()
	if len(heard) != 1 {
		t.Fatalf("%d requests", len(heard))
	}
	return heard[0]
}

func wantSound(t *testing.T, h stttest.Heard, pcm []int16) {
	t.Helper()
	if !h.Whole || h.Complaint != "" || !slices.Equal(h.PCM, pcm) {
		t.Errorf("the server heard %d samples (whole: %v, complaint %q), want %d", len(h.PCM), h.Whole, h.Complaint, len(pcm))
	}
}
