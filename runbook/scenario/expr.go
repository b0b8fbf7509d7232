package scenario

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"orac/runbook"
)

// Expr is an expression that is evaluated while a scenario runs, over the state of the appliance: see State.
type Expr struct {
	Text      string // as it is written
	Range     hcl.Range
	expr      hclsyntax.Expression
	constants map[string]cty.Value // what it names that is not of the state
	uses      []use
}

// use is a word of the state that an expression names, so that no other is made for it.
type use struct {
	*word
	keys []string // of a map, when all that it is asked for is spelt out; else nil
}

// Defer takes an expression that has been checked; the language calls it.
func (e *Expr) Defer(d runbook.Deferred) {
	*e = Expr{Text: d.Text, Range: d.Range, expr: d.Expr, constants: d.Constants}
	at := map[string]int{} // in e.uses
	for _, t := range d.Expr.Variables() {
		for i := range words {
			if w := &words[i]; w.name == t.RootName() {
				n, seen := at[w.name]
				if !seen {
					n = len(e.uses)
					at[w.name] = n
					e.uses = append(e.uses, use{w, []string{}})
				}
				e.uses[n].ask(t)
			}
		}
	}
}

// ask adds the key of a map that a traversal names, or all of them.
func (u *use) ask(t hcl.Traversal) {
	key := ""
	if len(t) > 1 {
		switch step := t[1].(type) {
		case hcl.TraverseAttr:
			key = step.Name
		case hcl.TraverseIndex:
			if step.Key.Type() == cty.String {
				key = step.Key.AsString()
			}
		}
	}
	switch {
	case key == "":
		u.keys = nil
	case u.keys != nil:
		u.keys = append(u.keys, key)
	}
}

// Given tells whether an expression is written.
func (e Expr) Given() bool { return e.expr != nil }

// Eval says whether the expression is true in a state. An error names what is wrong with it; a scenario that was validated
// gives none but for states that lack what it asks for, such as a node that an apply has taken away: try() and lookup() say
// what holds then.
func (e Expr) Eval(s State) (bool, error) {
	vars := make(map[string]cty.Value, len(e.constants)+len(e.uses))
	maps.Copy(vars, e.constants)
	for _, u := range e.uses {
		vars[u.name] = u.get(&s, u.keys)
	}
	v, problems := e.expr.Value(&hcl.EvalContext{Variables: vars, Functions: exprFunctions})
	if problems.HasErrors() {
		return false, fmt.Errorf("%s:%d: %s: %s", e.Range.Filename, e.Range.Start.Line, problems[0].Summary, problems[0].Detail)
	}
	if v.IsNull() || !v.IsKnown() || v.Type() != cty.Bool {
		return false, fmt.Errorf("%s:%d: the expression is not true or false", e.Range.Filename, e.Range.Start.Line)
	}
	return v.True(), nil
}

// Watch gives a function that does what Eval does, and evaluates only when something that the expression names is another than
// at the call before: a promise is looked at millions of times in a simulated month. It is for one goroutine.
func (e Expr) Watch() func(State) (bool, error) {
	var before, now []any
	var holds bool
	var err error
	return func(s State) (bool, error) {
		now = now[:0]
		all := false // of a map: not compared
		for _, u := range e.uses {
			switch {
			case !u.typ.IsMapType():
				now = append(now, u.look(&s, ""))
			case u.keys == nil:
				all = true
			}
			for _, k := range u.keys {
				now = append(now, u.look(&s, k))
			}
		}
		if all || before == nil || !slices.Equal(before, now) {
			holds, err = e.Eval(s)
			before, now = append(now, nil)[:len(now)], before // never nil again
		}
		return holds, err
	}
}
