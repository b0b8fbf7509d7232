package guide

import (
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

var markdown = goldmark.New(goldmark.WithExtensions(extension.Table))

// Parse reads a page of Markdown, with tables.
func Parse(page []byte) ast.Node { return markdown.Parser().Parse(text.NewReader(page)) }

// Inline returns the text of a block on one line, with code between backquotes. source is the page that the block is from. leads
// returns what to write after the text of a link.
func Inline(parent ast.Node, source []byte, leads func(destination string) string) string {
	var b strings.Builder
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			b.Write(n.Segment.Value(source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.CodeSpan:
			b.WriteString("`" + Inline(n, source, leads) + "`")
		case *ast.Link:
			b.WriteString(Inline(n, source, leads) + leads(string(n.Destination)))
		case *ast.AutoLink:
			b.Write(n.URL(source))
		case *ast.RawHTML:
		default: // emphasis: its text
			b.WriteString(Inline(n, source, leads))
		}
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", `\|`, "|").Replace(b.String())
}
