package runbook

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// Verb is what an Operation does.
type Verb string

// DoSet gives an attribute another expression, DoUnset leaves it at its default, DoAdd adds an empty block, and DoRemove takes one
// out.
const (
	DoSet    Verb = "set"
	DoUnset  Verb = "unset"
	DoAdd    Verb = "add"
	DoRemove Verb = "remove"
)

// Operation is one step of a rework.
type Operation struct {
	Do         Verb
	Block      Address
	Attribute  string // of DoSet and DoUnset
	Expression string // of DoSet
}

// StepError is an operation that was not done.
type StepError struct {
	Step int // from 0 on
	Err  error
}

func (e *StepError) Error() string { return fmt.Sprintf("operation %d: %v", e.Step+1, e.Err) }

// Unwrap gives the cause.
func (e *StepError) Unwrap() error { return e.Err }

// Rework does operations one after the other, as Edit, Unset, Add and Remove do each. Blocks that are new afterwards are laid
// out as Format does; every other byte stays. When some operation cannot be done the text is nil, and all of those are told. The
// work of an operation grows with the text: of the largest one eight can be done at once. ctx ends it between two, with its
// error for the next one.
func Rework(ctx context.Context, src []byte, operations []Operation) ([]byte, []*StepError) {
	var wrong []*StepError
	out, left := src, maxReworked
	for i, o := range operations {
		if ctx.Err() != nil {
			return nil, append(wrong, &StepError{i, ctx.Err()})
		}
		if left -= len(out); left < 0 {
			return nil, append(wrong, &StepError{i, &EditError{"these are too many operations for a text of that size", "Do fewer at once."}})
		}
		next, err := o.do(out)
		if err != nil {
			wrong = append(wrong, &StepError{i, err})
			continue
		}
		out = next
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return tidy(src, out, left), nil
}

func (o Operation) do(src []byte) ([]byte, error) {
	switch o.Do {
	case DoSet:
		return Edit(src, o.Block, o.Attribute, o.Expression)
	case DoUnset:
		return Unset(src, o.Block, o.Attribute)
	case DoAdd:
		return Add(src, o.Block)
	case DoRemove:
		return Remove(src, o.Block)
	}
	return nil, &EditError{fmt.Sprintf("%q is no operation", clip(string(o.Do))), `It is one of "set", "unset", "add" and "remove".`}
}

// Quote writes a text as an expression that means it, whatever is in it.
func Quote(text string) string { return string(hclwrite.TokensForValue(cty.StringVal(text)).Bytes()) }

// maxReworked bounds the text that operations go through, each through all of it, in bytes.
const maxReworked = 8 * MaxFileSize

// tidy lays out the blocks that a text has and another had not, as long as it may go through the text. What cannot be laid out
// without another change stays as it is.
func tidy(before, after []byte, left int) []byte {
	old, ok := parsed(before)
	if !ok {
		return after
	}
	was := map[string]bool{}
	for _, s := range list(old, before) {
		was[s.path] = true
	}
	body, ok := parsed(after)
	if !ok {
		return after
	}
	said, out := list(body, after), after
	for _, b := range slices.Backward(newBlocks(body, "", was)) { // from the end, so that the places of the others stay
		if left -= len(out); left < 0 {
			break
		}
		from, to := b.TypeRange.Start.Byte, b.CloseBraceRange.End.Byte
		next := slices.Concat(out[:from], laidOut(out, from, to), out[to:])
		body, ok := parsed(next)
		if ok && slices.Equal(said, list(body, next)) && slices.Equal(comments(after), comments(next)) {
			out = next
		}
	}
	return out
}

func parsed(src []byte) (*hclsyntax.Body, bool) {
	p := &problems{lang: runbooks, src: &source{bytes: src}}
	return p.parse()
}

// newBlocks are the outermost blocks whose path was not there, in the order of the file.
func newBlocks(body *hclsyntax.Body, path string, was map[string]bool) (out []*hclsyntax.Block) {
	same := map[string]int{}
	for _, b := range body.Blocks {
		inner := pathOf(path, b, same)
		if !was[inner] {
			out = append(out, b)
			continue
		}
		out = append(out, newBlocks(b.Body, inner, was)...)
	}
	return out
}

// laidOut is a block as Format lays it out, with the indentation and the line ends that it has.
func laidOut(src []byte, from, to int) []byte {
	e := edit{src: src}
	text, newline := string(src[from:to]), newlineOf(src[from:to])
	if strings.Contains(text, "<<") { // the lines of a text are not to be moved
		return src[from:to]
	}
	text = string(hclwrite.Format([]byte(strings.ReplaceAll(text, "\r\n", "\n"))))
	return bytes.TrimSpace([]byte(strings.ReplaceAll(text, "\n", newline+e.indentation(from))))
}
