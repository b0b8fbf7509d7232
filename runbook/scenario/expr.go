package scenario

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"orac/runbook"
)

// Expr is an expression that is evaluated while a scenario runs, over the state of the appliance: see State.
type Expr struct {
	Text  string // as it is written
	Range hcl.Range
	kept  runbook.Deferred
	uses  []use
}

// use is a word of the state that an expression names, so that no other is made for it.
type use struct {
	*word
	keys []string // of a map, when all that it is asked for is spelt out; else nil
}

// Defer takes an expression that has been checked; the language calls it.
func (e *Expr) Defer(d runbook.Deferred) {
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
func (e Expr) Given() bool { return e.kept.Expr != nil }

// Eval says whether the expression is true in a state. An error names what is wrong with it; a scenario that was validated
// gives none but for states that lack what it asks for, such as a node that an apply has taken away: try() and lookup() say
// what holds then.
func (e Expr) Eval(s State) (bool, error) {
	state := make(map[string]cty.Value, len(e.uses))
	for _, u := range e.uses {
		state[u.name] = u.get(&s, u.keys)
	}
	return e.kept.Eval(state, exprFunctions)
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
