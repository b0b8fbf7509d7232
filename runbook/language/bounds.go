package language

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"

	"orac/runbook/pattern"
)

// A value must stay small while it is being made, because an evaluation by HCL cannot be
// interrupted. Three things could grow: text through functions that repeat it, lists through loops
// (see affordable), and the digits of a number: 1e999999999 takes a few bytes until it is converted
// to text.

// maxGrowth bounds the result of one function, in bytes and elements.
const maxGrowth = 4 << 20

// maxNumber bounds the digits of a number, before and after the point.
const maxNumber = 400

// hugeExponent matches a number whose exponent only fills memory; an exponent after p has base 2.
var hugeExponent = pattern.Lazy(`[eEpP][+-]?[0-9]{4,}`)

// hugeNumber matches a text that is such a number, or has many digits.
var hugeNumber = pattern.Lazy(`^[+-]?([0-9.]*[eEpP][+-]?[0-9]{4,}|[0-9.]{401,})$`)

// wideVerb matches a format verb whose width or precision only fills memory.
var wideVerb = pattern.Lazy(`%[^a-zA-Z%]*[0-9]{4}`)

// weigh returns the number of bytes, digits and elements of v. It stops counting when it has passed
// most.
func weigh(v cty.Value, most int) int {
	v, _ = v.Unmark()
	switch {
	case !v.IsKnown() || v.IsNull():
		return 1
	case v.Type() == cty.String:
		return 1 + len(v.AsString())
	case v.Type() == cty.Number:
		return 1 + digits(v)
	case !v.CanIterateElements():
		return 1
	}
	const each = 16 // the memory of an element, besides its contents
	n := each
	for it := v.ElementIterator(); it.Next() && n <= most; {
		k, el := it.Element()
		n += each + weigh(el, most-n)
		if k.Type() == cty.String {
			n += weigh(k, most-n)
		}
	}
	return n
}

// digits estimates how many digits a number has when it is written out; a small number counts as 0.
func digits(v cty.Value) int {
	const bitsPerDigit = 3
	f := v.AsBigFloat()
	if f.IsInf() {
		return maxGrowth
	}
	exp := f.MantExp(nil)
	if n := max(exp, -exp) / bitsPerDigit; n > maxNumber {
		return n
	}
	return 0
}

// toType converts an unmarked value, but refuses a text that takes long to convert to a number.
func toType(v cty.Value, t cty.Type) (cty.Value, error) {
	if t == cty.Number && isLongText(v) {
		return cty.NilVal, errors.New("the number is too long")
	}
	return convert.Convert(v, t)
}

// checkNumbers refuses numbers that would be enormous when written out.
func checkNumbers(args []cty.Value) error {
	for _, a := range args {
		if a, _ = a.Unmark(); a.Type() == cty.Number && a.IsKnown() && !a.IsNull() && digits(a) > 0 {
			return errors.New("the number is too large or too small")
		}
	}
	return nil
}

// multiplies names the functions whose result can be as large as the product of their two largest
// arguments. The results of all other functions are at most the sum.
var multiplies = map[string]bool{"format": true, "join": true, "replace": true}

// bounded wraps f: it refuses arguments that would build something enormous, and charges the budget for the
// others.
func (b *budget) bounded(name string, f function.Function) function.Function {
	return function.New(&function.Spec{
		Params:   f.Params(),
		VarParam: f.VarParam(),
		Type: func(args []cty.Value) (cty.Type, error) {
			if err := checkNumbers(args); err != nil {
				return cty.NilType, err
			}
			weights, total := []int{1, 1}, 0
			for _, a := range args {
				w := weigh(a, maxGrowth)
				weights = append(weights, w)
				total += w
				if plain, _ := a.Unmark(); isText(plain) && wideVerb().MatchString(plain.AsString()) {
					return cty.NilType, errors.New("the width is larger than 999")
				}
			}
			slices.Sort(weights)
			if n := len(weights); multiplies[name] && weights[n-1] > maxGrowth/weights[n-2] {
				return cty.NilType, errors.New("the result could be larger than 4 MiB")
			}
			if total > maxGrowth {
				return cty.NilType, errors.New("the arguments are larger than 4 MiB")
			}
			steps, bytes, err := cost(name, args, total)
			if err == nil && !b.charge(steps, bytes) {
				err = errors.New(b.spent)
			}
			if err != nil {
				return cty.NilType, err
			}
			return f.ReturnTypeForValues(args)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v, err := f.Call(args)
			if err == nil && weigh(v, maxGrowth) > maxGrowth {
				err = fmt.Errorf("the result is too large")
			}
			return v, err
		},
	})
}

// boundOperators makes every operator of the tree refuse enormous numbers.
func boundOperators(body *hclsyntax.Body, b *budget) {
	bound := func(op *hclsyntax.Operation) *hclsyntax.Operation {
		guarded := *op
		guarded.Impl = b.bounded("", op.Impl)
		return &guarded
	}
	hclsyntax.VisitAll(body, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.BinaryOpExpr:
			n.Op = bound(n.Op)
		case *hclsyntax.UnaryOpExpr:
			n.Op = bound(n.Op)
		}
		return nil
	})
}
