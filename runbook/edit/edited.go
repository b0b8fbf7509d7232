package edit

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"orac/runbook"
	"orac/runbook/language"
)

// said is one thing that a text states: a block, or an attribute of a block.
type said struct {
	path string // path of the block: its header and those around it, each with its position among equal ones
	name string // name of the attribute; "" for the block itself
	text string // its expression
}

// list returns what a text states, in the order of the file.
func list(body *hclsyntax.Body, src []byte) []said {
	var out []said
	var walk func(path string, body *hclsyntax.Body)
	walk = func(path string, body *hclsyntax.Body) {
		for _, a := range language.SortedAttributes(body) {
			r := a.Expr.Range()
			out = append(out, said{path, a.Name, string(bytes.TrimSpace(src[r.Start.Byte:r.End.Byte]))})
		}
		same := map[string]int{}
		for _, b := range body.Blocks {
			inner := pathOf(path, b, same)
			out = append(out, said{path: inner})
			walk(inner, b.Body)
		}
	}
	walk("", body)
	return out
}

// pathOf returns the path of a block inside the block with the given path; same counts the blocks there
// with the same header.
func pathOf(path string, b *hclsyntax.Block, same map[string]int) string {
	header := b.Type
	for _, l := range b.Labels {
		header += fmt.Sprintf(" %q", l)
	}
	n := same[header]
	same[header]++
	return fmt.Sprintf("%s/%s#%d", path, header, n)
}

// comments returns the comments of a text.
func comments(src []byte) []string { return commentsIn(src, func(hcl.Range) bool { return true }) }

// commentsIn returns the comments of a text that stand in the wanted places.
func commentsIn(src []byte, wanted func(hcl.Range) bool) []string {
	var out []string
	tokens, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	for _, t := range tokens {
		if t.Type == hclsyntax.TokenComment && wanted(t.Range) {
			out = append(out, strings.TrimRight(string(t.Bytes), "\r\n"))
		}
	}
	return out
}

// first makes the change in the first way that changes nothing else; nil if there is none.
func (e *edit) first(body *hclsyntax.Body, splices []splice) []byte {
	before := list(body, e.src)
	for _, s := range splices {
		out := slices.Concat(e.src[:s.from], []byte(s.text), e.src[s.to:])
		if e.isOnlyChange(before, out) {
			return out
		}
	}
	return nil
}

// isOnlyChange tells whether a text states the same as before, except for the attribute of the edit.
func (e *edit) isOnlyChange(before []said, out []byte) bool {
	body, err := runbook.Vocabulary.Syntax(out)
	if err != nil || !slices.Equal(comments(e.src), comments(out)) {
		return false
	}
	var target string
	mayBeNew := map[string]bool{}
	for _, s := range e.path {
		target += "/" + s.header() + "#0"
		mayBeNew[target] = true
	}
	was := map[string]bool{}
	for _, s := range before {
		was[s.path] = true
	}
	rest := func(all []said) []said {
		return slices.DeleteFunc(slices.Clone(all), func(s said) bool {
			return s.path == target && s.name == e.attribute || s.name == "" && mayBeNew[s.path] && !was[s.path]
		})
	}
	after := list(body, out)
	return slices.Contains(after, said{target, e.attribute, e.expression}) && slices.Equal(rest(before), rest(after))
}
