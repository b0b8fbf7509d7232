package screen

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

// TestFrames: a terminal is taken once, overwritten without being emptied, and given back once.
func TestFrames(t *testing.T) {
	var out bytes.Buffer
	s := &Screen{w: &out, width: 10}
	s.Frame([]string{"one", "a line that is too long"})
	s.Frame([]string{"two"})
	s.EndFrames()
	s.EndFrames()
	want := enterFrames + beginFrame + "one\x1b[K\r\na line tha\x1b[K" + endFrame + beginFrame + "two\x1b[K" + endFrame + leaveFrames
	if out.String() != want {
		t.Errorf("got  %q\nwant %q", out.String(), want)
	}
}

// TestFramesWithoutTerminal are plain text.
func TestFramesWithoutTerminal(t *testing.T) {
	var out bytes.Buffer
	s := New(&out)
	s.Frame([]string{"one", "line"})
	s.Frame([]string{"two"})
	s.EndFrames()
	if want := "one\nline\n\ntwo\n\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestFit(t *testing.T) {
	lines := []string{"1", "2", "3", "4"}
	for height, want := range map[int]string{0: "1 2 3 4", 4: "1 2 3 4", 5: "1 2 3 4", 3: "1 2 … 2 more lines", 2: "1 … 3 more lines"} {
		if got := strings.Join((&Screen{}).fit(lines, height), " "); got != want {
			t.Errorf("height %d: %q, want %q", height, got, want)
		}
	}
	if strings.Join(lines, " ") != "1 2 3 4" {
		t.Error("the lines themselves were changed")
	}
}

func TestAsk(t *testing.T) {
	for in, want := range map[string]string{"yes\n": "yes", " yes \nno\n": "yes", "yes": "yes", "": "", strings.Repeat("y", 5000): strings.Repeat("y", maxReply)} {
		got, err := New(io.Discard).Ask(t.Context(), strings.NewReader(in), "?")
		if err != nil || got != want {
			t.Errorf("%.20q: %.20q, %v", in, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	silent, _ := io.Pipe()
	if _, err := New(io.Discard).Ask(ctx, silent, "?"); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
