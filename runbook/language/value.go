package language

import (
	"fmt"
	"maps"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"orac/runbook/pattern"
)

// misfit describes a value that an attribute does not accept: what is wrong, worded to follow the
// attribute's name, and how to fix it. The empty misfit means that the cause has been reported
// already.
type misfit struct{ wrong, hint string }

// value checks a written, known, non-null value against its attribute. It returns the normal form,
// and the value that references to the attribute get, which keeps all marks.
func (e *evaluator) value(at *Attribute, addr Address, raw cty.Value, expr hclsyntax.Expression) (Attr, cty.Value, bool) {
	plain, marks := raw.UnmarkDeep()
	if at.Kind.IsReference() { // a block's secrets do not show in its address
		marks = outerMarks(raw)
	}
	_, hard := marks[markSecret]
	switch {
	case at.Secret == Public && hard:
		e.fail(addr, expr.Range(), at.Name+" would show a secret",
			"This attribute is printed in plans, logs and the console, so it may not use secret() or a sensitive variable.")
		return Attr{}, cty.NilVal, false
	case at.Kind == Map && raw.HasMark(markSecret): // the texts are kept as secrets, their names are not
		e.fail(addr, expr.Range(), "the names in "+at.Name+" would show a secret", "Write the names in plain text. Their values may be secrets.")
		return Attr{}, cty.NilVal, false
	case at.Kind == Map && e.literalSecrets(at, addr, raw, expr):
		return Attr{}, cty.NilVal, false
	case at.Kind == URL && at.Secret == SecretAllowed && len(marks) == 0 && isText(plain) && hasPassword().MatchString(plain.AsString()):
		e.literalSecret(addr, expr, "the password in "+at.Name)
		return Attr{}, cty.NilVal, false
	case at.Secret == SecretOnly && len(marks) == 0 && !isEmptyText(plain):
		e.literalSecret(addr, expr, at.Name)
		return Attr{}, cty.NilVal, false
	}
	out := Attr{Range: expr.Range(), Secret: at.Secret != Public}
	normal, bad := e.normalise(at, quotable{plain, len(marks) > 0 || at.Secret == SecretOnly})
	if bad != nil && hard && e.opts.StandIns && (at.Kind == String || at.Kind == URL) && isText(plain) {
		normal, bad = plain, nil
	}
	switch {
	case bad != nil && *bad == misfit{}:
		return Attr{}, cty.NilVal, false
	case bad != nil:
		if isText(plain) && hasPassword().MatchString(plain.AsString()) {
			e.src.hideLiterals(expr)
			bad = &misfit{"has a user and password in it", bad.hint}
		}
		if len(marks) > 0 || at.Secret == SecretOnly {
			bad = &misfit{"has a value that is not accepted", "The value is not shown because it may be a secret. It must be " + article(at.How()) + "."}
		}
		e.fail(addr, expr.Range(), at.Name+" "+bad.wrong, bad.hint)
		return Attr{}, cty.NilVal, false
	}
	reference := normal
	if at.Kind.IsReference() {
		reference = raw
	} else {
		reference = reference.WithMarks(marks)
	}
	out.Value, out.outside = normal, len(marks) > 0
	if out.Secret {
		out.hide()
	}
	return out, reference, true
}

// outerMarks returns the marks of a value and of its elements, but not of what the elements
// contain.
func outerMarks(v cty.Value) cty.ValueMarks {
	v, found := v.Unmark()
	marks := cty.ValueMarks{}
	maps.Copy(marks, found)
	t := v.Type()
	if v.IsKnown() && !v.IsNull() && (t.IsTupleType() || t.IsListType() || t.IsSetType() || t.IsMapType() || t.IsObjectType() && !t.HasAttribute("address")) {
		for it := v.ElementIterator(); it.Next(); {
			_, el := it.Element()
			maps.Copy(marks, el.Marks())
		}
	}
	return marks
}

// literalSecret reports a secret that is written out as text, and makes sure that no diagnostic
// shows its line.
func (e *evaluator) literalSecret(addr Address, expr hclsyntax.Expression, what string) {
	e.src.hideLiterals(expr)
	e.fail(addr, expr.Range(), what+" is a secret written out in the file",
		`Use secret("NAME"), env("NAME") or file("PATH") instead. Also change the secret: others may have read it.`)
}

// literalSecrets reports the texts of a map that are written out under a name that only secrets
// have. It tells whether it found one.
func (e *evaluator) literalSecrets(at *Attribute, addr Address, raw cty.Value, expr hclsyntax.Expression) bool {
	if raw.IsMarked() || at.SecretKeys == nil || !raw.Type().IsObjectType() && !raw.Type().IsMapType() {
		return false
	}
	found := false
	for name, v := range raw.AsValueMap() {
		if v.IsMarked() || !isText(v) || isEmptyText(v) || !at.SecretKeys.MatchString(name) {
			continue
		}
		written := entry(expr, name)
		if fetches(written) { // "Bearer ${try(env("TOKEN"), "")}" when TOKEN is not set
			continue
		}
		found = true
		e.literalSecret(addr, written, fmt.Sprintf("the header %q", Clip(name)))
	}
	return found
}

// fetches tells whether an expression calls a function that returns secrets.
func fetches(expr hclsyntax.Expression) bool {
	found := false
	eachCall(expr, func(call *hclsyntax.FunctionCallExpr) { found = found || isSecretSource(call.Name) })
	return found
}

// entry returns the expression of one entry of a map, or the whole expression when the map is not
// written out.
func entry(expr hclsyntax.Expression, name string) hclsyntax.Expression {
	object, ok := asWritten(expr).(*hclsyntax.ObjectConsExpr)
	if !ok {
		return expr
	}
	for _, item := range object.Items {
		if key, diags := item.KeyExpr.Value(nil); !diags.HasErrors() && isText(key) && key.AsString() == name {
			return item.ValueExpr
		}
	}
	return expr
}

// hide moves the texts of a secret attribute into a place that is never printed.
func (a *Attr) hide() {
	a.secrets = map[string]Secret{}
	if a.Value.Type() == cty.String {
		a.secrets[""] = NewSecret(a.Value.AsString())
		a.Value = cty.StringVal(a.secrets[""].String())
		return
	}
	shown := map[string]cty.Value{}
	for name, v := range a.Value.AsValueMap() {
		a.secrets[name] = NewSecret(v.AsString())
		shown[name] = cty.StringVal(a.secrets[name].String())
	}
	if len(shown) > 0 {
		a.Value = cty.MapVal(shown)
	}
}

// hasPassword finds the user and password of a URL, even if the rest of the URL is invalid.
var hasPassword = pattern.Lazy(`//[^/\s"@]*@`)
