package edit

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"orac/runbook"
	"orac/runbook/language"
)

// Verb is what an Operation does.
type Verb string

// DoSet replaces the expression of an attribute, DoUnset returns the attribute to its default, DoAdd adds an empty block, and
// DoRemove removes a block.
const (
	DoSet    Verb = "set"
	DoUnset  Verb = "unset"
	DoAdd    Verb = "add"
	DoRemove Verb = "remove"
)

// Operation is one step of a rework.
type Operation struct {
	Do         Verb
	Block      language.Address
	Attribute  string // for DoSet and DoUnset
	Expression string // for DoSet
}

// StepError is an operation that failed.
type StepError struct {
	Step int // counted from 0
	Err  error
}

func (e *StepError) Error() string { return fmt.Sprintf("operation %d: %v", e.Step+1, e.Err) }

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Err }

// Rework performs operations one after the other, in the way of Edit, Unset, Add and Remove. New blocks are laid out as Format
// does; every other byte stays. If operations fail, the text is nil and every failure is reported. The work of an operation
// grows with the text: at most eight fit for the largest text. ctx can end the work between two operations; the next operation
// then fails with its error.
func Rework(ctx context.Context, src []byte, operations []Operation) ([]byte, []*StepError) {
	var wrong []*StepError
	out, left := src, maxReworked
	for i, o := range operations {
		if ctx.Err() != nil {
			return nil, append(wrong, &StepError{i, ctx.Err()})
		}
		if left -= len(out); left < 0 {
			return nil, append(wrong, &StepError{i, &Error{"these are too many operations for a text of that size", "Do fewer at once."}})
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
	return KeepFormat(src, tidy(src, out, left)), nil
}

// KeepFormat lays out a text that was made of a formatted one: orac fmt --check, which let the old one pass, lets the new one pass.
// A text that nobody had formatted keeps the layout of its author.
func KeepFormat(before, after []byte) []byte {
	if was, problems := runbook.Vocabulary.Format(before, ""); problems.HasErrors() || !bytes.Equal(was, before) {
		return after
	}
	if out, problems := runbook.Vocabulary.Format(after, ""); !problems.HasErrors() {
		return out
	}
	return after
}

func (o Operation) do(src []byte) ([]byte, error) {
	switch o.Do {
	case DoSet:
		return Set(src, o.Block, o.Attribute, o.Expression)
	case DoUnset:
		return Unset(src, o.Block, o.Attribute)
	case DoAdd:
		return Add(src, o.Block)
	case DoRemove:
		return Remove(src, o.Block)
	}
	return nil, &Error{fmt.Sprintf("%q is not an operation", language.Clip(string(o.Do))), `Use "set", "unset", "add" or "remove".`}
}

// Quote writes any text as an expression whose value is that text.
func Quote(text string) string { return string(hclwrite.TokensForValue(cty.StringVal(text)).Bytes()) }

// maxReworked bounds the sum of the texts that all operations walk through, in bytes.
const maxReworked = 8 * language.MaxFileSize

// tidy lays out the blocks that are new in a text, while the budget allows. A block that cannot be laid out without another
// change stays as it is.
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
	for _, b := range slices.Backward(newBlocks(body, "", was)) { // from the end, so that the earlier offsets stay valid
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
	body, err := runbook.Vocabulary.Syntax(src)
	return body, err == nil
}

// newBlocks returns the outermost blocks whose path is new, in the order of the file.
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

// laidOut returns a block as Format lays it out, with the indentation and the line ends that it
// has.
func laidOut(src []byte, from, to int) []byte {
	e := edit{src: src}
	text, newline := string(src[from:to]), newlineOf(src[from:to])
	if strings.Contains(text, "<<") { // the lines of a heredoc must not move
		return src[from:to]
	}
	text = string(hclwrite.Format([]byte(strings.ReplaceAll(text, "\r\n", "\n"))))
	return bytes.TrimSpace([]byte(strings.ReplaceAll(text, "\n", newline+e.indentation(from))))
}
