package language

import (
	"cmp"
	"errors"
	"io/fs"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Read reads a file as Load does. The Diagnostics are nil if it could be read.
func (l *Vocabulary) Read(path string, opts Options) ([]byte, Diagnostics) {
	src, err := opts.WithDefaults().ReadFile(path)
	if err == nil {
		return src, nil
	}
	p := &problems{lang: l, src: &source{name: path}}
	hint := "Check the file and its permissions."
	if errors.Is(err, fs.ErrNotExist) {
		hint = cmp.Or(l.Missing, "Check its name.")
	}
	p.fail("", hcl.Range{Filename: path}, "cannot read the "+l.Noun+": "+Reason(err), hint)
	return nil, p.sorted()
}

// parse returns the syntax tree, if the text has one.
func (p *problems) parse() (*hclsyntax.Body, bool) {
	if !p.check() {
		return nil, false
	}
	file, diags := hclsyntax.ParseConfig(p.src.bytes, p.src.name, hcl.InitialPos)
	if diags.HasErrors() {
		p.src.hideSecretLines(p.lang.secretLine())
		for _, d := range diags {
			place := hcl.Range{Filename: p.src.name}
			if d.Subject != nil {
				place = *d.Subject
			}
			p.fail("", place, lowerFirst(d.Summary), d.Detail)
			if strings.Contains(d.Summary, "multi-line string") {
				break // after a missing quote, the parser takes all text for quotes and all quotes for text
			}
		}
		return nil, false
	}
	return file.Body.(*hclsyntax.Body), true
}

// Syntax returns the syntax tree of a text, for tools that look at how a file is written. The error is Diagnostics.
func (l *Vocabulary) Syntax(src []byte) (*hclsyntax.Body, error) {
	p := &problems{lang: l, src: &source{bytes: src}}
	body, ok := p.parse()
	if !ok {
		return nil, p.sorted()
	}
	return body, nil
}

// CheckExpression says what is wrong with a text that should be one complete expression; "" if it is one.
func (l *Vocabulary) CheckExpression(text string) (wrong string) {
	if text == "" {
		return "it is empty"
	}
	p := &problems{lang: l, src: &source{bytes: []byte(text)}}
	if !p.check() {
		return p.found[0].Summary
	}
	if _, diags := hclsyntax.ParseExpression([]byte(text), "", hcl.InitialPos); diags.HasErrors() {
		return lowerFirst(diags[0].Summary)
	}
	return ""
}
