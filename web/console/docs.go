package console

import (
	"bytes"
	"html/template"
	"net/http"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"orac/web/api"
	"orac/web/schema"
)

type docData struct {
	Topics []api.DocTitle
	Name   string
	Page   template.HTML
}

func (c *Console) docs(call *api.Call) error {
	topics, err := api.OpDocs.Call(call, schema.None{})
	if err != nil {
		return err
	}
	return c.show(call, http.StatusOK, "docs", view{Data: docData{Topics: topics}})
}

func (c *Console) doc(call *api.Call) error {
	d, err := api.OpDoc.Call(call, api.DocInput{Topic: call.R.PathValue("topic")})
	if err != nil {
		return err
	}
	topics, err := api.OpDocs.Call(call, schema.None{})
	if err != nil {
		return err
	}
	page, err := pageOf(d.Text, topics)
	if err != nil {
		return err
	}
	return c.show(call, http.StatusOK, "doc", view{Title: d.Title, Data: docData{Topics: topics, Name: d.Name, Page: page}})
}

// markdown renders pages of the documentation. HTML inside a page is left out.
var markdown = goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))

// pageOf renders a Markdown page as HTML. Links to other pages lead there. A link to a source file, which the console does not
// have, becomes plain text.
func pageOf(source string, topics []api.DocTitle) (template.HTML, error) {
	raw := []byte(source)
	doc := markdown.Parser().Parse(text.NewReader(raw))
	var away []*ast.Link
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if link, ok := n.(*ast.Link); ok && entering {
			if to, ok := leads(string(link.Destination), topics); ok {
				link.Destination = []byte(to)
			} else {
				away = append(away, link)
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return "", err
	}
	for _, link := range away {
		parent := link.Parent()
		for child := link.FirstChild(); child != nil; {
			next := child.NextSibling()
			parent.InsertBefore(parent, link, child)
			child = next
		}
		parent.RemoveChild(parent, link)
	}
	var b bytes.Buffer
	if err := markdown.Renderer().Render(&b, raw, doc); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil // the renderer escapes texts, and drops HTML and script addresses
}

// leads returns the address in the console that a page's link leads to, or false if there is none.
func leads(to string, topics []api.DocTitle) (string, bool) {
	if strings.HasPrefix(to, "#") || strings.HasPrefix(to, "https://") {
		return to, true
	}
	file, anchor, hasAnchor := strings.Cut(to, "#")
	name, isPage := strings.CutSuffix(file, ".md")
	if i := strings.LastIndexByte(name, '/'); i >= 0 && strings.EqualFold(name[i+1:], "reference") { // of the runbook
		name = strings.ToLower(name[i+1:])
	}
	for _, t := range topics {
		if isPage && t.Name == name {
			if hasAnchor {
				return "/docs/" + name + "#" + anchor, true
			}
			return "/docs/" + name, true
		}
	}
	return "", false
}
