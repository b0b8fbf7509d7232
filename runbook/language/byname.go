package language

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// mapNames bounds the names of a map, in bytes.
const mapNames = 100

// byName returns the normal form of a map whose values are all of one sort.
func (e *evaluator) byName(at *Attribute, v quotable, normal func(quotable) (cty.Value, *misfit)) (cty.Value, *misfit) {
	if v.Type() == cty.DynamicPseudoType || !v.IsKnown() {
		return cty.NilVal, &misfit{}
	}
	if !v.Type().IsObjectType() && !v.Type().IsMapType() {
		return cty.NilVal, &misfit{"must be " + article(at.Kind.words()) + ", not " + v.describe(), "Write it in braces, like " + at.Like() + "."}
	}
	out := map[string]cty.Value{}
	for name, el := range sortedMap(v.Value) {
		if bad := at.badName(v, name); bad != nil {
			return cty.NilVal, bad
		}
		value, bad := normal(v.part(el))
		switch {
		case bad != nil && *bad == misfit{}:
			return cty.NilVal, bad
		case bad != nil:
			return cty.NilVal, &misfit{fmt.Sprintf("for %s %s", v.quote(name), bad.wrong), bad.hint}
		}
		out[name] = value
	}
	if len(out) > 0 {
		return cty.MapVal(out), nil
	}
	if at.NonEmpty {
		return cty.NilVal, &misfit{"is empty", "Write it like " + at.Like() + "."}
	}
	return cty.MapValEmpty(at.valueType().ElementType()), nil
}

// badName says why a map may not hold a name; nil if it may.
func (at *Attribute) badName(v quotable, name string) *misfit {
	switch {
	case name == "" || len(name) > mapNames:
		return &misfit{fmt.Sprintf("has a name of %d bytes", len(name)), fmt.Sprintf("A name has 1 to %d bytes.", mapNames)}
	case at.Pattern != nil && !at.Pattern.MatchString(name):
		return &misfit{"has the name " + v.quote(name), "A name must be " + at.Expect + "."}
	}
	return nil
}

// sortedMap visits a map or an object by name.
func sortedMap(v cty.Value) iter.Seq2[string, cty.Value] {
	all := v.AsValueMap()
	return func(yield func(string, cty.Value) bool) {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if !yield(name, all[name]) {
				return
			}
		}
	}
}

// plainDepth bounds how deep values may be nested.
const plainDepth = 8

// plainValues accepts a map of what JSON can say.
func plainValues(at *Attribute, v quotable) (cty.Value, *misfit) {
	if !v.Type().IsObjectType() && !v.Type().IsMapType() {
		return cty.NilVal, &misfit{"must be " + article(at.Kind.words()) + ", not " + v.describe(), "Write it in braces, like " + at.Like() + "."}
	}
	out := map[string]cty.Value{}
	for name, el := range sortedMap(v.Value) {
		if bad := at.badName(v, name); bad != nil {
			return cty.NilVal, bad
		}
		if !isPlain(el, plainDepth) {
			return cty.NilVal, &misfit{fmt.Sprintf("has %s for %s", v.part(el).describe(), v.quote(name)), "Write text, numbers, true, false, or lists and maps of them."}
		}
		out[name] = el
	}
	return cty.ObjectVal(out), nil
}

func isPlain(v cty.Value, depth int) bool {
	t := v.Type()
	switch {
	case depth == 0 || v.IsNull() || !v.IsKnown():
		return false
	case t == cty.Number:
		_, err := amount(Float, v)
		return err == nil
	case t == cty.String, t == cty.Bool:
		return true
	case t.IsTupleType(), t.IsListType(), t.IsSetType():
		return !slices.ContainsFunc(v.AsValueSlice(), func(el cty.Value) bool { return !isPlain(el, depth-1) })
	case t.IsMapType(), t.IsObjectType():
		for _, el := range sortedMap(v) {
			if !isPlain(el, depth-1) {
				return false
			}
		}
		return true
	}
	return false
}

// plainOf is a plain value as encoding/json decodes it: strings, float64, bool, []any and map[string]any.
func plainOf(v cty.Value) any {
	t := v.Type()
	switch {
	case t == cty.Number:
		n, _ := v.AsBigFloat().Float64()
		return n
	case t == cty.Bool:
		return v.True()
	case t == cty.String:
		return v.AsString()
	case t.IsTupleType(), t.IsListType(), t.IsSetType():
		list := []any{}
		for _, el := range v.AsValueSlice() {
			list = append(list, plainOf(el))
		}
		return list
	}
	all := map[string]any{}
	for name, el := range sortedMap(v) {
		all[name] = plainOf(el)
	}
	return all
}
