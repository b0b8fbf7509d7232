package screen

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Live shows lines below the permanent ones; the next call replaces them. They are cut to the terminal's size. Without a
// terminal it shows nothing.
func (s *Screen) Live(lines []string) {
	if !s.Moves() {
		return
	}
	width, height := s.size()
	lines = s.fit(lines, height-1)
	var b strings.Builder
	b.WriteString(s.backToLive())
	for _, line := range lines {
		b.Write(safe([]byte(ansi.Truncate(line, width-1, ""))))
		b.WriteString("\x1b[K\r\n")
	}
	b.WriteString("\x1b[J")
	s.live = len(lines)
	_, _ = io.WriteString(s.w, b.String()) // if the terminal is gone, its signal ends the program
}

// EndLive removes the live lines, or leaves them where they are.
func (s *Screen) EndLive(leave bool) {
	if s.live > 0 && !leave {
		fmt.Fprint(s.w, s.backToLive()+"\x1b[J")
	}
	s.live = 0
}

// backToLive moves the cursor to the first of the live lines.
func (s *Screen) backToLive() string {
	if s.live == 0 {
		return "\r"
	}
	return fmt.Sprintf("\r\x1b[%dA", s.live)
}
