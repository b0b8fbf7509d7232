package language

import (
	"errors"
	"regexp/syntax"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"orac/runbook/pattern"
)

// maxPattern bounds the size of a compiled pattern of regex(), in instructions, and of its text, in
// bytes.
const maxPattern = 2000

// longDigits matches a number that takes long to read.
var longDigits = pattern.Lazy(`[0-9]{401}`)

// cost returns the cost of a function call, in steps and in bytes of its result, before the call is made. total is the weight
// of its arguments. An error means that the call must not be made.
func cost(name string, args []cty.Value, total int) (steps, bytes int, err error) {
	steps = stepNode + total/16
	text := func(i int) string {
		if i < len(args) {
			if v, _ := args[i].Unmark(); isText(v) {
				return v.AsString()
			}
		}
		return ""
	}
	elements := func() int {
		n := 0
		for _, a := range args {
			if a, _ = a.Unmark(); a.IsKnown() && !a.IsNull() && a.CanIterateElements() {
				n += a.LengthInt()
			}
		}
		return n
	}
	switch name {
	case "strlen", "substr", "title": // they look for the boundaries of characters
		steps += total / 2
	case "trim": // each character is looked up in the set that is cut off
		steps += len(text(0)) / 16 * (len(text(1)) / 16)
	case "split":
		n := strings.Count(text(1), text(0)) + 1
		return steps + 4*n, bytesElement * n, nil
	case "jsondecode":
		src := text(0)
		if longDigits().MatchString(src) {
			return 0, 0, errors.New("a number in it is too long")
		}
		n := 1 + strings.Count(src, ",") + strings.Count(src, ":") + strings.Count(src, "[") + strings.Count(src, "{")
		return steps + 20*n + total/4, 4 * bytesElement * n, nil
	case "jsonencode":
		for _, a := range args {
			steps += stepNumber * numbers(a)
		}
		return steps + total/2, 2 * total, nil
	case "parseint":
		if isHuge(text(0)) {
			return 0, 0, errors.New("the number is too long")
		}
	case "format":
		for i := range args {
			if i > 0 && isHuge(text(i)) && strings.ContainsAny(text(i)[:1], "+-.0123456789") {
				return 0, 0, errors.New("an argument is too long")
			}
		}
		steps += total/2 + stepNumber*len(args)
	case "regex":
		size, err := patternSize(text(0))
		return steps + 200 + size*(10+len(text(1))/10), size * 100, err
	case "distinct":
		n := elements()
		return steps + n*n, bytesElement * n, nil
	case "sort":
		return steps + 20*elements(), bytesElement * elements(), nil
	case "coalesce":
		return steps + len(args)*total/128, 0, nil
	case "flatten", "concat", "compact", "reverse", "slice", "values", "keys", "zipmap", "merge", "index", "contains", "lookup", "element":
		return steps + total/4, bytesElement * total / 17, nil
	}
	return steps, bytes, nil
}

// patternSize estimates how many instructions a pattern has.
func patternSize(pattern string) (int, error) {
	tooLarge := errors.New("the pattern is too large")
	if len(pattern) > maxPattern {
		return 0, tooLarge
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 1, nil // the function itself reports what is wrong
	}
	n := instructions(re)
	if n > maxPattern {
		return 0, tooLarge
	}
	return n, nil
}

func instructions(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		n += instructions(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, 1<<20)
}
