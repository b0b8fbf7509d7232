package manual

import (
	"bytes"
	"fmt"
	"strings"
)

// roff writes a page in the macros of man(7). Its input is text: nothing in it can become a macro.
type roff struct {
	b    bytes.Buffer
	last string // macro of the last line; "" of text
}

func (r *roff) macro(line string) {
	r.last = line[:3]
	r.b.WriteString(line + "\n")
}

// title begins a page. Words are not broken and lines not justified: people copy what is shown.
func (r *roff) title(name string, section int, version string) {
	r.macro(fmt.Sprintf(`.TH %s %d "" %s "ORAC"`, quoted(strings.ToUpper(name)), section, quoted("orac "+version)))
	r.b.WriteString(".nh\n.ad l\n")
}

func (r *roff) section(name string) { r.macro(".SH " + quoted(strings.ToUpper(name))) }

func (r *roff) subsection(name string) { r.macro(".SS " + quoted(name)) }

// paragraph begins a paragraph, unless a heading has just done so.
func (r *roff) paragraph() {
	if r.last != ".SH" && r.last != ".SS" && r.last != ".PP" {
		r.macro(".PP")
	}
}

// item begins an item under a name; its text follows.
func (r *roff) item(name string) {
	r.macro(".TP")
	r.b.WriteString(`\fB` + line(name) + `\fR` + "\n")
}

// bullet begins an item of a list.
func (r *roff) bullet(mark string) { r.macro(fmt.Sprintf(".IP %s 4", quoted(mark))) }

// text writes a line of running text.
func (r *roff) text(text string) {
	if text = line(text); text != "" {
		r.last = ""
		r.b.WriteString(text + "\n")
	}
}

// synopsis writes how a command is called.
func (r *roff) synopsis(call string) {
	if r.last != ".SH" {
		r.macro(".br")
	}
	r.b.WriteString(`\fB` + line(call) + `\fR` + "\n")
	r.last = ""
}

// code writes lines as they are.
func (r *roff) code(text string) {
	r.paragraph()
	r.macro(".RS 4")
	r.macro(".nf")
	for l := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
		r.b.WriteString(guarded(escaped(strings.TrimRight(l, " \n"))) + "\n")
	}
	r.macro(".fi")
	r.macro(".RE")
}

func (r *roff) bytes() []byte { return r.b.Bytes() }

// escapes replace characters that roff would interpret, or typeset differently.
var escapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`)

func escaped(text string) string { return escapes.Replace(strings.ReplaceAll(text, "\t", "    ")) }

// guarded prevents the first character of a line from starting a macro.
func guarded(line string) string {
	if line == "" || strings.HasPrefix(line, ".") || strings.HasPrefix(line, `\(aq`) {
		return `\&` + line
	}
	return line
}

// line returns a text as one line of a page. Code between backquotes is bold.
func line(text string) string {
	parts := strings.Split(strings.Join(strings.Fields(text), " "), "`")
	var b strings.Builder
	for i, part := range parts {
		switch {
		case i%2 == 1 && i < len(parts)-1:
			b.WriteString(`\fB` + escaped(part) + `\fR`)
		case i%2 == 1: // an unpaired quote
			b.WriteString(escaped("`" + part))
		default:
			b.WriteString(escaped(part))
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return guarded(b.String())
}

// quoted returns an argument of a macro.
func quoted(text string) string {
	return `"` + strings.ReplaceAll(escaped(strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "`", "")), `"`, `\(dq`) + `"`
}
