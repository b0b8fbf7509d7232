package language

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// Text writes a value as a file would, on one line; a secret as "(secret)".
func (at *Attribute) Text(a Attr) string {
	isSet := func(s Secret) bool { return s.IsSet() }
	if slices.ContainsFunc(slices.Collect(maps.Values(a.secrets)), isSet) {
		return Redacted
	}
	return at.expression(a.Value)
}

func (at *Attribute) expression(v cty.Value) string {
	switch {
	case v.IsNull():
		return "null"
	case at.Kind.IsReference() && v.Type() == cty.String:
		return v.AsString()
	case v.Type().IsMapType(), v.Type().IsObjectType():
		var parts []string
		for name, el := range sortedMap(v) {
			parts = append(parts, literal(cty.StringVal(name))+" = "+at.expression(el))
		}
		if len(parts) == 0 {
			return "{}"
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case v.Type().IsListType():
		var parts []string
		for _, el := range v.AsValueSlice() {
			if el.Type().IsListType() && el.LengthInt() == 1 { // as people write it
				el = el.AsValueSlice()[0]
			}
			parts = append(parts, at.expression(el))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return literal(v)
}

// literal writes text, a number or a truth value so that it is safe on a terminal.
func literal(v cty.Value) string { return escape(string(hclwrite.TokensForValue(v).Bytes())) }

// Line returns the line on which place begins, for people: without its indentation, at most 200
// characters, and with "(secret)" in place of what is hidden. If secret is true, the whole
// expression at place is hidden.
func (d *Document) Line(place hcl.Range, secret bool) string {
	const most = 200
	s := d.source
	if s == nil || place.Start.Line == 0 {
		return ""
	}
	line, start := s.line(place.Start.Byte)
	line = line[:min(len(line), 4*most)]
	var b strings.Builder
	hiding := false
	for i, c := range line {
		if secret && start+i >= place.Start.Byte {
			b.WriteString(Redacted)
			break
		}
		if hidden := s.isHidden(start + i); !hidden {
			b.WriteByte(c)
			hiding = false
		} else if !hiding {
			b.WriteString(Redacted)
			hiding = true
		}
	}
	text := []rune(strings.TrimSpace(escape(b.String())))
	if len(text) > most {
		text = append(text[:most-1], '…')
	}
	return string(text)
}
