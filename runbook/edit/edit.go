package edit

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"orac/runbook"
	"orac/runbook/language"
)

// Error says why an edit was not made, and what to do.
type Error struct{ Summary, Hint string }

func (e *Error) Error() string { return e.Summary + ". " + e.Hint }

// Set returns the text of a runbook in which one attribute of one block has another expression. The block may be nested
// ("listener.kitchen.record"); a block that exists once and is not written is added. The expression is inserted as it is
// written. Every other byte stays, including comments, except white space where a line must be broken. The result is checked:
// only this attribute has changed. Whether the new value is valid is for Parse to say.
//
// Errors are an *Error, or Diagnostics when the text is not a valid runbook to begin with.
func Set(src []byte, block language.Address, attribute, expression string) ([]byte, error) {
	body, path, err := wayTo(src, block)
	if err != nil {
		return nil, err
	}
	t := path[len(path)-1].types
	if err := hasAttribute(t, attribute); err != nil {
		return nil, err
	}
	expression = strings.TrimSpace(expression)
	if len(src)+len(expression) > language.MaxFileSize {
		return nil, &Error{"the file would become larger than " + language.FormatSize(language.MaxFileSize), "Make the new value shorter: a runbook is usually a few KiB of text."}
	}
	if err := checkExpression(attribute, expression); err != nil {
		return nil, err
	}
	e := edit{src: src, line: attribute + " = " + expression, expression: expression, attribute: attribute, path: path, newline: newlineOf(src)}
	splices, err := e.splices(body)
	if err != nil {
		return nil, err
	}
	if out := e.first(body, splices); out != nil {
		return out, nil
	}
	return nil, &Error{fmt.Sprintf("cannot change %s of %s without changing other lines", attribute, block), "The new value changes what other lines mean, or the layout of the file is unusual: edit it by hand."}
}

// step is one block on the way to the one that is edited.
type step struct {
	types  *language.BlockType
	labels []string
}

func (s step) is(b *hclsyntax.Block) bool {
	return b.Type == s.types.Type && slices.Equal(b.Labels, s.labels)
}

func (s step) header() string {
	h := s.types.Type
	for _, l := range s.labels {
		h += fmt.Sprintf(" %q", l)
	}
	return h
}

// wayTo parses a text, and finds the types of the blocks that an address names in it.
func wayTo(src []byte, block language.Address) (*hclsyntax.Body, []step, error) {
	body, err := runbook.Vocabulary.Syntax(src)
	if err != nil {
		return nil, nil, err
	}
	path, err := pathTo(block)
	return body, path, err
}

// pathTo finds the types of the blocks that an address names.
func pathTo(a language.Address) ([]step, error) {
	var keys []string
	for _, t := range runbook.Vocabulary.Blocks {
		if t.Slot == nil {
			continue
		}
		keys = append(keys, t.Key())
		rest, ok := strings.CutPrefix(string(a)+".", t.Key()+".")
		if !ok {
			continue
		}
		s := step{types: t}
		if t.Variant != "" {
			s.labels = append(s.labels, t.Variant)
		}
		if t.Named {
			name, more, _ := strings.Cut(rest, ".")
			if !t.MayBeCalled(name) {
				return nil, &Error{fmt.Sprintf("%q is not the address of a block", language.Clip(string(a))), "Write " + t.Key() + ".NAME."}
			}
			s.labels, rest = append(s.labels, name), more
		}
		return s.into(a, strings.TrimSuffix(rest, "."))
	}
	return nil, &Error{fmt.Sprintf("%q is not the address of a block in a runbook", language.Clip(string(a))), language.Suggest(string(a), keys) + "An address begins with " + language.OrList(keys) + "."}
}

// into continues with nested blocks.
func (s step) into(a language.Address, rest string) ([]step, error) {
	path := []step{s}
	for rest != "" {
		var word string
		word, rest, _ = strings.Cut(rest, ".")
		n := path[len(path)-1].types.NestedType(word)
		if n == nil {
			return nil, &Error{fmt.Sprintf("%q is not the address of a block", language.Clip(string(a))), fmt.Sprintf("%s has no nested block %q.", path[len(path)-1].types.Type, language.Clip(word))}
		}
		path = append(path, step{types: n})
	}
	return path, nil
}

// checkExpression refuses text that is not one complete expression.
func checkExpression(attribute, text string) error {
	if wrong := runbook.Vocabulary.CheckExpression(text); wrong != "" {
		return &Error{fmt.Sprintf("the new value of %s is not an expression: %s", attribute, wrong), `Write it as in a runbook, with text in quotes: "2s", 0.5, true, model.hey_jarvis.`}
	}
	return nil
}

// edit is one edit: what to write, and where.
type edit struct {
	src                   []byte
	attribute, expression string
	line                  string // attribute = expression
	path                  []step
	newline               string
}

// splice replaces a stretch of text with another text.
type splice struct {
	from, to int
	text     string
}

// splices lists the ways to make the edit, the best one first.
func (e *edit) splices(body *hclsyntax.Body) ([]splice, error) {
	var inside *hclsyntax.Block // the innermost block of the path that is written
	for i, s := range e.path {
		at := slices.IndexFunc(body.Blocks, s.is)
		switch {
		case at >= 0:
			inside, body = body.Blocks[at], body.Blocks[at].Body
		case i == 0 && !s.types.Single || i == 0 && s.types.Named:
			return nil, e.noBlock(body)
		default:
			return e.added(inside, body, e.path[i:]), nil
		}
	}
	if a := body.Attributes[e.attribute]; a != nil {
		r := a.Expr.Range()
		return []splice{{r.Start.Byte, r.End.Byte, e.expression}}, nil
	}
	return e.into(inside, body, []string{e.line}, true), nil
}

func (e *edit) noBlock(body *hclsyntax.Body) error {
	var same []string
	for _, b := range body.Blocks {
		if b.Type == e.path[0].types.Type {
			same = append(same, strings.Join(append([]string{b.Type}, b.Labels...), "."))
		}
	}
	name := strings.Join(append([]string{e.path[0].types.Type}, e.path[0].labels...), ".")
	hint := language.Suggest(name, same)
	if hint == "" {
		hint = "It has " + language.OrList(same) + "."
	}
	if len(same) == 0 {
		hint = "It has no " + e.path[0].types.Type + "."
	}
	return &Error{"the runbook has no " + name, strings.TrimSpace(hint)}
}

// lines returns the blocks of path as lines, with the attribute, if there is one, in the innermost
// block.
func (e *edit) lines(path []step) []string {
	var lines []string
	for i, s := range path {
		lines = append(lines, strings.Repeat("  ", i)+s.header()+" {")
	}
	if e.line != "" {
		lines = append(lines, strings.Repeat("  ", len(path))+e.line)
	}
	for i := range path {
		lines = append(lines, strings.Repeat("  ", len(path)-1-i)+"}")
	}
	return lines
}

// added lists the ways to add the blocks of path, with the attribute in the innermost.
func (e *edit) added(inside *hclsyntax.Block, body *hclsyntax.Body, path []step) []splice {
	lines := e.lines(path)
	if inside != nil {
		if len(body.Attributes)+len(body.Blocks) > 0 {
			lines = append([]string{""}, lines...)
		}
		return e.into(inside, body, lines, false)
	}
	text := e.newline + e.indented("", lines)
	if n := len(e.src); n > 0 && e.src[n-1] != '\n' {
		text = e.newline + text
	}
	return []splice{{len(e.src), len(e.src), text}}
}

// into lists the ways to put lines into a block: after its last attribute if that is wanted, otherwise at
// its end.
func (e *edit) into(b *hclsyntax.Block, body *hclsyntax.Body, lines []string, beside bool) []splice {
	open, end := b.OpenBraceRange.End.Byte, b.CloseBraceRange.Start.Byte
	base := e.indentation(b.TypeRange.Start.Byte)
	indent := base + "  "
	attributes := language.SortedAttributes(body)
	if b.OpenBraceRange.Start.Line == b.CloseBraceRange.Start.Line {
		text := e.newline
		if within := bytes.TrimSpace(e.src[open:end]); len(within) > 0 {
			text += e.indented(indent, []string{string(within)})
		} else if lines[0] == "" {
			lines = lines[1:]
		}
		return []splice{{open, end, text + e.indented(indent, lines) + base}}
	}
	if len(attributes) > 0 {
		indent = e.indentation(attributes[0].NameRange.Start.Byte)
	}
	text := e.indented(indent, lines)
	var out []splice
	if beside {
		after := open
		if n := len(attributes); n > 0 {
			after = attributes[n-1].SrcRange.End.Byte - 1
		}
		if i := bytes.IndexByte(e.src[after:], '\n'); i >= 0 {
			out = append(out, splice{after + i + 1, after + i + 1, text})
		}
	}
	start := bytes.LastIndexByte(e.src[:end], '\n') + 1
	if len(bytes.TrimSpace(e.src[start:end])) > 0 { // a comment stands before the brace
		return append(out, splice{end, end, e.newline + text + base})
	}
	return append(out, splice{start, start, text})
}

func (e *edit) indented(by string, lines []string) string {
	var b strings.Builder
	for _, l := range lines {
		if l != "" {
			b.WriteString(by + l)
		}
		b.WriteString(e.newline)
	}
	return b.String()
}

// indentation returns the white space before an offset, if nothing else is on that line before it.
func (e *edit) indentation(at int) string {
	before := e.src[bytes.LastIndexByte(e.src[:at], '\n')+1 : at]
	return string(before[:len(before)-len(bytes.TrimLeft(before, " \t"))])
}

// newlineOf returns the line end that a text uses.
func newlineOf(src []byte) string {
	if i := bytes.IndexByte(src, '\n'); i > 0 && src[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}
