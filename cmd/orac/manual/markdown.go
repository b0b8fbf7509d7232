package manual

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	table "github.com/yuin/goldmark/extension/ast"

	"orac/cmd/orac/guide"
)

// markdown writes a page of the documentation, without its title, which is the man page's title.
func (r *roff) markdown(page []byte) {
	r.section("description")
	w := &writer{r, page}
	w.blocks(guide.Parse(page))
}

// writer writes Markdown.
type writer struct {
	*roff
	source []byte
}

func (w *writer) blocks(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		w.block(n)
	}
}

func (w *writer) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		switch n.Level {
		case 1:
		case 2:
			w.macro(".SH " + quoted(w.inline(n))) // names of blocks keep their case
		default:
			w.subsection(w.inline(n))
		}
	case *ast.List:
		w.list(n)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		var b strings.Builder
		for i := range n.Lines().Len() {
			at := n.Lines().At(i)
			b.Write(at.Value(w.source))
		}
		w.code(b.String())
	case *ast.Blockquote:
		w.macro(".RS 4")
		w.blocks(n)
		w.macro(".RE")
	case *table.Table:
		w.table(n)
	case *ast.HTMLBlock, *ast.ThematicBreak:
	default:
		w.paragraph()
		w.text(w.inline(n))
	}
}

func (w *writer) list(l *ast.List) {
	if first, ok := l.FirstChild().FirstChild().FirstChild().(*ast.Link); ok && strings.HasPrefix(string(first.Destination), "#") {
		return // the table of contents of the page
	}
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "•"
		if l.IsOrdered() {
			mark = fmt.Sprintf("%d.", number)
			number++
		}
		w.bullet(mark)
		for n := item.FirstChild(); n != nil; n = n.NextSibling() {
			switch n.(type) {
			case *ast.TextBlock, *ast.Paragraph:
				w.text(w.inline(n))
			default:
				w.macro(".RS 4")
				w.block(n)
				w.macro(".RE")
			}
		}
	}
}

// table writes each row as an item: its first cell, and below it the others, each after the heading of its
// column.
func (w *writer) table(t *table.Table) {
	var heads []string
	for row := t.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for c := row.FirstChild(); c != nil; c = c.NextSibling() {
			cells = append(cells, w.inline(c))
		}
		if _, isHead := row.(*table.TableHeader); isHead {
			heads = cells
			continue
		}
		w.item(strings.ReplaceAll(cells[0], "`", ""))
		var facts []string
		for i, cell := range cells[1:] {
			head := heads[i+1]
			switch {
			case cell == "":
			case head == "":
				w.text(cell)
			default:
				facts = append(facts, head+": "+cell)
			}
		}
		if len(facts) > 0 {
			w.macro(".br")
			w.text(strings.Join(facts, "; "))
		}
	}
}

// inline returns the text of a block on one line, with code between backquotes.
func (w *writer) inline(parent ast.Node) string { return guide.Inline(parent, w.source, leads) }

// leads says where a link leads: to another page of the manual, or to an address. Links to files of the repository lead nowhere:
// a reader of the manual does not have them.
func leads(to string) string {
	to, _, _ = strings.Cut(to, "#")
	if strings.Contains(to, "://") {
		return " <" + to + ">"
	}
	if name, ok := strings.CutSuffix(to, ".md"); ok && !strings.Contains(name, "/") {
		return " (orac-" + name + "(7))"
	}
	return ""
}
