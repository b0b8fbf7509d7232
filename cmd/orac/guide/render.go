package guide

import (
	"fmt"
	"path"
	"strings"

	"github.com/yuin/goldmark/ast"
	table "github.com/yuin/goldmark/extension/ast"
)

// home is the folder of the pages in the repository: links are relative to it.
const home = "cmd/orac/guide"

// Render returns a page as lines for a terminal of the given width. strong marks headings. Lines of code are never broken: people
// copy them.
func Render(page []byte, columns int, strong func(string) string) string {
	r := &renderer{source: page, columns: max(columns, 20), strong: strong}
	r.blocks(Parse(page), "")
	return strings.Join(r.lines, "\n") + "\n"
}

// renderer writes the blocks of a page as lines.
type renderer struct {
	source  []byte
	columns int
	strong  func(string) string
	lines   []string
}

// blocks writes the contents of a block, each line after an indent.
func (r *renderer) blocks(parent ast.Node, indent string) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if n != parent.FirstChild() && n.Kind() != ast.KindTextBlock && n.PreviousSibling().Kind() != ast.KindTextBlock {
			r.lines = append(r.lines, "")
		}
		r.block(n, indent)
	}
}

func (r *renderer) block(n ast.Node, indent string) {
	switch n := n.(type) {
	case *ast.Heading:
		for _, line := range Wrap(r.inline(n), r.columns-len(indent)) {
			r.lines = append(r.lines, indent+r.strong(line))
		}
	case *ast.List:
		r.list(n, indent)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		for i := range n.Lines().Len() {
			line := n.Lines().At(i)
			r.lines = append(r.lines, strings.TrimRight(indent+"    "+string(line.Value(r.source)), "\n "))
		}
	case *ast.Blockquote:
		r.blocks(n, indent+"  ")
	case *ast.ThematicBreak:
		r.lines = append(r.lines, indent+strings.Repeat("─", r.columns-len(indent)))
	case *table.Table:
		r.table(n, indent)
	case *ast.HTMLBlock: // comments for those who edit the page
	default:
		for _, line := range Wrap(r.inline(n), r.columns-len(indent)) {
			r.lines = append(r.lines, indent+line)
		}
	}
}

// list writes items: the mark on the first line of each, the rest below its text.
func (r *renderer) list(l *ast.List, indent string) {
	number := l.Start
	for n := l.FirstChild(); n != nil; n = n.NextSibling() {
		mark := "- "
		if l.IsOrdered() {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		if !l.IsTight && n != l.FirstChild() {
			r.lines = append(r.lines, "")
		}
		at := len(r.lines)
		r.blocks(n, indent+strings.Repeat(" ", len(mark)))
		if at < len(r.lines) {
			r.lines[at] = indent + mark + strings.TrimLeft(r.lines[at], " ")
		}
	}
}

// inline returns the text of a block on one line.
func (r *renderer) inline(parent ast.Node) string { return Inline(parent, r.source, leads) }

// leads says where a link leads, in a terminal: to a topic, to a file of the repository, or to an address. For a link within the
// page it says nothing.
func leads(to string) string {
	to, _, _ = strings.Cut(to, "#")
	switch {
	case to == "":
		return ""
	case strings.Contains(to, "://"):
		return " <" + to + ">"
	}
	if name, ok := strings.CutSuffix(to, ".md"); ok && !strings.Contains(name, "/") {
		return " (`orac help " + name + "`)"
	}
	return " (" + path.Join(home, to) + ")"
}
