package screen

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestATerminalIsGivenNothingThatItObeys: whatever somebody forgets to clean.
func TestATerminalIsGivenNothingThatItObeys(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext\r\n":        "plain\ttext\n",
		"\x1b[2J\x1b]0;x\x07":    "\ufffd[2J\ufffd]0;x\ufffd",
		"\x1b[8mhidden":          "\ufffd[8mhidden",
		"\x1b[31;1mours\x1b[0m":  "\x1b[31;1mours\x1b[0m",
		"\x1b[31;1":              "\ufffd[31;1",
		"\u009b2J":               "\ufffd2J",
		"\xff\x9b2J":             "\ufffd\ufffd2J",
		"a\rb":                   "a\ufffdb",
		"a\u202ecod.exe\u2066":   "a\ufffdcod.exe\ufffd",
		"a\u2028b\x00\x7f\u0085": "a\ufffdb\ufffd\ufffd\ufffd",
		"\ufffd é ねえ":            "\ufffd é ねえ",
	} {
		if got := string(safe([]byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		for name, s := range map[string]*Screen{"a line": {width: 80, colour: true}, "without colour": {width: 80}} {
			var b bytes.Buffer
			s.w = &b
			if n, err := fmt.Fprint(s, in); n != len(in) || err != nil || b.String() != want {
				t.Errorf("%s of %q: %q, %d, %v", name, in, b.String(), n, err)
			}
		}
		var b bytes.Buffer
		if fmt.Fprint(&Screen{w: &b}, in); b.String() != in {
			t.Errorf("a file does not get %q but %q", in, b.String())
		}
	}
	var b bytes.Buffer
	s := &Screen{w: &b, width: 80}
	s.Move("a\x1b[2Jb")
	s.Still()
	if got := b.String(); got != "\r\x1b[Ka\ufffd[2Jb\r\x1b[K" {
		t.Errorf("a moving line: %q", got)
	}
}

func TestWhatIsSafeStaysAsItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once := safe([]byte(rapid.String().Draw(t, "text")))
		if twice := safe(once); !bytes.Equal(once, twice) {
			t.Fatalf("%q becomes %q", once, twice)
		}
	})
}
