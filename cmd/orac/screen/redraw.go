package screen

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"
)

// Control sequences of terminals: xterm's alternate screen (DECSET 1049) and cursor (25), and synchronised output (2026),
// which terminals that do not know it ignore.
const (
	enterFrames = "\x1b[?1049h\x1b[?25l"
	leaveFrames = "\x1b[?25h\x1b[?1049l"
	beginFrame  = "\x1b[?2026h\x1b[H"
	endFrame    = "\x1b[J\x1b[?2026l"
)

// Frame shows lines in place of the previous frame, without flicker. If lines do not fit into the terminal, it says how
// many. Without a terminal, frames follow each other.
func (s *Screen) Frame(lines []string) {
	if !s.Moves() {
		fmt.Fprintln(s, strings.Join(lines, "\n")+"\n")
		return
	}
	var b strings.Builder
	if !s.frames {
		s.frames = true
		b.WriteString(enterFrames)
	}
	b.WriteString(beginFrame)
	width, height := s.size()
	for i, line := range s.fit(lines, height) {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.Write(safe([]byte(ansi.Truncate(line, width, ""))))
		b.WriteString("\x1b[K")
	}
	b.WriteString(endFrame)
	_, _ = io.WriteString(s.w, b.String()) // if the terminal is gone, its signal ends the program
}

// fit keeps as many lines as fit the height of the terminal, and counts the rest; 0 means no limit.
func (s *Screen) fit(lines []string, height int) []string {
	if len(lines) <= height || height <= 1 {
		return lines
	}
	more := len(lines) - height + 1
	return append(lines[:height-1:height-1], s.Faint(fmt.Sprintf("… %d more lines", more)))
}

// Lines shows lines that stay, cut to the size of the terminal.
func (s *Screen) Lines(lines []string) {
	for _, line := range lines {
		if s.width > 0 {
			line = ansi.Truncate(line, s.width, "")
		}
		fmt.Fprintln(s, line)
	}
}

// EndFrames restores the terminal.
func (s *Screen) EndFrames() {
	if s.frames {
		s.frames = false
		_, _ = io.WriteString(s.w, leaveFrames)
	}
}

// size returns the current size of the terminal: it may have changed since the last frame.
func (s *Screen) size() (columns, lines int) {
	if f, ok := s.w.(*os.File); ok {
		if columns, lines, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			s.width = columns
			return columns, lines
		}
	}
	return s.width, 0
}

// IsTerminal tells whether a person may be at the other end.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// maxReply bounds the bytes that are read of an answer.
const maxReply = 1 << 10

// Ask asks a question and returns the answer without surrounding space. If ctx ends first, it returns that error.
func (s *Screen) Ask(ctx context.Context, in io.Reader, question string) (string, error) {
	fmt.Fprintf(s, "%s ", s.Strong(question))
	type reply struct {
		text string
		err  error
	}
	got := make(chan reply, 1)
	go func() { // a read from a terminal cannot be interrupted: when ctx ends, this ends with the process
		text, err := bufio.NewReader(io.LimitReader(in, maxReply)).ReadString('\n')
		got <- reply{text, err}
	}()
	select {
	case r := <-got:
		if r.err != nil && r.err != io.EOF {
			return "", r.err
		}
		return strings.TrimSpace(r.text), nil
	case <-ctx.Done():
		fmt.Fprintln(s)
		return "", ctx.Err()
	}
}
