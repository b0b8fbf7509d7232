package language

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// maxDeferred bounds the text of a deferred expression, in bytes, because it is evaluated often.
const maxDeferred = 4 << 10

// deferredWeight is the weight of the values that such an expression sees, in bytes and elements. It allows two nested
// loops.
const deferredWeight = 1 << 10

// Words are what a deferred expression may name.
type Words struct {
	What      string // what it describes: "the state"
	List      []Word
	Functions []string // functions of the language; pure ones only
}

// Word is a variable of Words.
type Word struct {
	Name string
	Type cty.Type
	Doc  string
}

// Deferred is the value of an attribute of kind Expression: a true-or-false expression that is evaluated later, when its
// words have values. It names only words of its vocabulary and Constants, and it is cheap.
type Deferred struct {
	Text      string // as it is written
	Range     hcl.Range
	Expr      hclsyntax.Expression
	Constants map[string]cty.Value // "local" and "var", as far as it names them; with their marks
}

// Eval evaluates the expression with words and Constants. Its errors quote nothing that came from the machine.
func (d Deferred) Eval(words map[string]cty.Value, functions map[string]function.Function) (bool, error) {
	vars := make(map[string]cty.Value, len(d.Constants)+len(words))
	maps.Copy(vars, d.Constants)
	maps.Copy(vars, words)
	v, found := d.Expr.Value(&hcl.EvalContext{Variables: vars, Functions: functions})
	if found.HasErrors() {
		why := found[0].Detail
		if cty.ObjectVal(d.Constants).ContainsMarked() {
			why = hiddenReason
		}
		return false, fmt.Errorf("%s:%d: %s: %s", d.Range.Filename, d.Range.Start.Line, found[0].Summary, why)
	}
	if v, _ = v.Unmark(); v.IsNull() || !v.IsKnown() || v.Type() != cty.Bool {
		return false, fmt.Errorf("%s:%d: the expression is not true or false", d.Range.Filename, d.Range.Start.Line)
	}
	return v.True(), nil
}

// Deferring is a field of a built value that accepts an attribute of kind Expression.
type Deferring interface{ Defer(Deferred) }

// CalledFunctions returns functions of the library by name. Each refuses arguments that would build something enormous.
func CalledFunctions(names []string) map[string]function.Function {
	all := pure(nil)
	out := make(map[string]function.Function, len(names))
	for _, name := range names {
		f, ok := all[name]
		if !ok {
			panic("BUG: there is no function " + name)
		}
		out[name] = f
	}
	return out
}

// keep reads an attribute that is not evaluated: an Expression, or text in another language.
func (e *evaluator) keep(at *Attribute, addr Address, written *hclsyntax.Attribute) (Attr, cty.Value, bool) {
	out := Attr{Range: written.Expr.Range()}
	switch at.Kind {
	case Code:
		out.Value = cty.StringVal(e.src.text(out.Range))
	case CodeMap:
		pieces, ok := e.pieces(at, addr, written.Expr)
		if !ok {
			return Attr{}, cty.NilVal, false
		}
		out.Value = cty.MapValEmpty(cty.String)
		if len(pieces) > 0 {
			out.Value = cty.MapVal(pieces)
		}
	default:
		constants, ok := e.deferrable(at, addr, written.Expr)
		if !ok {
			return Attr{}, cty.NilVal, false
		}
		text := e.src.text(out.Range)
		out.Value = cty.StringVal(text)
		out.deferred = &Deferred{text, out.Range, written.Expr, constants}
	}
	return out, out.Value, true
}

// pieces returns the texts of the values of a map that is written out.
func (e *evaluator) pieces(at *Attribute, addr Address, expr hclsyntax.Expression) (map[string]cty.Value, bool) {
	object, ok := asWritten(expr).(*hclsyntax.ObjectConsExpr)
	if !ok {
		e.fail(addr, expr.Range(), at.Name+" must be a map written in braces, not an expression", "Write it like "+at.Like()+".")
		return nil, false
	}
	out := map[string]cty.Value{}
	for _, item := range object.Items {
		name := hcl.ExprAsKeyword(item.KeyExpr)
		if v, diags := item.KeyExpr.Value(nil); name == "" && !diags.HasErrors() && isText(v) {
			name = v.AsString()
		}
		if _, twice := out[name]; twice || name == "" {
			e.fail(addr, item.KeyExpr.Range(), at.Name+" needs a name for each entry, and each name only once", "Write it like "+at.Like()+".")
			return nil, false
		}
		out[name] = cty.StringVal(e.src.text(item.ValueExpr.Range()))
	}
	return out, true
}

// deferrable checks a deferred expression as far as possible now, and returns the constants in it.
func (e *evaluator) deferrable(at *Attribute, addr Address, expr hclsyntax.Expression) (map[string]cty.Value, bool) {
	if n := expr.Range().End.Byte - expr.Range().Start.Byte; n > maxDeferred || !e.affordable(expr, deferredWeight) {
		e.fail(addr, expr.Range(), "this expression does too much", "It is evaluated repeatedly, so it may have at most 4 KiB of text and two loops.")
		return nil, false
	}
	var fixed []hcl.Traversal
	ok := true
	for _, t := range expr.Variables() {
		switch root := t.RootName(); {
		case root == "local" || root == "var":
			fixed = append(fixed, t)
		default:
			ok = e.knownWord(at.Sees, addr, t) && ok
		}
	}
	if !ok {
		return nil, false
	}
	if e.graph.byExpr[expr].forbidden {
		return nil, false
	}
	found, ok := e.namedIn(addr, fixed)
	e.recorder.public.union(&found.uses)
	e.path[len(e.path)-1].uses.union(&found.uses)
	constants := found.tree.values()
	for _, v := range constants {
		plain, marks := v.UnmarkDeep()
		if _, hard := marks[markSecret]; hard {
			e.fail(addr, expr.Range(), at.Name+" would show a secret", "It is printed, so it may not use secret() or a sensitive variable.")
			return nil, false
		}
		ok = ok && plain.IsWhollyKnown() // otherwise the problem has been reported at its own place
	}
	return constants, ok && e.tryOut(at, addr, expr, constants)
}

// tryOut evaluates an expression with values of the right types for its words.
func (e *evaluator) tryOut(at *Attribute, addr Address, expr hclsyntax.Expression, constants map[string]cty.Value) bool {
	unknown, sample := maps.Clone(constants), maps.Clone(constants)
	if unknown == nil {
		unknown, sample = map[string]cty.Value{}, map[string]cty.Value{}
	}
	for _, w := range at.Sees.List {
		unknown[w.Name], sample[w.Name] = cty.UnknownVal(w.Type), cty.UnknownVal(w.Type)
		if w.Type.IsMapType() { // the body of a loop is checked only if the collection has an element
			sample[w.Name] = cty.MapVal(map[string]cty.Value{"example": cty.UnknownVal(w.Type.ElementType())})
		}
	}
	funcs := CalledFunctions(at.Sees.Functions)
	v, diags := expr.Value(&hcl.EvalContext{Variables: unknown, Functions: funcs})
	if !diags.HasErrors() {
		_, found := expr.Value(&hcl.EvalContext{Variables: sample, Functions: funcs})
		diags = slices.DeleteFunc(found, func(d *hcl.Diagnostic) bool { return d.Summary != "Unsupported attribute" })
	}
	if diags.HasErrors() {
		for _, d := range diags {
			e.report(addr, expr.Range(), d, cty.ObjectVal(constants).ContainsMarked(), func() []string { return slices.Sorted(maps.Keys(funcs)) })
		}
		return false
	}
	if t := v.Type(); v.IsNull() || t != cty.Bool && t != cty.DynamicPseudoType {
		what := "null"
		if !v.IsNull() {
			what = article(t.FriendlyName())
		}
		e.fail(addr, expr.Range(), fmt.Sprintf("%s must be true or false, not %s", at.Name, what), "Compare it, like "+at.Like()+".")
		return false
	}
	return true
}

// knownWord checks a name in an expression and the parts that follow it.
func (e *evaluator) knownWord(v *Words, addr Address, t hcl.Traversal) bool {
	names := []string{"local", "var"}
	for _, w := range v.List {
		if w.Name == t.RootName() {
			return e.knownPart(w, addr, t)
		}
		names = append(names, w.Name)
	}
	e.fail(addr, t.SourceRange(), fmt.Sprintf("there is nothing named %q", Clip(t.RootName())),
		e.suggest(t.RootName(), names)+"Expressions here may use "+v.What+" ("+strings.Join(names[2:], ", ")+"), local and var.")
	return false
}

// knownPart checks what follows a word, as far as it is written out.
func (e *evaluator) knownPart(w Word, addr Address, t hcl.Traversal) bool {
	typ, what := w.Type, w.Name
	for i, word := range WordsOf(t) {
		switch {
		case i == 0:
		case typ.IsMapType():
			typ, what = typ.ElementType(), what+"[…]"
		case typ.IsObjectType() && typ.HasAttribute(word):
			typ, what = typ.AttributeType(word), what+"."+word
		case typ.IsObjectType():
			known := slices.Sorted(maps.Keys(typ.AttributeTypes()))
			e.fail(addr, t.SourceRange(), fmt.Sprintf("%s has no %q", what, Clip(word)), e.suggest(word, known)+"It has "+strings.Join(known, ", ")+".")
			return false
		default:
			e.fail(addr, t.SourceRange(), fmt.Sprintf("%s is %s and has no %q", what, article(typ.FriendlyName()), Clip(word)), fmt.Sprintf("Write only %s.", what))
			return false
		}
	}
	return true
}
