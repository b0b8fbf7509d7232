package runbook

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Remove gives the text of a runbook without one block, which may be nested ("listener.kitchen.record"). What stands inside of
// the block goes with it; all else stays byte for byte, the comments beside it too, but for a blank line that would be the second
// in a row. That nothing else is gone is checked on the result. Whether others refer to the block is not: Parse of the result
// says that, and Referrers before.
//
// An error is an *EditError, or Diagnostics when the text is no runbook to begin with.
func Remove(src []byte, block Address) ([]byte, error) {
	c, err := cutOf(src, block)
	if err != nil {
		return nil, err
	}
	b := c.block
	c.from, c.to = b.TypeRange.Start.Byte, b.CloseBraceRange.End.Byte
	c.gone = func(s said) bool { return s.path == c.target || strings.HasPrefix(s.path, c.target+"/") }
	return c.make(string(block))
}

// Unset gives the text of a runbook in which one attribute of a block is not written, so that its default holds. All else stays
// byte for byte, a comment behind the attribute too; one inside of its expression goes with that. Where it is not written to begin with the text is as it was.
//
// An error is an *EditError, or Diagnostics when the text is no runbook to begin with.
func Unset(src []byte, block Address, attribute string) ([]byte, error) {
	path, err := runbooks.pathTo(block)
	if err != nil {
		return nil, err
	}
	if err := path[len(path)-1].types.has(attribute); err != nil {
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

// has refuses an attribute that a block does not have.
func (t *BlockType) has(attribute string) error {
	if t.Attribute(attribute) != nil {
		return nil
	}
	return &EditError{fmt.Sprintf("%s has no attribute %q", t.Type, clip(attribute)),
		suggest(attribute, t.attributeNames()) + "It has " + strings.Join(t.attributeNames(), ", ") + "."}
}

// cutting takes a piece out of a text.
type cutting struct {
	src      []byte
	body     *hclsyntax.Body
	block    *hclsyntax.Block // that an address names
	around   *hclsyntax.Block // that the piece stands in; nil at the top
	target   string           // path of the block, as list gives it
	from, to int              // bytes of the piece
	gone     func(said) bool  // what the piece says
}

// cutOf finds a block that is written.
func cutOf(src []byte, block Address) (*cutting, error) {
	p := &problems{lang: runbooks, src: &source{bytes: src}}
	body, ok := p.parse()
	if !ok {
		return nil, p.sorted()
	}
	path, err := runbooks.pathTo(block)
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
			return nil, &EditError{fmt.Sprintf("%s is not written", block), "There its defaults hold."}
		case slices.IndexFunc(body.Blocks[at+1:], s.is) >= 0:
			return nil, &EditError{fmt.Sprintf("%s is written twice", block), "Edit it by hand: which of them is meant is not known."}
		}
		c.around, c.block = c.block, body.Blocks[at]
		body = c.block.Body
		c.target += "/" + s.header() + "#0"
	}
	return c, nil
}

// make takes the piece out, with the line that it leaves empty if that changes nothing else.
func (c *cutting) make(what string) ([]byte, error) {
	before := list(c.body, c.src)
	for _, r := range c.ranges() {
		out := slices.Concat(c.src[:r[0]], c.src[r[1]:])
		if c.isOnlyChange(before, out) {
			return out, nil
		}
	}
	return nil, &EditError{what + " cannot be removed by itself", "The file is written in an unusual way: edit it by hand."}
}

// ranges are the ways to take the piece out, the best one first.
func (c *cutting) ranges() [][2]int {
	start := bytes.LastIndexByte(c.src[:c.from], '\n') + 1
	end := c.lineAfter(c.to)
	if b := c.around; b != nil && b.OpenBraceRange.Start.Line == b.CloseBraceRange.Start.Line {
		return [][2]int{{b.OpenBraceRange.End.Byte, b.CloseBraceRange.Start.Byte}, {c.from, c.to}}
	}
	if !isBlank(c.src[start:c.from]) {
		return [][2]int{{c.from, c.to}}
	}
	if !isBlank(c.src[c.to:end]) { // a comment follows, and stays where the piece began
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

// lineAfter is where the line after an offset begins.
func (c *cutting) lineAfter(at int) int {
	if i := bytes.IndexByte(c.src[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(c.src)
}

func isBlank(text []byte) bool { return len(bytes.TrimSpace(text)) == 0 }

// isOnlyChange tells whether a text says all that was said before but the piece, with all comments beside it.
func (c *cutting) isOnlyChange(before []said, out []byte) bool {
	rest := slices.DeleteFunc(slices.Clone(before), c.gone)
	kept := commentsIn(c.src, func(r hcl.Range) bool { return r.End.Byte <= c.from || r.Start.Byte >= c.to })
	if isBlank(out) {
		return len(rest) == 0 && len(kept) == 0
	}
	p := &problems{lang: runbooks, src: &source{bytes: out}}
	body, ok := p.parse()
	return ok && slices.Equal(rest, list(body, out)) && slices.Equal(kept, comments(out))
}
