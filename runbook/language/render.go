package language

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"orac/runbook/cells"
)

// RenderOptions says how diagnostics are written for people. The zero value is plain text for a
// terminal of 100 columns.
type RenderOptions struct {
	Color bool
	Width int // columns; lines of source are cut to it around the place
}

// The escape sequences of the terminal: red, yellow, bold, faint, and back.
const (
	red, yellow, bold, faint, plain = "\x1b[31m", "\x1b[33m", "\x1b[1m", "\x1b[2m", "\x1b[0m"
)

// Render writes every diagnostic: its place and what is wrong, the line of the source with the
// place underlined, and how to fix it.
func (ds Diagnostics) Render(w io.Writer, o RenderOptions) error {
	var b strings.Builder
	for i, d := range ds {
		if i > 0 {
			b.WriteByte('\n')
		}
		d.render(&b, o)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (d Diagnostic) render(b *strings.Builder, o RenderOptions) {
	paint := func(style, text string) string {
		if !o.Color {
			return text
		}
		return style + text + plain
	}
	hue := red
	if d.Severity == Warning {
		hue = yellow
	}
	lead := string(d.Severity) + ": "
	if d.Subject.Filename != "" {
		b.WriteString(paint(bold, d.place()) + ": ")
		lead = d.place() + ": " + lead
	}
	b.WriteString(paint(hue+bold, string(d.Severity)) + ": " + folded(escape(d.Summary), ansi.StringWidth(lead), "      ", o.headline()) + "\n")
	if d.source != nil && d.Subject.Start.Line > 0 {
		number := fmt.Sprintf("%4d", d.Subject.Start.Line)
		before, under := d.snippet(max(20, o.columns()-len(number)-3))
		fmt.Fprintf(b, "%s %s\n", paint(faint, number+" |"), before)
		fmt.Fprintf(b, "%s %s\n", paint(faint, strings.Repeat(" ", len(number))+" |"), paint(hue, under))
	}
	var notes []string
	if d.Address != "" {
		notes = append(notes, "In "+string(d.Address)+".")
	}
	if d.Detail != "" {
		notes = append(notes, d.Detail)
	}
	if len(notes) > 0 {
		for line := range strings.SplitSeq(strings.Join(notes, " "), "\n") {
			b.WriteString(strings.TrimRight("  "+folded(escape(line), 2, "  ", o.columns()), " ") + "\n")
		}
	}
}

// folded breaks a text between words, so that it fits the columns when used of them are taken on its first line. Further lines are
// indented. A line that is indented itself is an example, and stays as it is.
func folded(text string, used int, indent string, columns int) string {
	if text == "" || strings.HasPrefix(text, " ") || used+ansi.StringWidth(text) <= columns {
		return text
	}
	room, words := max(20, columns-len(indent)), strings.Fields(text)
	first := strings.Repeat("x", max(0, used-len(indent))) // stands for what is taken, as a part of the first word
	if len(first) >= room {
		first = ""
	}
	words[0] = first + words[0]
	return strings.TrimPrefix(strings.Join(cells.Fill(words, room), "\n"+indent), first)
}

// columns returns the width, or its default.
func (o RenderOptions) columns() int {
	if o.Width <= 0 {
		return 100
	}
	return o.Width
}

// headline is how wide the first line of a diagnostic may be. A program that reads it finds place and summary on one line, unless that
// is too long for anybody.
func (o RenderOptions) headline() int {
	if o.Width <= 0 {
		return 160
	}
	return o.Width
}

// cell shows one character of the source: its text, the columns that it takes, and whether it is
// part of the place.
type cell struct {
	text   string
	width  int
	marked bool
}

// snippet returns the line of the place, cut to columns, and the line of ^ under it.
func (d Diagnostic) snippet(columns int) (line, under string) {
	cells := d.cells()
	first, total := -1, 0
	for i, c := range cells {
		if c.marked && first < 0 {
			first = i
		}
		total += c.width
	}
	if total > columns {
		cells = cut(cells, max(0, first), columns)
	}
	var text, carets strings.Builder
	for _, c := range cells {
		text.WriteString(c.text)
		sign := " "
		if c.marked {
			sign = "^"
		}
		carets.WriteString(strings.Repeat(sign, c.width))
	}
	return strings.TrimRight(text.String(), " "), strings.TrimRight(carets.String(), " ")
}

// cut keeps at most columns of the line, from a third of them before the place.
func cut(cells []cell, place, columns int) []cell {
	from, room := place, columns/3
	for from > 0 && room >= cells[from-1].width {
		from--
		room -= cells[from].width
	}
	out := []cell{}
	if from > 0 {
		out = append(out, cell{"…", 1, false})
		columns--
	}
	for i := from; i < len(cells); i++ {
		if columns -= cells[i].width; columns < 1 && i < len(cells)-1 {
			return append(out, cell{"…", 1, false})
		}
		out = append(out, cells[i])
	}
	return out
}

// cells splits the line of the place; hidden stretches become one "(secret)".
func (d Diagnostic) cells() []cell {
	text, start := d.source.line(d.Subject.Start.Byte)
	text, start = near(text, start, d.Subject.Start.Byte)
	from, to := d.Subject.Start.Byte, max(d.Subject.End.Byte, d.Subject.Start.Byte+1)
	var out []cell
	column, hiding := 0, false
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		at := start + i
		marked := at >= from && at < to || at < from && from < at+n
		i += n
		if d.source.isHidden(at) {
			if hiding {
				out[len(out)-1].marked = out[len(out)-1].marked || marked
				continue
			}
			hiding = true
			out = append(out, cell{Redacted, len(Redacted), marked})
			column += len(Redacted)
			continue
		}
		hiding = false
		c := cell{marked: marked}
		if r == '\t' {
			c.text = strings.Repeat(" ", 4-column%4)
			c.width = len(c.text)
		} else {
			c.text, c.width = visible(r, n)
		}
		column += c.width
		out = append(out, c)
	}
	if from >= start+len(text) {
		out = append(out, cell{" ", 1, true})
	}
	return out
}

// near keeps the part of a very long line that a terminal can show: a line of 256 KiB may contain a
// hundred places.
func near(text []byte, start, place int) ([]byte, int) {
	const around = 4 << 10 // bytes on each side, more than any terminal shows
	if place-start > around {
		skip := place - start - around
		for !utf8.RuneStart(text[skip]) {
			skip++
		}
		text, start = text[skip:], start+skip
	}
	if end := place - start + around; end < len(text) {
		for !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end]
	}
	return text, start
}

// visible returns a character as a terminal may show it, and its columns. It escapes whatever would
// command the terminal, or reorder its text.
func visible(r rune, size int) (string, int) {
	switch {
	case r == utf8.RuneError && size == 1:
		return "�", 1
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r):
		return string(r), 0
	case !unicode.IsPrint(r):
		s := fmt.Sprintf("\\u%04x", r)
		return s, len(s)
	}
	return string(r), ansi.StringWidth(string(r))
}

// escape makes a message safe for a terminal.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '\n' || r == '\t' {
			r = ' '
		}
		text, _ := visible(r, utf8.RuneLen(r))
		b.WriteString(text)
	}
	return b.String()
}
