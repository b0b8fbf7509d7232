package edit

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"orac/runbook"
	"orac/runbook/language"
)

// Outline is what a text states, block by block, without evaluating it. Forms use it, because it works even where a secret is
// missing or a reference leads nowhere.
type Outline struct {
	Address language.Address
	Type    *language.BlockType
	Written bool
	Line    int                // counted from 1; 0 if it is not written
	Attrs   map[string]Written // the written ones of the attributes that the type has
	Nested  []Outline          // one of each type that may be nested, written or not
}

// Written is an attribute as it is written in a text.
type Written struct {
	Text string // the expression, byte for byte
	Line int
	// Plain is the value of a literal text, or Text for a literal number or truth value. Simple says that it is one of these.
	Plain  string
	Simple bool
	// Names are the blocks that a plain reference, or a list of only plain references, names; nil for everything else.
	Names []language.Address
}

// Outlines returns the blocks of a text in the order of the file, each address once, then those that exist once and are not
// written. It leaves out blocks that the language does not know, locals and variables. The error is Diagnostics: the text cannot
// be parsed.
func Outlines(src []byte) ([]Outline, error) {
	body, err := runbook.Vocabulary.Syntax(src)
	if err != nil {
		return nil, err
	}
	var out []Outline
	seen := map[language.Address]bool{}
	for _, b := range body.Blocks {
		a := language.Address(strings.Join(append([]string{b.Type}, b.Labels...), "."))
		path, err := pathTo(a)
		if err != nil || len(path) > 1 || !path[0].is(b) || seen[a] {
			continue
		}
		seen[a] = true
		out = append(out, outline(src, path[0].types, a, b))
	}
	for _, t := range runbook.Registry {
		if t.Single && !t.Optional && !t.Named && t.Slot != nil && !seen[language.Address(t.Key())] {
			out = append(out, outline(src, t, language.Address(t.Key()), nil))
		}
	}
	return out, nil
}

// BlankOutline returns the outline of a block that is not written yet.
func BlankOutline(t *language.BlockType, a language.Address) Outline { return outline(nil, t, a, nil) }

func outline(src []byte, t *language.BlockType, a language.Address, b *hclsyntax.Block) Outline {
	out := Outline{Address: a, Type: t, Written: b != nil, Attrs: map[string]Written{}}
	body := &hclsyntax.Body{}
	if b != nil {
		body, out.Line = b.Body, b.TypeRange.Start.Line
	}
	for _, at := range language.SortedAttributes(body) {
		if t.Attribute(at.Name) != nil {
			out.Attrs[at.Name] = writtenOf(src, at)
		}
	}
	for _, n := range t.Nested {
		var inner *hclsyntax.Block
		for _, c := range body.Blocks {
			if (step{types: n}).is(c) && inner == nil {
				inner = c
			}
		}
		out.Nested = append(out.Nested, outline(src, n, a+"."+language.Address(n.Type), inner))
	}
	return out
}

func writtenOf(src []byte, at *hclsyntax.Attribute) Written {
	w := Written{Text: textAt(src, at.Expr.Range()), Line: at.NameRange.Start.Line}
	switch e := at.Expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		if !e.Val.IsNull() {
			w.Plain, w.Simple = w.Text, true
		}
	case *hclsyntax.TemplateExpr:
		if v, diags := e.Value(nil); e.IsStringLiteral() && !diags.HasErrors() && strings.HasPrefix(w.Text, `"`) {
			w.Plain, w.Simple = v.AsString(), true
		}
	case *hclsyntax.ScopeTraversalExpr:
		w.Names = []language.Address{language.Address(w.Text)}
	case *hclsyntax.TupleConsExpr:
		names, texts := []language.Address{}, []string{}
		for _, el := range e.Exprs {
			t, ok := el.(*hclsyntax.ScopeTraversalExpr)
			if !ok {
				return w
			}
			text := textAt(src, t.Range())
			names, texts = append(names, language.Address(text)), append(texts, text)
		}
		if squeeze(w.Text) == squeeze("["+strings.Join(texts, ",")+"]") { // the list contains no comment
			w.Names = names
		}
	}
	return w
}

// squeeze removes white space, and the comma after the last element of a list.
func squeeze(s string) string {
	return strings.Replace(strings.Join(strings.Fields(s), ""), ",]", "]", 1)
}

func textAt(src []byte, r hcl.Range) string { return string(src[r.Start.Byte:r.End.Byte]) }
