package language

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// normalise returns the normal form of an unmarked value.
func (e *evaluator) normalise(at *Attribute, v quotable) (cty.Value, *misfit) {
	switch at.Kind {
	case Int, Float, Duration, ByteSize:
		return normaliseAmount(at, v)
	case Bool:
		b, err := toType(v.Value, cty.Bool)
		if err != nil {
			return cty.NilVal, at.wrongType(v)
		}
		return b, nil
	case Ref:
		return e.reference(at, v)
	case Refs, Strings:
		return e.list(at, v)
	case RefLists:
		return e.lists(at, v)
	case Ints:
		return wholeNumbers(at, v)
	case Map:
		return textMap(at, v)
	case Numbers:
		return numberMap(at, v)
	case RefMap:
		return e.byName(at, v, func(el quotable) (cty.Value, *misfit) { return e.reference(at, el) })
	case TextLists:
		return e.byName(at, v, func(el quotable) (cty.Value, *misfit) { return e.list(at, el) })
	case Values:
		return plainValues(at, v)
	default:
		return e.text(at, v)
	}
}

func (e *evaluator) text(at *Attribute, v quotable) (cty.Value, *misfit) {
	if v.Type() != cty.String {
		return cty.NilVal, at.wrongType(v)
	}
	s := v.AsString()
	switch {
	case at.Kind == Enum && !slices.Contains(at.Values, s):
		return cty.NilVal, &misfit{"is " + v.show(), v.meant(s, at.Values, true)}
	case at.Kind == URL:
		if hint := v.badURL(at.Secret != Public, at.TCP); hint != "" {
			return cty.NilVal, &misfit{"is " + v.showURL() + ", which is not a usable URL", hint}
		}
	case at.Kind == Path && (s == "" || strings.ContainsRune(s, 0)):
		return cty.NilVal, &misfit{"is " + v.show() + ", which is not a path", "Write the path of a file, relative to the " + e.lang.Noun + "."}
	case at.Pattern != nil && !at.Pattern.MatchString(s):
		return cty.NilVal, &misfit{"is " + v.show(), "It must be " + at.Expect + "."}
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' }):
		return cty.NilVal, &misfit{"contains control characters", "Write plain text."}
	}
	return v.Value, nil
}

func normaliseAmount(at *Attribute, v quotable) (cty.Value, *misfit) {
	switch {
	case (at.Kind == Duration || at.Kind == ByteSize) && v.Type() == cty.Number:
		return cty.NilVal, &misfit{"is " + v.show() + " without a unit", "Write text with a unit, like \"" + v.show() + at.Kind.unit() + "\"."}
	case at.Kind == Int || at.Kind == Float:
		n, err := toType(v.Value, cty.Number)
		if err != nil {
			return cty.NilVal, at.wrongType(v)
		}
		v = v.part(n)
	case v.Type() != cty.String:
		return cty.NilVal, at.wrongType(v)
	}
	n, err := amount(at.Kind, v.Value)
	if err != nil {
		return cty.NilVal, &misfit{"is " + v.show() + ": " + err.Error(), at.Kind.hint()}
	}
	if at.TooLow != "" && n < at.bound(at.Min) {
		return cty.NilVal, &misfit{"is " + v.show() + ", out of range", at.TooLow}
	}
	if at.Min != "" && n < at.bound(at.Min) || at.Max != "" && n > at.bound(at.Max) {
		return cty.NilVal, &misfit{"is " + v.show() + ", out of range", "It must be from " + at.Min + " to " + at.Max + at.unitText() + "."}
	}
	switch at.Kind {
	case Duration:
		d, _ := ParseDuration(v.AsString())
		return cty.StringVal(FormatDuration(d)), nil
	case ByteSize:
		s, _ := ParseSize(v.AsString())
		return cty.StringVal(FormatSize(s)), nil
	}
	return v.Value, nil
}

// amount checks a number, a duration in ns or a size in bytes. It refuses fractions where a whole
// number is expected, and infinity everywhere.
func amount(k Kind, v cty.Value) (float64, error) {
	switch k {
	case Duration:
		d, err := ParseDuration(v.AsString())
		return float64(d), err
	case ByteSize:
		s, err := ParseSize(v.AsString())
		return float64(s), err
	}
	n, _ := v.AsBigFloat().Float64()
	switch {
	case math.IsInf(n, 0):
		return 0, errors.New("it is too large")
	case (k == Int || k == Ints) && n != math.Trunc(n):
		return 0, errors.New("it is not a whole number")
	}
	return n, nil
}

func (e *evaluator) reference(at *Attribute, v quotable) (cty.Value, *misfit) {
	want := fmt.Sprintf("Refer to a block, like %s.", at.Example)
	if v.Type() == cty.DynamicPseudoType && !v.IsNull() || !v.IsKnown() {
		return cty.NilVal, &misfit{}
	}
	if v.IsNull() || !v.Type().IsObjectType() || !v.Type().HasAttribute("address") {
		return cty.NilVal, &misfit{"must be a reference to " + article(OrList(at.Refs)) + ", not " + v.describe(), want}
	}
	a := v.GetAttr("address")
	if !isText(a) || e.nodes[Address(a.AsString())] == nil {
		return cty.NilVal, &misfit{"must be a reference to " + article(OrList(at.Refs)), want}
	}
	n := e.nodes[Address(a.AsString())]
	if !slices.Contains(at.Refs, n.types.Type) && !slices.Contains(at.Refs, n.types.Key()) {
		return cty.NilVal, &misfit{fmt.Sprintf("must be %s, and %s is not", article(OrList(at.Refs)), v.name(n.addr)), want}
	}
	return a, nil
}

func (e *evaluator) list(at *Attribute, v quotable) (cty.Value, *misfit) {
	t := v.Type()
	if t == cty.DynamicPseudoType || !v.IsKnown() {
		return cty.NilVal, &misfit{}
	}
	if !t.IsTupleType() && !t.IsListType() && !t.IsSetType() {
		return cty.NilVal, &misfit{"must be a list, not " + v.describe(), "Write it in brackets, like " + at.Like() + "."}
	}
	var out []cty.Value
	named := map[string]bool{} // by Refs
	for it := v.ElementIterator(); it.Next(); {
		_, el := it.Element()
		var normal cty.Value
		var bad *misfit
		switch {
		case at.Kind == Refs && !el.IsNull():
			normal, bad = e.reference(at, v.part(el))
		case el.Type() == cty.String && !el.IsNull() && len(at.Values) > 0 && !slices.Contains(at.Values, el.AsString()):
			bad = &misfit{"holds " + v.part(el).show(), v.meant(el.AsString(), at.Values, false)}
		case el.Type() == cty.String && !el.IsNull():
			normal = el
		default:
			bad = &misfit{"must contain only text, not " + v.part(el).describe(), "Write it like " + at.Like() + "."}
		}
		switch {
		case bad != nil:
			return cty.NilVal, bad
		case at.Kind == Refs && named[normal.AsString()]:
			return cty.NilVal, &misfit{"names " + v.name(Address(normal.AsString())) + " twice", "Write each only once."}
		}
		if at.Kind == Refs {
			named[normal.AsString()] = true
		}
		out = append(out, normal)
	}
	if len(out) == 0 {
		if at.NonEmpty {
			return cty.NilVal, &misfit{"is empty", "Name at least one, like " + at.Like() + "."}
		}
		return cty.ListValEmpty(cty.String), nil
	}
	return cty.ListVal(out), nil
}

// lists returns the normal form of a list of which some elements are lists: all of them are. No block may stand there twice.
func (e *evaluator) lists(at *Attribute, v quotable) (cty.Value, *misfit) {
	isList := func(t cty.Type) bool { return t.IsTupleType() || t.IsListType() || t.IsSetType() }
	t := v.Type()
	if t == cty.DynamicPseudoType || !v.IsKnown() {
		return cty.NilVal, &misfit{}
	}
	if !isList(t) {
		return cty.NilVal, &misfit{"must be a list, not " + v.describe(), "Write it in brackets, like " + at.Like() + "."}
	}
	var out []cty.Value
	named := map[string]bool{}
	for it := v.ElementIterator(); it.Next(); {
		_, el := it.Element()
		parts := []cty.Value{el}
		if el.IsKnown() && !el.IsNull() && isList(el.Type()) {
			if parts = el.AsValueSlice(); len(parts) == 0 {
				return cty.NilVal, &misfit{"holds an empty list", "Name at least one in it, or leave it out."}
			}
		}
		var group []cty.Value
		for _, part := range parts {
			if part.IsKnown() && !part.IsNull() && isList(part.Type()) {
				return cty.NilVal, &misfit{"holds a list in a list in a list", "A list inside the list may only name blocks, like " + at.Like() + "."}
			}
			address, bad := e.reference(at, v.part(part))
			switch {
			case bad != nil:
				return cty.NilVal, bad
			case named[address.AsString()]:
				return cty.NilVal, &misfit{"names " + v.name(Address(address.AsString())) + " twice", "Write each only once."}
			}
			named[address.AsString()] = true
			group = append(group, address)
		}
		out = append(out, cty.ListVal(group))
	}
	if len(out) == 0 {
		return cty.ListValEmpty(cty.List(cty.String)), nil
	}
	return cty.ListVal(out), nil
}

// wholeNumbers returns the normal form of one number or of a list of numbers: a list.
func wholeNumbers(at *Attribute, v quotable) (cty.Value, *misfit) {
	one := *at
	one.Kind = Int
	t := v.Type()
	if !t.IsTupleType() && !t.IsListType() && !t.IsSetType() {
		n, bad := normaliseAmount(&one, v)
		if bad != nil {
			return cty.NilVal, bad
		}
		return cty.ListVal([]cty.Value{n}), nil
	}
	var out []cty.Value
	for it := v.ElementIterator(); it.Next(); {
		_, el := it.Element()
		if el.IsNull() {
			return cty.NilVal, &misfit{"must contain only whole numbers, not null", "Write it like " + at.Example + "."}
		}
		n, bad := normaliseAmount(&one, v.part(el))
		switch {
		case bad != nil:
			return cty.NilVal, bad
		case slices.ContainsFunc(out, n.RawEquals):
			return cty.NilVal, &misfit{"holds " + v.part(n).show() + " twice", "Write each only once."}
		}
		out = append(out, n)
	}
	if len(out) == 0 {
		return cty.NilVal, &misfit{"is empty", "Name at least one, or leave " + at.Name + " out."}
	}
	return cty.ListVal(out), nil
}

func textMap(at *Attribute, v quotable) (cty.Value, *misfit) {
	if !v.Type().IsObjectType() && !v.Type().IsMapType() {
		return cty.NilVal, &misfit{"must be a map of text, not " + v.describe(), "Write it like " + at.Example + "."}
	}
	out := v.AsValueMap()
	for name, el := range out {
		if el.Type() != cty.String || el.IsNull() {
			return cty.NilVal, &misfit{fmt.Sprintf("has %s instead of text for %s", v.part(el).describe(), v.quote(name)), "Write it in quotes."}
		}
	}
	if len(out) == 0 {
		return cty.MapValEmpty(cty.String), nil
	}
	return cty.MapVal(out), nil
}

// numberMap returns the normal form of numbers by name.
func numberMap(at *Attribute, v quotable) (cty.Value, *misfit) {
	if !v.Type().IsObjectType() && !v.Type().IsMapType() {
		return cty.NilVal, &misfit{"must be a map of numbers, not " + v.describe(), "Write it like " + at.Example + "."}
	}
	out := v.AsValueMap()
	for _, name := range slices.Sorted(maps.Keys(out)) {
		if !slices.Contains(at.Values, name) {
			return cty.NilVal, &misfit{"holds " + v.quote(name), v.meant(name, at.Values, false)}
		}
		el, err := toType(out[name], cty.Number)
		if err != nil || el.IsNull() || !el.IsKnown() {
			return cty.NilVal, &misfit{fmt.Sprintf("has %s instead of a number for %s", v.part(out[name]).describe(), v.quote(name)), "Write it like " + at.Example + "."}
		}
		if n, err := amount(Float, el); err != nil || n < at.bound(at.Min) || n > at.bound(at.Max) {
			return cty.NilVal, &misfit{fmt.Sprintf("has %s for %s, which is out of range", v.part(el).show(), v.quote(name)), "It must be from " + at.Min + " to " + at.Max + "."}
		}
		out[name] = el
	}
	if len(out) == 0 {
		return cty.MapValEmpty(cty.Number), nil
	}
	return cty.MapVal(out), nil
}
