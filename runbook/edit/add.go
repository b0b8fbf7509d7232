package edit

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"orac/runbook/language"
)

// Add returns the text of a runbook with one more block, which is empty: after the last block of its type, or at the end. The
// block may be nested ("listener.kitchen.record"); then it is added to the block around it. Every other byte stays, except
// white space where a line must be broken. The result is checked: nothing else has changed. Use Set to fill the block in.
//
// Errors are an *Error, or Diagnostics when the text is not a valid runbook to begin with.
func Add(src []byte, block language.Address) ([]byte, error) {
	body, path, err := wayTo(src, block)
	if err != nil {
		return nil, err
	}
	e := edit{src: src, path: path, newline: newlineOf(src)}
	splices, err := e.additions(block, body)
	if err != nil {
		return nil, err
	}
	if out := e.first(body, splices); out != nil {
		return out, nil
	}
	return nil, &Error{fmt.Sprintf("cannot add %s without changing other lines", block), "The layout of the file is unusual: edit it by hand."}
}

// additions lists the ways to add the innermost block of the path, the best one first.
func (e *edit) additions(block language.Address, body *hclsyntax.Body) ([]splice, error) {
	var inside *hclsyntax.Block
	top := e.path[0].types
	for i, s := range e.path {
		at := slices.IndexFunc(body.Blocks, s.is)
		switch {
		case at >= 0 && i == len(e.path)-1:
			return nil, &Error{fmt.Sprintf("%s exists already", block), "Change that block, or choose another name."}
		case at >= 0:
			inside, body = body.Blocks[at], body.Blocks[at].Body
		case i == 0 && len(e.path) > 1 && (!top.Single || top.Named):
			return nil, e.noBlock(body)
		case i == 0:
			if other := slices.IndexFunc(body.Blocks, func(b *hclsyntax.Block) bool { return b.Type == top.Type }); top.Single && other >= 0 {
				return nil, &Error{fmt.Sprintf("%s may be given only once", top.Type), fmt.Sprintf("It is in line %d.", body.Blocks[other].TypeRange.Start.Line)}
			}
			return append(e.behind(body), e.added(nil, body, e.path)...), nil
		default:
			return e.added(inside, body, e.path[i:]), nil
		}
	}
	panic("BUG: an address without blocks")
}

// behind lists the ways to add a block after the last one of its type; none when there is no such
// block.
func (e *edit) behind(body *hclsyntax.Body) []splice {
	at := -1
	for _, b := range body.Blocks {
		if b.Type == e.path[0].types.Type {
			at = b.CloseBraceRange.End.Byte
		}
	}
	if at < 0 {
		return nil
	}
	end := bytes.IndexByte(e.src[at:], '\n')
	if end < 0 {
		return nil
	}
	at += end + 1
	text := e.newline + e.indented("", e.lines(e.path))
	if next, _, _ := bytes.Cut(e.src[at:], []byte("\n")); !isBlank(next) {
		text += e.newline
	}
	return []splice{{at, at, text}}
}
