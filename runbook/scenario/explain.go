package scenario

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// mostExplained bounds the length of an explanation.
const mostExplained = 400

// Explain returns the values that the words of the expression had in a state, for people: "lost = 2,
// waiting = 0".
func (e Expr) Explain(s State) string {
	var parts []string
	for _, u := range e.uses {
		v := u.get(&s, u.keys)
		if !v.Type().IsMapType() {
			parts = append(parts, u.name+" = "+plain(v))
			continue
		}
		var keys []string
		for k := range v.AsValueMap() {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			parts = append(parts, fmt.Sprintf("%s[%q] = %s", u.name, k, plain(v.Index(cty.StringVal(k)))))
		}
	}
	text := strings.Join(parts, ", ")
	if len(text) > mostExplained {
		text = text[:mostExplained] + "…"
	}
	return text
}

// plain writes a value of the state for people.
func plain(v cty.Value) string {
	switch t := v.Type(); {
	case t == cty.Bool:
		return fmt.Sprint(v.True())
	case t == cty.Number:
		return v.AsBigFloat().Text('g', 10)
	case t == cty.String:
		return fmt.Sprintf("%q", v.AsString())
	case t.IsObjectType():
		var parts []string
		for name := range t.AttributeTypes() {
			parts = append(parts, name+" = "+plain(v.GetAttr(name)))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return "?"
}
