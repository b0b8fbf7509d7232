package scenario

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"orac/runbook/language"
)

// Expr is an expression over the state of the appliance, evaluated while a scenario runs: see State.
type Expr struct {
	Text  string // as it is written
	Range hcl.Range
	kept  language.Deferred
	uses  []use
}

// use is a word of the state that an expression names, so that only the named words are computed.
type use struct {
	*word
	keys []string // the keys of a map, if the expression spells them all out; else nil
}

// Defer accepts an expression that has been checked; the language calls it.
func (e *Expr) Defer(d language.Deferred) {
	*e = Expr{Text: d.Text, Range: d.Range, kept: d}
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

// ask adds the key of a map that a traversal names, or all keys.
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

// Given tells whether the file contains the expression.
func (e Expr) Given() bool { return e.kept.Expr != nil }

// Eval tells whether the expression is true in a state. An error says what is wrong with it. In a validated scenario the
// only cause is a state that lacks what the expression asks for, such as a node that an apply has removed; try() and
// lookup() say what applies then.
func (e Expr) Eval(s State) (bool, error) {
	state := make(map[string]cty.Value, len(e.uses))
	for _, u := range e.uses {
		state[u.name] = u.get(&s, u.keys)
	}
	return e.kept.Eval(state, exprFunctions)
}

// Watch returns a function that does what Eval does, but evaluates only when a value that the expression names has changed
// since the previous call: a simulated month looks at a promise millions of times. Only one goroutine may use it.
func (e Expr) Watch() func(State) (bool, error) {
	var before, now []any
	var holds bool
	var err error
	return func(s State) (bool, error) {
		now = now[:0]
		all := false // keys of a map: they are not compared
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
