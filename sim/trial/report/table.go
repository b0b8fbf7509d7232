package report

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"orac/runbook/cells"
)

// promises writes the table of promises. On a narrow terminal it leaves out, in this order, the median, the number of
// judgements, and the 99th percentile.
func (p *page) promises(sc *Scenario) {
	if len(sc.Promises) == 0 {
		return
	}
	p.line("")
	rows := [][]string{{"PROMISE", "BOUND", "N", "MEDIAN", "P99", "WORST", "SEED", "MARGIN"}}
	for _, promise := range shown(sc) {
		rows = append(rows, p.promise(promise))
	}
	drop := []int{}
	switch {
	case p.Width == 0 || p.Width >= 76:
	case p.Width >= 66:
		drop = []int{3}
	default:
		drop = []int{2, 3, 4}
	}
	p.table(rows, drop)
}

func (p *page) promise(pr Promise) []string {
	mark := p.good("✓")
	switch {
	case pr.N == 0:
		mark = p.warn("?")
	case !pr.Kept:
		mark = p.bad("✗")
	}
	row := []string{mark + " " + clean(pr.Title()), "", thousands(pr.N), "", "", "", "", ""}
	if pr.Bound != 0 {
		row[1] = quantity(pr.Bound, pr.Unit)
	}
	switch {
	case pr.N == 0:
		row[7] = p.warn("not tested")
	case pr.Unit == "" || len(pr.Values) == 0:
		row[7] = "kept"
		if !pr.Kept {
			row[6], row[7] = fmt.Sprint(pr.WorstAt), p.bad(fmt.Sprintf("broken %d×", pr.Broken))
		}
	default:
		row[3], row[4], row[5], row[6] = quantity(pr.Median, pr.Unit), quantity(pr.P99, pr.Unit), quantity(pr.Worst, pr.Unit), fmt.Sprint(pr.WorstAt)
		row[7] = p.margin(pr)
		if !pr.Kept {
			row[5] = p.bad(row[5])
		}
	}
	return row
}

// margin draws the share of the bound that the worst case leaves.
func (p *page) margin(pr Promise) string {
	if !pr.Kept {
		return p.bad(fmt.Sprintf("broken %d×", pr.Broken))
	}
	if pr.Bound <= 0 {
		return "kept"
	}
	m := max(0, min(1, pr.Margin()))
	paint := p.good
	if m < 0.1 {
		paint = p.warn
	}
	return paint(bar(m, 5)) + fmt.Sprintf(" %2.0f %%", 100*m)
}

// table writes rows in columns. The first row is the heading. The first column gets the remaining width; the others, except
// the last, are aligned right. The columns to drop are left out, and so are empty ones.
func (p *page) table(rows [][]string, drop []int) {
	var shown []int
	widths := make([]int, len(rows[0]))
	for i := range rows[0] {
		something := i == 0
		for n, row := range rows {
			widths[i] = max(widths[i], ansi.StringWidth(row[i]))
			something = something || n > 0 && row[i] != ""
		}
		dropped := false
		for _, d := range drop {
			dropped = dropped || d == i
		}
		if something && !dropped {
			shown = append(shown, i)
		}
	}
	if p.Width > 0 {
		rest := p.Width - 2
		for _, i := range shown[1:] {
			rest -= widths[i] + 2
		}
		widths[0] = min(widths[0], max(10, rest))
	}
	last := shown[len(shown)-1]
	for n, row := range rows {
		var b strings.Builder
		for _, i := range shown {
			cell := row[i]
			switch {
			case i == 0:
				cell = p.fitFirst(cell, widths[0], n == 0)
			case i == last:
				b.WriteString("  " + cell)
				continue
			default:
				cell = "  " + cells.PadLeft(cell, widths[i])
			}
			b.WriteString(cell)
		}
		line := "  " + strings.TrimRight(b.String(), " ")
		if n == 0 {
			line = "  " + p.faint(strings.TrimRight(ansi.Strip(b.String()), " "))
		}
		p.line("%s", line)
	}
}

// fitFirst fits the first column to its width; its mark may be painted.
func (p *page) fitFirst(cell string, most int, heading bool) string {
	if heading {
		return cells.Pad(cells.Shorten(cell, most), most)
	}
	if ansi.StringWidth(cell) > most {
		mark, name, _ := strings.Cut(cell, " ")
		cell = mark + " " + cells.Shorten(name, most-2)
	}
	return cells.Pad(cell, most)
}
