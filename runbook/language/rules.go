package language

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// Given is what a Rule sees of a block: its attributes, with defaults filled in.
type Given struct {
	attrs map[string]Attr
	types *BlockType
}

// Written reports whether the file writes the attribute.
func (g Given) Written(name string) bool { return !g.attrs[name].Default }

// Text returns the value of an attribute that holds text; "" when it has none.
func (g Given) Text(name string) string {
	v := g.attrs[name].Value
	if v == cty.NilVal || v.IsNull() || v.Type() != cty.String {
		return ""
	}
	return v.AsString()
}

// Flag returns the value of an attribute that is true or false; false when it has none.
func (g Given) Flag(name string) bool {
	v := g.attrs[name].Value
	return v != cty.NilVal && !v.IsNull() && v.Type() == cty.Bool && v.True()
}

// Amount returns the value of an attribute that is a number, a duration (in ns) or a size (in
// bytes).
func (g Given) Amount(name string) float64 {
	at := g.types.Attribute(name)
	n, err := amount(at.Kind, g.attrs[name].Value)
	if err != nil {
		panic("BUG: rule compares " + name + ": " + err.Error())
	}
	return n
}

// Texts returns the elements of an attribute of kind Strings.
func (g Given) Texts(name string) (list []string) {
	for _, el := range g.attrs[name].Value.AsValueSlice() {
		list = append(list, el.AsString())
	}
	return list
}

// Keys returns the keys of an attribute that holds a map, sorted.
func (g Given) Keys(name string) []string {
	v, _ := g.attrs[name].Value.Unmark()
	if v == cty.NilVal || v.IsNull() || !v.CanIterateElements() {
		return nil
	}
	return slices.Sorted(maps.Keys(v.AsValueMap()))
}

// Numbers returns the values of an attribute of kind Ints.
func (g Given) Numbers(name string) (list []int) {
	for _, el := range g.attrs[name].Value.AsValueSlice() {
		n, _ := el.AsBigFloat().Int64()
		list = append(list, int(n))
	}
	return list
}

// count returns how many of the names are written.
func (g Given) count(names []string) int {
	n := 0
	for _, name := range names {
		if g.Written(name) {
			n++
		}
	}
	return n
}

// AtMostOneOf allows one of several attributes, or none.
func AtMostOneOf(names ...string) Rule {
	return Rule{
		Uses: names,
		Doc:  "at most one of " + OrList(names) + " may be given",
		Hint: "Keep only the one that you want.",
		Holds: func(g Given) bool {
			return g.count(names) <= 1
		},
	}
}

// ExactlyOneOf demands one of several attributes.
func ExactlyOneOf(names ...string) Rule {
	return Rule{
		Uses: names,
		Doc:  "exactly one of " + OrList(names) + " must be given",
		Hint: "Write exactly one of them.",
		Holds: func(g Given) bool {
			return g.count(names) == 1
		},
	}
}

// RequiredWhen demands an attribute if another one has a certain text.
func RequiredWhen(name, value, needed, hint string) Rule {
	return Rule{
		Uses: []string{name, needed},
		Doc:  fmt.Sprintf("%s = %q needs %s", name, value, needed),
		Hint: hint,
		Holds: func(g Given) bool {
			return g.Text(name) != value || g.Written(needed)
		},
	}
}

// OnlyWhen allows an attribute only if another one has a certain text.
func OnlyWhen(name, value, allowed string) Rule { return OnlyWhenOneOf(name, []string{value}, allowed) }

// OnlyWhenOneOf allows an attribute only if another one has one of these texts.
func OnlyWhenOneOf(name string, values []string, allowed string) Rule {
	list := quotedList(values)
	return Rule{
		Uses: []string{allowed, name},
		Doc:  fmt.Sprintf("%s is only for %s = %s", allowed, name, list),
		Hint: fmt.Sprintf("Leave %s out, or set %s = %s.", allowed, name, list),
		Holds: func(g Given) bool {
			return slices.Contains(values, g.Text(name)) || !g.Written(allowed)
		},
	}
}

// LessThan demands that one amount is less than another.
func LessThan(less, more, why string) Rule {
	return Rule{
		Uses: []string{less, more},
		Doc:  fmt.Sprintf("%s must be less than %s", less, more),
		Hint: why,
		Holds: func(g Given) bool {
			return g.Amount(less) < g.Amount(more)
		},
	}
}

// NotMoreThan demands that one amount is at most another.
func NotMoreThan(less, more, why string) Rule {
	return Rule{
		Uses: []string{less, more},
		Doc:  fmt.Sprintf("%s must not be more than %s", less, more),
		Hint: why,
		Holds: func(g Given) bool {
			return g.Amount(less) <= g.Amount(more)
		},
	}
}

// OrList joins names as people do: "a, b or c".
func OrList(names []string) string { return joined(names, "or") }

// AndList does what orList does, with "and".
func AndList(names []string) string { return joined(names, "and") }

func joined(names []string, last string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " " + last + " " + names[len(names)-1]
}
