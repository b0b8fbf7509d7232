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

// Remove returns the text of a runbook without one block, which may be nested ("listener.kitchen.record"). Everything inside the
// block goes with it. All other bytes stay, including the comments beside it, except a second blank line in a row. The result is
// checked: nothing else is gone. Remove does not check whether others refer to the block: Parse reports that afterwards, and
// Referrers beforehand.
//
// Errors are an *Error, or Diagnostics when the text is not a valid runbook to begin with.
func Remove(src []byte, block language.Address) ([]byte, error) {
	c, err := cutOf(src, block)
	if err != nil {
		return nil, err
	}
	b := c.block
	c.from, c.to = b.TypeRange.Start.Byte, b.CloseBraceRange.End.Byte
	c.gone = func(s said) bool { return s.path == c.target || strings.HasPrefix(s.path, c.target+"/") }
	return c.make(string(block))
}

// Unset returns the text of a runbook in which one attribute of a block is not written, so that its default applies. All other
// bytes stay, including a comment after the attribute; a comment inside the expression goes with it. If the attribute is not
// written to begin with, the text stays as it is.
//
// Errors are an *Error, or Diagnostics when the text is not a valid runbook to begin with.
func Unset(src []byte, block language.Address, attribute string) ([]byte, error) {
	path, err := pathTo(block)
	if err != nil {
		return nil, err
	}
	if err := hasAttribute(path[len(path)-1].types, attribute); err != nil {
		return nil, err
	}
	c, err := cutOf(src, block)
	if err != nil {
		return nil, err
	}
	a := c.block.Body.Attributes[attribute]
	if a == nil {
		return src, nil
	}
	c.from, c.to = a.NameRange.Start.Byte, a.Expr.Range().End.Byte
	c.around = c.block
	c.gone = func(s said) bool { return s.path == c.target && s.name == attribute }
	return c.make(attribute + " of " + string(block))
}

// hasAttribute refuses an attribute that a block does not have.
func hasAttribute(t *language.BlockType, attribute string) error {
	if t.Attribute(attribute) != nil {
		return nil
	}
	return &Error{fmt.Sprintf("%s has no attribute %q", t.Type, language.Clip(attribute)),
		language.Suggest(attribute, t.AttributeNames()) + "It has " + strings.Join(t.AttributeNames(), ", ") + "."}
}

// cutting removes a piece of a text.
type cutting struct {
	src      []byte
	body     *hclsyntax.Body
	block    *hclsyntax.Block // the block that an address names
	around   *hclsyntax.Block // the block around the piece; nil at the top level
	target   string           // path of the block, as list returns it
	from, to int              // bytes of the piece
	gone     func(said) bool  // matches what the piece states
}

// cutOf finds a block that is written.
func cutOf(src []byte, block language.Address) (*cutting, error) {
	body, path, err := wayTo(src, block)
	if err != nil {
		return nil, err
	}
	c := &cutting{src: src, body: body}
	for i, s := range path {
		at := slices.IndexFunc(body.Blocks, s.is)
		switch {
		case at < 0 && i == 0:
			e := edit{path: path}
			return nil, e.noBlock(body)
		case at < 0:
			return nil, &Error{fmt.Sprintf("%s is not in the file", block), "Its defaults apply, and there is nothing to remove."}
		case slices.IndexFunc(body.Blocks[at+1:], s.is) >= 0:
			return nil, &Error{fmt.Sprintf("%s is in the file twice", block), "Edit the file by hand: it is not clear which one you mean."}
		}
		c.around, c.block = c.block, body.Blocks[at]
		body = c.block.Body
		c.target += "/" + s.header() + "#0"
	}
	return c, nil
}

// make removes the piece, with the line that it leaves empty if that changes nothing else.
func (c *cutting) make(what string) ([]byte, error) {
	before := list(c.body, c.src)
	for _, r := range c.ranges() {
		out := slices.Concat(c.src[:r[0]], c.src[r[1]:])
		if c.isOnlyChange(before, out) {
			return out, nil
		}
	}
	return nil, &Error{"cannot remove " + what + " without changing other lines", "The layout of the file is unusual: edit it by hand."}
}

// ranges lists the ways to remove the piece, the best one first.
func (c *cutting) ranges() [][2]int {
	start := bytes.LastIndexByte(c.src[:c.from], '\n') + 1
	end := c.lineAfter(c.to)
	if b := c.around; b != nil && b.OpenBraceRange.Start.Line == b.CloseBraceRange.Start.Line {
		return [][2]int{{b.OpenBraceRange.End.Byte, b.CloseBraceRange.Start.Byte}, {c.from, c.to}}
	}
	if !isBlank(c.src[start:c.from]) {
		return [][2]int{{c.from, c.to}}
	}
	if !isBlank(c.src[c.to:end]) { // a comment follows, and moves to where the piece began
		rest := c.src[c.to:end]
		return [][2]int{{c.from, c.to + len(rest) - len(bytes.TrimLeft(rest, " \t"))}, {c.from, c.to}}
	}
	lines := [2]int{start, end}
	previous := bytes.LastIndexByte(c.src[:max(0, start-1)], '\n') + 1
	next := c.lineAfter(end)
	above := start == 0 || isBlank(c.src[previous:start])
	first, last := start == 0, end == len(c.src)
	if b := c.around; b != nil {
		first = b.OpenBraceRange.End.Byte >= previous
		last = b.CloseBraceRange.Start.Byte < next
	}
	switch {
	case !last && isBlank(c.src[end:next]) && (above || first):
		return [][2]int{{start, next}, lines}
	case last && above && !first:
		return [][2]int{{previous, end}, lines}
	}
	return [][2]int{lines}
}

// lineAfter returns the offset of the line after the one of an offset.
func (c *cutting) lineAfter(at int) int {
	if i := bytes.IndexByte(c.src[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(c.src)
}

func isBlank(text []byte) bool { return len(bytes.TrimSpace(text)) == 0 }

// isOnlyChange tells whether a text still states everything except the piece, with all comments beside it.
func (c *cutting) isOnlyChange(before []said, out []byte) bool {
	rest := slices.DeleteFunc(slices.Clone(before), c.gone)
	kept := commentsIn(c.src, func(r hcl.Range) bool { return r.End.Byte <= c.from || r.Start.Byte >= c.to })
	if isBlank(out) {
		return len(rest) == 0 && len(kept) == 0
	}
	body, err := runbook.Vocabulary.Syntax(out)
	return err == nil && slices.Equal(rest, list(body, out)) && slices.Equal(kept, comments(out))
}
