package report

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"orac/runbook/cells"
)

// Look is how a report is shown in a terminal. The zero value is plain text of unlimited width.
type Look struct {
	Colour bool
	Width  int // columns; 0: unlimited
}

// maxBroken bounds the broken promises of one scenario that are described in full.
const maxBroken = 20

// Terminal writes a report for a person: for each scenario, what was promised and how well it was kept, which situations
// were reached, what broke and how to repeat it; then a summary line. No line is wider than the terminal except commands,
// so that they can be copied whole.
func Terminal(w io.Writer, r Report, l Look) error {
	p := &page{Look: l}
	for i := range r.Scenarios {
		p.scenario(&r, &r.Scenarios[i])
	}
	p.sum(&r)
	_, err := io.WriteString(w, p.b.String())
	return err
}

// page is a text for a terminal in progress.
type page struct {
	Look
	b strings.Builder
}

func (p *page) good(text string) string   { return p.paint("32", text) }
func (p *page) bad(text string) string    { return p.paint("31;1", text) }
func (p *page) warn(text string) string   { return p.paint("33", text) }
func (p *page) strong(text string) string { return p.paint("1", text) }
func (p *page) faint(text string) string  { return p.paint("2", text) }

func (p *page) paint(code, text string) string {
	if !p.Colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// verdict returns the mark and the paint of a verdict.
func (p *page) verdict(v Verdict) (mark string, paint func(string) string) {
	switch v {
	case Kept:
		return "✓", p.good
	case Unknown:
		return "?", p.warn
	case NotSame:
		return "≠", p.bad
	}
	return "✗", p.bad
}

// room returns how many columns remain after an indent; 0: unlimited.
func (p *page) room(indent int) int {
	if p.Width == 0 {
		return 0
	}
	return max(16, p.Width-indent)
}

// line writes a line. No line begins with "::", which GitHub's runner would take for a command.
func (p *page) line(format string, args ...any) {
	line := strings.TrimRight(fmt.Sprintf(format, args...), " ")
	if rest := strings.TrimLeft(ansi.Strip(line), " "); strings.HasPrefix(rest, "::") {
		line = strings.Replace(line, "::", "·:", 1)
	}
	p.b.WriteString(line + "\n")
}

// text writes a text over as many lines as it needs, the first one after a mark.
func (p *page) text(indent int, mark, text string, paint func(string) string) {
	space, taken := strings.Repeat(" ", indent), ansi.StringWidth(mark)
	for i, line := range cells.Wrap(clean(text), p.room(indent+taken+1)) {
		if i > 0 {
			mark = strings.Repeat(" ", taken)
		}
		p.line("%s%s %s", space, mark, paint(line))
	}
}

func plain(text string) string { return text }

func (p *page) scenario(r *Report, sc *Scenario) {
	mark, paint := p.verdict(sc.Verdict)
	name, where := clean(sc.Name), clean(place(sc.File, sc.Line))
	head := fmt.Sprintf("%s %s  %s", mark, name, sc.Verdict)
	if p.Width > 0 && ansi.StringWidth(head)+2+ansi.StringWidth(where) > p.Width {
		p.line("%s %s  %s", paint(mark), p.strong(cells.Shorten(name, p.Width-ansi.StringWidth(string(sc.Verdict))-4)), paint(string(sc.Verdict)))
		p.line("  %s", p.faint(cells.Shorten(where, p.room(2))))
	} else {
		p.line("%s %s  %s  %s", paint(mark), p.strong(name), paint(string(sc.Verdict)), p.faint(where))
	}
	if sc.Doc != "" {
		p.text(1, "", sc.Doc, plain)
	}
	p.text(1, "", strings.Join(facts(sc, r.Backend), " · "), p.faint)
	p.promises(sc)
	p.sometimes(sc)
	p.whatBroke(sc)
	p.notSame(sc)
	for _, why := range unknowns(sc) {
		p.text(2, p.warn("?"), why, plain)
	}
	p.line("")
}

// facts returns what was run.
func facts(sc *Scenario, backend string) []string {
	var list []string
	n := len(sc.Runs)
	switch seeds := seedsOf(sc.Runs); {
	case n == 1:
		list = append(list, "seed "+seeds)
	case n > 1 && n != distinct(sc.Runs):
		list = append(list, fmt.Sprintf("%d runs (seeds %s)", n, seeds))
	case n > 1:
		list = append(list, fmt.Sprintf("%d seeds (%s)", n, seeds))
	}
	if n > 1 {
		t := tally(sc.Runs)
		for _, v := range []Verdict{Kept, Broken, Unknown, NotSame} {
			if t[v] > 0 && t[v] < n {
				list = append(list, fmt.Sprintf("%d %s", t[v], v))
			}
		}
	}
	if backend == "chaos" {
		list = append(list, span(sc.Wall)+" of real time")
	} else {
		text := fmt.Sprintf("%s simulated in %s", span(sc.Virtual), span(sc.Wall))
		if x := speed(sc.Virtual, sc.Wall); x != "" {
			text += ", " + x + " times real time"
		}
		list = append(list, text)
	}
	if sc.Repeated > 0 {
		same := "the same"
		if tally(sc.Runs)[NotSame] > 0 {
			same = "not the same"
		}
		list = append(list, fmt.Sprintf("%s made twice, %s", count(sc.Repeated, "run"), same))
	}
	if sc.Inference != "" {
		list = append(list, "inference "+sc.Inference)
	}
	return list
}

// unknowns returns the reasons that no other part of the page shows.
func unknowns(sc *Scenario) (list []string) {
	for _, why := range reasons(sc) {
		if why.verdict == Unknown {
			list = append(list, why.text)
		}
	}
	return list
}

func (p *page) sometimes(sc *Scenario) {
	if len(sc.Sometimes) == 0 {
		return
	}
	p.line("")
	rows := [][]string{{"SOMETIMES", "REACHED", "FIRST"}}
	for _, s := range sc.Sometimes {
		mark, first := p.good("✓"), fmt.Sprintf("seed %d at %s", s.First, at(s.At))
		if s.Runs == 0 {
			mark, first = p.warn("?"), ""
		}
		rows = append(rows, []string{mark + " " + clean(s.Name), fmt.Sprintf("%d of %s", s.Runs, count(len(sc.Runs), "run")), first})
	}
	p.table(rows, nil)
}

func (p *page) whatBroke(sc *Scenario) {
	list := breaksOf(sc)
	for i, g := range list {
		p.line("")
		if i == maxBroken {
			p.text(2, p.bad("✗"), fmt.Sprintf("%s more broke; --json has them all", count(len(list)-i, "promise")), plain)
			return
		}
		head := fmt.Sprintf("%s: broken by seed %d at %s", g.title(), g.run.Seed, at(g.At))
		p.text(2, p.bad("✗"), head, p.strong)
		p.source(g.Break)
		p.text(4, "→", "seen: "+g.saw(), plain)
		if also := g.others(sc); also != "" {
			p.text(4, "·", also, p.faint)
		}
		p.shrunk(g.run)
		if g.run.Command != "" {
			p.line("    %s %s", p.faint("repeat it:"), clean(g.run.Command))
		}
	}
}

// source shows the line of a promise, underlined as in diagnostics.
func (p *page) source(b Break) {
	if b.File == "" {
		return
	}
	p.line("    %s", p.faint(cells.Shorten(clean(place(b.File, b.Line)), p.room(4))))
	code := strings.TrimRight(b.Source, " \t\r\n")
	if strings.TrimSpace(code) == "" || b.Line <= 0 {
		return
	}
	number := fmt.Sprintf("%6d", b.Line)
	code = cells.Shorten(clean(strings.ReplaceAll(code, "\t", "    ")), p.room(len(number)+3))
	bare := strings.TrimLeft(code, " ")
	p.line("%s %s", p.faint(number+" |"), code)
	p.line("%s %s%s", p.faint("       |"), strings.Repeat(" ", len(code)-len(bare)), p.bad(strings.Repeat("^", max(1, ansi.StringWidth(bare)))))
}

func (p *page) shrunk(r *Run) {
	if len(r.Shrunk) == 0 {
		return
	}
	p.text(4, "→", enough(r), plain)
	for i, f := range r.Shrunk {
		if i == 8 {
			p.text(6, "•", fmt.Sprintf("and %d more", len(r.Shrunk)-i), plain)
			break
		}
		p.text(6, "•", f.Sentence(), plain)
	}
}

// notSame shows where the two runs of a seed differ.
func (p *page) notSame(sc *Scenario) {
	shown := 0
	for i := range sc.Runs {
		r := &sc.Runs[i]
		if r.Verdict != NotSame {
			continue
		}
		p.line("")
		if shown++; shown > 3 {
			p.text(2, p.bad("≠"), fmt.Sprintf("%s in all are not deterministic", count(tally(sc.Runs)[NotSame], "seed")), plain)
			return
		}
		p.text(2, p.bad("≠"), fmt.Sprintf("seed %d is not deterministic: two runs give two traces", r.Seed), p.strong)
		lines := strings.Split(strings.TrimRight(r.Differs, "\n"), "\n")
		for i, line := range lines[:min(len(lines), 16)] {
			if i > 0 || line != "" {
				p.line("    %s %s", p.faint("│"), cells.Shorten(clean(line), p.room(6)))
			}
		}
		if r.Command != "" {
			p.line("    %s %s", p.faint("repeat it:"), clean(r.Command))
		}
	}
}

// sum writes the summary line.
func (p *page) sum(r *Report) {
	v := r.Verdict()
	mark, paint := p.verdict(v)
	var virtual float64
	runs, twice, promises, held := 0, 0, 0, 0
	verdicts := map[Verdict]int{}
	for _, sc := range r.Scenarios {
		virtual += sc.Virtual
		runs += len(sc.Runs)
		twice += sc.Repeated
		verdicts[sc.Verdict]++
		for _, promise := range sc.Promises {
			if promise.N > 0 {
				promises++
			}
			if promise.N > 0 && promise.Kept {
				held++
			}
		}
	}
	parts := []string{fmt.Sprintf("%d of %s kept", verdicts[Kept], count(len(r.Scenarios), "scenario")), fmt.Sprintf("%d of %s kept", held, count(promises, "promise")), count(runs, "run")}
	if twice > 0 {
		parts = append(parts, fmt.Sprintf("%d of them twice", twice))
	}
	if r.Backend == "chaos" {
		parts = append(parts, span(r.Wall)+" of real time")
	} else {
		parts = append(parts, fmt.Sprintf("%s simulated in %s", span(virtual), span(r.Wall)))
		if x := speed(virtual, r.Wall); x != "" {
			parts = append(parts, x+" times real time")
		}
	}
	p.text(0, paint(mark), string(v)+": "+strings.Join(parts, " · "), plain)
	if r.Ended != "" {
		p.text(0, p.warn("?"), "ended early: "+r.Ended, plain)
	}
}

// place returns "file:line", or only the file if the line is unknown.
func place(file string, line int) string {
	if file == "" || line <= 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// bar draws a margin, from 0 to 1, in this many cells.
func bar(part float64, cells int) string {
	if math.IsNaN(part) {
		part = 0
	}
	n := int(math.Round(max(0, min(1, part)) * float64(cells)))
	return strings.Repeat("█", n) + strings.Repeat("░", cells-n)
}
