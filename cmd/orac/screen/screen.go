// Package screen is what a person sees of orac in a terminal.
//
// Its rules: colours and moving lines appear only on a terminal, and never with NO_COLOR; elsewhere the same facts are on plain
// lines. No control character from outside is ever shown: the code that shows a text cleans it, and the screen passes only
// printable characters, line ends and its own colours to a terminal.
package screen

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode"

	"orac/runbook/cells"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"
)

// Screen is a terminal, or a file or pipe instead. Only one goroutine uses it.
type Screen struct {
	w      io.Writer
	width  int // columns; 0 if it is not a terminal
	colour bool
	moving bool // a moving line is shown
	frames bool // frames are shown
	live   int  // lines that Live shows
}

// New returns a screen that writes to a stream.
func New(w io.Writer) *Screen {
	s := &Screen{w: w}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		if os.Getenv("TERM") == "dumb" {
			return s // it shows lines, but cannot take one back
		}
		s.width = 80
		s.colour = os.Getenv("NO_COLOR") == ""
		s.measure()
	}
	return s
}

// measure reads the width, which can change at any time.
func (s *Screen) measure() {
	if f, ok := s.w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			s.width = width
		}
	}
}

// Write implements io.Writer: its lines stay, above the moving one.
func (s *Screen) Write(p []byte) (int, error) {
	if s.moving {
		s.moving = false
		if _, err := io.WriteString(s.w, "\r\x1b[K"); err != nil {
			return 0, err
		}
	}
	if !s.terminal() {
		return s.w.Write(p) // a file or a program gets every byte
	}
	if _, err := s.w.Write(safe(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// terminal tells whether output is shown at once.
func (s *Screen) terminal() bool { return s.width > 0 || s.colour }

// Moves tells whether the screen can show a line that changes.
func (s *Screen) Moves() bool { return s.width > 0 }

// Width is the terminal's width now, in columns; 0 if it is not a terminal.
func (s *Screen) Width() int {
	if s.width > 0 {
		s.measure()
	}
	return s.width
}

// Colour tells whether colours are shown.
func (s *Screen) Colour() bool { return s.colour }

// Move shows a line that the next one replaces. It is cut to the width of the terminal; nothing is shown elsewhere.
func (s *Screen) Move(line string) {
	if s.width == 0 {
		return
	}
	s.moving = true
	s.measure()
	fmt.Fprintf(s.w, "\r\x1b[K%s", safe([]byte(ansi.Truncate(line, s.width-1, ""))))
}

// Still removes the moving line.
func (s *Screen) Still() {
	if s.moving {
		s.moving = false
		fmt.Fprint(s.w, "\r\x1b[K")
	}
}

// The colours, by meaning.

// Good is for what went well.
func (s *Screen) Good(text string) string { return s.paint("32", text) }

// Bad is for what failed.
func (s *Screen) Bad(text string) string { return s.paint("31;1", text) }

// Warn is for what needs a look.
func (s *Screen) Warn(text string) string { return s.paint("33", text) }

// Strong is for what the eye should find first.
func (s *Screen) Strong(text string) string { return s.paint("1", text) }

// Faint is for details.
func (s *Screen) Faint(text string) string { return s.paint("2", text) }

// Mark is for the moment that matters.
func (s *Screen) Mark(text string) string { return s.paint("36;1", text) }

func (s *Screen) paint(code, text string) string {
	if !s.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Clean makes text from outside safe to show on one line.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}, text)
}

// Table prints rows in columns; the first row is the heading.
func (s *Screen) Table(rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], ansi.StringWidth(cell))
		}
	}
	for n, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(cells.Pad(cell, widths[i]+2))
		}
		line := strings.TrimRight(b.String(), " ")
		if n == 0 {
			line = s.Faint(line)
		}
		fmt.Fprintln(s, line)
	}
}

// Progress shows how much of a long operation is done, if the screen can show it.
func (s *Screen) Progress(label string, done float64) {
	const cells = 28
	full := int(max(0, min(1, done)) * cells)
	s.Move(fmt.Sprintf("%s %s%s %3.0f%%", label, strings.Repeat("█", full), s.Faint(strings.Repeat("░", cells-full)), 100*done))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
