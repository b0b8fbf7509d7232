package main

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/pflag"

	"orac/cmd/orac/guide"
	"orac/runbook/cells"
	"orac/runbook/pattern"
)

// helpText is the help of a command in lines that fit a terminal.
type helpText struct {
	strings.Builder
	width int
}

func (h *helpText) line(text string) { fmt.Fprintln(h, strings.TrimRight(text, " ")) }

func (h *helpText) section(title string) {
	h.line("")
	h.line(title)
}

// paragraphs writes texts separated by empty lines. An indented line stays as it is.
func (h *helpText) paragraphs(text string) {
	var open []string
	end := func() {
		if len(open) > 0 {
			for _, line := range guide.Wrap(strings.Join(open, " "), h.width) {
				h.line(line)
			}
			open = nil
		}
	}
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || strings.HasPrefix(line, "  "):
			end()
			h.line(line)
		default:
			open = append(open, line)
		}
	}
	end()
}

// remark separates a command from the words about it, which follow after three spaces or more.
var remark = pattern.Lazy(`^(.*?\S) {2,}(\S.*)$`)

// example writes a command and its explanation: beside it if there is room, otherwise below.
func (h *helpText) example(line string) {
	if ansi.StringWidth(line)+2 <= h.width {
		h.line("  " + line)
		return
	}
	m := remark().FindStringSubmatch(line)
	if m == nil {
		h.command(line)
		return
	}
	h.command(m[1])
	for _, part := range guide.Wrap(m[2], h.width-6) {
		h.line("      " + part)
	}
}

// command writes a command line. A line that is too long continues below, in a form that a shell
// accepts.
func (h *helpText) command(line string) {
	const first, later = "  ", "    "
	indent := first
	for {
		room := h.width - len(indent)
		at := -1
		if ansi.StringWidth(line) > room {
			at = breakAt(line, room-2)
		}
		if at < 0 {
			h.line(indent + line)
			return
		}
		h.line(indent + line[:at] + ` \`)
		line, indent = line[at+1:], later
	}
}

// breakAt returns the last space of a command line within the given number of bytes that is not between quotes or brackets; else
// the first one beyond; -1 if there is none.
func breakAt(line string, most int) int {
	at, quote, depth := -1, byte(0), 0
	for i := range len(line) {
		switch b := line[i]; {
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '\'' || b == '"':
			quote = b
		case b == '(' || b == '{' || b == '[':
			depth++
		case b == ')' || b == '}' || b == ']':
			depth--
		case b == ' ' && depth == 0 && (i <= most || at < 0):
			at = i
		}
	}
	return at
}

// table writes names with their explanations: beside each if there is room, otherwise below.
func (h *helpText) table(rows [][2]string) {
	const gap, leastText = 3, 30
	names := 0
	for _, row := range rows {
		names = max(names, ansi.StringWidth(row[0]))
	}
	left := 2 + names + gap
	below := h.width-left < leastText
	if below {
		left = 6
	}
	for _, row := range rows {
		lines := guide.Wrap(row[1], h.width-left)
		if below {
			h.line("  " + row[0])
		} else {
			h.line("  " + cells.Pad(row[0], names+gap) + lines[0])
			lines = lines[1:]
		}
		for _, line := range lines {
			h.line(strings.Repeat(" ", left) + line)
		}
	}
}

// flagRows returns the flags of a command: how each is written, and what it does.
func flagRows(flags *pflag.FlagSet) [][2]string {
	var rows [][2]string
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, about := pflag.UnquoteUsage(f)
		name := "    --" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", --" + f.Name
		}
		if f.Value.Type() != "bool" {
			name += " " + value
		}
		switch f.DefValue {
		case "", "false", "[]", "0", "0s":
		default:
			about += " (default " + f.DefValue + ")"
		}
		rows = append(rows, [2]string{name, about})
	})
	return rows
}
