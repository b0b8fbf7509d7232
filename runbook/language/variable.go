package language

import (
	"fmt"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// variableTypes maps the keywords of a variable's type to types.
var variableTypes = map[string]cty.Type{"string": cty.String, "number": cty.Number, "bool": cty.Bool}

// variable returns the value of a variable block: what the caller set, else the environment's, else
// the default. If none is usable, it reports that and returns an unknown value.
func (e *evaluator) variable(n *node) cty.Value {
	body, name := n.block.Body, n.addr.Name()
	e.unknownAttributes(n.types, n.addr, body)
	for range e.nestedBlocks(n.types, n.addr, body) {
	}
	typ := e.variableType(n)
	if n.site.forbidden {
		return cty.DynamicVal
	}
	sensitive := false
	if attr, _, ok := e.attribute(n.types.Attribute("sensitive"), n.addr, name, body.Attributes["sensitive"]); ok {
		sensitive = attr.Value.True()
	}
	e.attribute(n.types.Attribute("description"), n.addr, name, body.Attributes["description"])
	def, ok := e.variableDefault(n, typ, sensitive)
	if text, given := e.given(name); given {
		i := e.recorder.put(fetched{inputID{InputVariable, name}, false, text, nil})
		n.uses.add(i)
		n.site.fetch(i)
		def, ok = e.parseVariable(n, typ, text)
	} else if ok && def == cty.NilVal {
		e.fail(n.addr, n.place(), fmt.Sprintf("the variable %q has no value", name),
			fmt.Sprintf("Give it with --var %s=VALUE or ORAC_VAR_%s, or write a default.", name, name))
		ok = false
	}
	if sensitive {
		e.recorder.secret.union(&n.uses)
	}
	switch {
	case !ok:
		return cty.DynamicVal
	case sensitive:
		return def.Mark(markSecret)
	}
	return def
}

func (e *evaluator) given(name string) (string, bool) {
	if v, ok := e.opts.Vars[name]; ok {
		return v, true
	}
	return e.opts.Env("ORAC_VAR_" + name)
}

// variableType reads the keyword of a type. It returns string if the keyword is missing or wrong.
func (e *evaluator) variableType(n *node) cty.Type {
	at := n.types.Attribute("type")
	a := n.block.Body.Attributes["type"]
	if a == nil {
		return variableTypes[at.Default]
	}
	word := hcl.ExprAsKeyword(a.Expr)
	if t, ok := variableTypes[word]; ok {
		return t
	}
	e.fail(n.addr, a.Expr.Range(), "the type of a variable must be "+OrList(at.Values), e.suggest(word, at.Values)+"Write it without quotes.")
	return cty.String
}

// variableDefault returns the default, or NilVal if there is none.
func (e *evaluator) variableDefault(n *node, typ cty.Type, sensitive bool) (cty.Value, bool) {
	a := n.block.Body.Attributes["default"]
	if a == nil {
		return cty.NilVal, true
	}
	if refs := a.Expr.Variables(); len(refs) > 0 {
		e.fail(n.addr, refs[0].SourceRange(), "a default may not refer to other values", "Use a local for a value made from others.")
		return cty.NilVal, false
	}
	if sensitive {
		e.src.hideLiterals(a.Expr)
	}
	v, _, ok := e.evaluate(n.addr, a.Expr)
	if !ok {
		return cty.NilVal, false
	}
	plain, marks := v.UnmarkDeep()
	if sensitive && len(marks) == 0 && !plain.IsNull() && !isEmptyText(plain) {
		e.literalSecret(n.addr, a.Expr, "the default of a sensitive variable")
		return cty.NilVal, false
	}
	if plain.IsNull() {
		return cty.NilVal, true
	}
	v, err := toType(plain, typ)
	if err != nil || weigh(v, maxValue) > maxValue {
		e.fail(n.addr, a.Expr.Range(), "the default "+misfitOf(typ), "Change the default or the type.")
		return cty.NilVal, false
	}
	return v.WithMarks(marks), true
}

// misfitOf says why a value cannot be converted to a type.
func misfitOf(typ cty.Type) string {
	switch typ {
	case cty.Number:
		return "is not a number"
	case cty.Bool:
		return "is neither true nor false"
	}
	return "is not text, or is too long"
}

// parseVariable reads text from outside as typ. It never shows the text, since that may hold
// secrets.
func (e *evaluator) parseVariable(n *node, typ cty.Type, text string) (cty.Value, bool) {
	switch typ {
	case cty.Number:
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			if v, err := cty.ParseNumberVal(text); err == nil && digits(v) == 0 {
				return v, true
			}
		}
	case cty.Bool:
		if text == "true" || text == "false" {
			return cty.BoolVal(text == "true"), true
		}
	default:
		if len(text) <= maxInputFile {
			return cty.StringVal(text), true
		}
	}
	e.fail(n.addr, n.place(), fmt.Sprintf("the value given for the variable %q %s", n.addr.Name(), misfitOf(typ)),
		"Correct it where it is given: --var or ORAC_VAR_"+n.addr.Name()+".")
	return cty.NilVal, false
}

func isText(v cty.Value) bool {
	return v.Type() == cty.String && !v.IsMarked() && v.IsKnown() && !v.IsNull()
}

func isEmptyText(v cty.Value) bool { return isText(v) && v.AsString() == "" }
