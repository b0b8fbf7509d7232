package guide

import (
	"strings"

	"orac/runbook/cells"

	"github.com/charmbracelet/x/ansi"
	"github.com/yuin/goldmark/ast"
	table "github.com/yuin/goldmark/extension/ast"
)

const (
	columnGap = 2
	// leastColumn is the narrowest column in which a sentence can be read.
	leastColumn = 14
)

// table writes rows in columns whose cells wrap. If there is no room for that, each row becomes an item, with its cells one
// below the other.
func (r *renderer) table(t *table.Table, indent string) {
	var rows [][]string
	for n := t.FirstChild(); n != nil; n = n.NextSibling() {
		rows = append(rows, r.cells(n))
	}
	widths := fit(rows, r.columns-len(indent))
	if widths == nil {
		r.items(rows, indent)
		return
	}
	for i, row := range rows {
		for _, line := range beside(row, widths) {
			switch {
			case i == 0 && line == "": // a table without a heading
				continue
			case i == 0:
				line = r.strong(line)
			}
			r.lines = append(r.lines, indent+line)
		}
	}
}

func (r *renderer) cells(row ast.Node) []string {
	var cells []string
	for c := row.FirstChild(); c != nil; c = c.NextSibling() {
		cells = append(cells, r.inline(c))
	}
	return cells
}

// fit returns the widths of the columns: what their cells need, or if that is too much, with the widest columns narrowed. It
// returns nil if they still do not fit. No column gets narrower than its longest word.
func fit(rows [][]string, room int) []int {
	widths, least := make([]int, len(rows[0])), make([]int, len(rows[0]))
	total := columnGap * (len(widths) - 1)
	for i := range widths {
		for _, row := range rows {
			widths[i] = max(widths[i], ansi.StringWidth(row[i]))
			for _, word := range strings.Fields(row[i]) {
				least[i] = max(least[i], ansi.StringWidth(word))
			}
		}
		least[i] = min(widths[i], max(least[i], leastColumn))
		total += widths[i]
	}
	for ; total > room; total-- {
		widest := -1
		for i, w := range widths {
			if w > least[i] && (widest < 0 || w > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return nil
		}
		widths[widest]--
	}
	return widths
}

// beside returns the lines of a row, with its cells side by side.
func beside(row []string, widths []int) []string {
	var lines []string
	left := 0
	for i, cell := range row {
		for n, part := range Wrap(cell, widths[i]) {
			if n == len(lines) {
				lines = append(lines, "")
			}
			lines[n] = cells.Pad(lines[n], left) + part
		}
		left += widths[i] + columnGap
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

// items writes the first cell of each row, and the others indented below it, each after the heading of its column.
func (r *renderer) items(rows [][]string, indent string) {
	for _, row := range rows[1:] {
		lead := indent
		for i, cell := range row {
			if cell == "" {
				continue
			}
			if i > 0 && rows[0][i] != "" {
				cell = rows[0][i] + ": " + cell
			}
			for _, line := range Wrap(cell, r.columns-len(lead)) {
				r.lines = append(r.lines, lead+line)
			}
			lead = indent + "  "
		}
	}
}
