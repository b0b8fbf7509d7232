package child

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWhatAWorkerSaysIsOneShortLine(t *testing.T) {
	long := "cannot load " + strings.Repeat("ä very long näme ", 10000) + ": no such file"
	for text, want := range map[string]string{
		"it works":                    "it works",
		" two\n lines\tand\x00 more ": "two lines and more",
		"\x1b[2Jred\u202e":            "[2Jred",
		"bad \xff byte":               "bad \uFFFD byte",
		"":                            "",
	} {
		if got := Plain(text); got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
	got := Plain(long)
	if len(got) > mostWords || !utf8.ValidString(got) || !strings.HasPrefix(got, "cannot load ä") || !strings.Contains(got, " … ") || !strings.HasSuffix(got, "file") {
		t.Errorf("a long text became %q, %d bytes", got, len(got))
	}
	if got := Reported("\n\n", nil).Error(); got == "" {
		t.Error("an error without words")
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("two\nlines \x1b[2J")
	f.Add(strings.Repeat("ä", 400))
	f.Fuzz(func(t *testing.T, text string) {
		got := Plain(text)
		if len(got) > mostWords || !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\x1b\x00") {
			t.Errorf("%q", got)
		}
	})
}

func TestExplain(t *testing.T) {
	end := errors.New("a signal ended it: killed")
	cause := errors.New("gone")
	for _, c := range []struct {
		said error
		want string
	}{
		{io.EOF, "a signal ended it: killed"},
		{fmt.Errorf("reading: %w", Reported("no\nspace", cause)), "reading: no space"},
		{fmt.Errorf("%w: x", ErrGarbage), "malformed frames: x (a signal ended it: killed)"},
	} {
		if got := Explain(c.said, end); got.Error() != c.want {
			t.Errorf("%v: %v", c.said, got)
		}
	}
	if !errors.Is(Explain(Reported("x", cause), end), cause) {
		t.Error("the cause of a report is lost")
	}
}

func TestFramesThatAreTooLongAreNotWritten(t *testing.T) {
	p := Protocol{Letters: "orx", Sizes: func(kind byte) (int, int) {
		if kind == 'J' {
			return 0, 20
		}
		return 1, 0
	}}
	if b, err := p.JSON(nil, 'J', strings.Repeat("x", 20)); err == nil || len(b) > 0 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	b, err := p.JSON(nil, 'J', "hello")
	if err != nil {
		t.Fatal(err)
	}
	r := Reader{Protocol: p, R: bytes.NewReader(append(b, b...))}
	for range 2 {
		var text string
		kind, payload, err := r.Next()
		if err != nil || kind != 'J' || ParseJSON(payload, &text) != nil || text != "hello" {
			t.Errorf("%c %q, %v", kind, text, err)
		}
	}
	if _, _, err := r.Next(); err != io.EOF {
		t.Errorf("after the end: %v", err)
	}
	if n := testing.AllocsPerRun(10, func() { b = p.Frame(b[:0], 'J', 3) }); n > 0 {
		t.Errorf("%v allocations for a header", n)
	}
}
