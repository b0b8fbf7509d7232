package language

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// resolveAll evaluates every node.
func (e *evaluator) resolveAll() {
	for _, n := range e.order {
		e.resolve(n)
	}
}

// resolve evaluates n after everything that n refers to.
func (e *evaluator) resolve(n *node) {
	if n.state != unseen {
		return
	}
	n.state = visiting
	e.path = append(e.path, n)
	switch {
	case n.local != nil:
		if v, _, ok := e.evaluate(n.addr, n.local.Expr); ok {
			n.value = v
		}
	case n.types.binds == "var":
		n.value = e.variable(n)
	default:
		e.decodeBlock(n)
	}
	e.path = e.path[:len(e.path)-1]
	n.state = done
	n.weight, n.marked = weigh(n.value, maxValue), n.value.ContainsMarked()
	e.budget.charge(2*looking(n.value, n.weight), 0)
}

// maxValue bounds the inputs and the result of one expression, in bytes and elements. It also
// limits a chain of expressions that each double the one before.
const maxValue = 2 << 20

// maxLoop bounds the rounds that nested for expressions may make.
const maxLoop = 1 << 26

// evaluate returns the value of an expression of the node at addr, and the inputs it was made of.
// ok is false when a problem has been reported; parts of the value are unknown when something that
// it refers to has a reported problem.
func (e *evaluator) evaluate(addr Address, expr hclsyntax.Expression) (cty.Value, *inputSet, bool) {
	v, found, ok := e.evaluateWith(addr, expr, nil, e.funcs)
	return v, &found.uses, ok
}

// evaluateWith does what evaluate does, with additional words and functions from outside the file. It also returns
// everything else that the expression names.
func (e *evaluator) evaluateWith(addr Address, expr hclsyntax.Expression, words map[string]cty.Value, funcs map[string]function.Function) (cty.Value, *named, bool) {
	nothing := &named{tree: scope{}}
	site := e.graph.byExpr[expr]
	if site.forbidden {
		return cty.DynamicVal, nothing, false
	}
	if e.budget.ended() {
		e.exhausted(addr, expr.Range())
		return cty.DynamicVal, nothing, false
	}
	vars, ok := e.namedIn(addr, slices.DeleteFunc(expr.Variables(), func(t hcl.Traversal) bool { _, ours := words[t.RootName()]; return ours }))
	uses := &vars.uses
	if !ok {
		return cty.DynamicVal, vars, false
	}
	if !e.affordable(expr, vars.weight) {
		e.fail(addr, expr.Range(), "this expression does too much", "Write the value out, or compute it outside the "+e.lang.Noun+".")
		return cty.DynamicVal, vars, false
	}
	before := e.revealed
	outerUses, outerSite := e.uses, e.site // secret() is evaluated where the secrets are
	e.uses, e.site = uses, site
	values := vars.tree.values()
	maps.Copy(values, words)
	v, diags := expr.Value(&hcl.EvalContext{Variables: values, Functions: funcs})
	e.uses, e.site = outerUses, outerSite
	e.path[len(e.path)-1].uses.union(uses)
	weight := weigh(v, maxValue+1)
	e.budget.charge(stepNode+4*looking(v, weight), 0) // the value is walked through several more times
	switch {
	case e.exhausted(addr, expr.Range()):
		return cty.DynamicVal, vars, false
	case diags.HasErrors():
		for _, d := range diags {
			e.report(addr, expr.Range(), d, vars.marked || e.revealed > before, e.functionNames)
		}
		return cty.DynamicVal, vars, false
	case weight > maxValue:
		e.fail(addr, expr.Range(), "the value is too large", "Values of "+e.lang.one()+" are at most 2 MiB.")
		return cty.DynamicVal, vars, false
	}
	return v, vars, true
}

// hiddenReason replaces a reason that may quote a secret.
const hiddenReason = "The reason is not shown because it may quote a secret that the expression uses."

// report converts a diagnostic of an evaluation into one of ours. The library's own words may quote
// the values, so they are shown only when no secret is among them. place is where the problem is
// when d does not say it.
func (e *evaluator) report(addr Address, place hcl.Range, d *hcl.Diagnostic, secrets bool, names func() []string) {
	if d.Subject != nil {
		place = *d.Subject
	}
	summary, detail := lowerFirst(d.Summary), d.Detail
	if extra, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallDiagExtra](d); ok {
		var ours *callError
		if errors.As(extra.FunctionCallError(), &ours) {
			e.fail(addr, place, ours.summary, ours.hint)
			return
		}
	}
	if extra, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallUnknownDiagExtra](d); ok {
		name, functions := extra.CalledFunctionName(), names()
		e.fail(addr, place, fmt.Sprintf("there is no function %q", Clip(name)),
			e.suggest(name, functions)+e.lang.functionsHint(name, functions))
		return
	}
	if secrets {
		detail = hiddenReason
	}
	const longest = 600 // it may contain the messages of several failures
	if r := []rune(detail); len(r) > longest {
		detail = string(r[:longest-1]) + "…"
	}
	e.fail(addr, place, summary, detail)
}

// lowerFirst makes a summary of the library look like ours.
func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func (e *evaluator) functionNames() []string {
	var out []string
	for name := range e.funcs {
		out = append(out, name)
	}
	return out
}

// affordable reports whether an expression whose operands weigh weight in total can be evaluated:
// every for expression, and every splat, may walk through all of it.
func (e *evaluator) affordable(expr hclsyntax.Expression, weight int) bool {
	weight += expr.Range().End.Byte - expr.Range().Start.Byte
	if weight > maxValue {
		return false
	}
	loops := 0
	hclsyntax.VisitAll(expr, func(n hclsyntax.Node) hcl.Diagnostics {
		if _, ok := asWritten(n).(*hclsyntax.ForExpr); ok {
			loops++
		}
		return nil
	})
	rounds := 1
	for range loops {
		if rounds *= weight; rounds > maxLoop {
			return false
		}
	}
	return true
}

// named collects what an expression refers to.
type named struct {
	tree   scope
	uses   inputSet // the inputs it was made of
	weight int      // of all uses together
	marked bool     // whether any of it carries a mark
}

// namedIn resolves everything that an expression refers to.
func (e *evaluator) namedIn(addr Address, names []hcl.Traversal) (*named, bool) {
	out, ok := &named{tree: scope{}}, true
	seen := map[*node]bool{}
	for _, t := range names {
		targets, prefix, found := e.lookup(addr, t)
		if !found {
			ok = false
			continue
		}
		out.tree.touch(prefix)
		if !e.budget.charge(stepTarget*(1+len(targets)), 0) {
			e.exhausted(addr, t.SourceRange())
			return out, false
		}
		for _, n := range targets {
			if !e.follow(n, t.SourceRange()) {
				ok = false
				continue
			}
			if !seen[n] {
				seen[n] = true
				out.tree.put(strings.Split(string(n.addr), "."), n.value)
				out.uses.union(&n.uses)
				out.marked = out.marked || n.marked
			}
			if out.weight += n.weight; out.weight > maxValue {
				return out, ok
			}
		}
	}
	return out, ok
}

// follow resolves a node that is referred to at place. ok is false when that closes a cycle.
func (e *evaluator) follow(n *node, place hcl.Range) bool {
	if n.state != visiting {
		e.resolve(n)
		return true
	}
	if len(e.found) > maxDiagnostics {
		e.fail(n.addr, place, "this value depends on itself", "")
		return false
	}
	from := slices.Index(e.path, n)
	var cycle []string
	for _, m := range e.path[from:] {
		cycle = append(cycle, string(m.addr))
	}
	cycle = append(cycle, string(n.addr))
	e.fail(e.path[len(e.path)-1].addr, place, "these values depend on themselves: "+chain(cycle),
		"Give one of them a value that does not refer to the others.")
	return false
}

// chain writes a cycle, leaving out the middle of a long one.
func chain(cycle []string) string {
	const most = 12
	if n := len(cycle); n > most {
		cycle = slices.Concat(cycle[:most-2], []string{fmt.Sprintf("… %d more …", n-most+1)}, cycle[n-1:])
	}
	return strings.Join(cycle, " -> ")
}

// scope is the tree of names that an expression may use; its leaves are values.
type scope map[string]any

// touch makes sure that the words of prefix exist, as an empty object if needed.
func (s scope) touch(prefix []string) scope {
	for _, word := range prefix {
		next, ok := s[word].(scope)
		if !ok {
			next = scope{}
			s[word] = next
		}
		s = next
	}
	return s
}

func (s scope) put(words []string, v cty.Value) {
	last := len(words) - 1
	s.touch(words[:last])[words[last]] = v
}

func (s scope) values() map[string]cty.Value {
	out := make(map[string]cty.Value, len(s))
	for word, v := range s {
		switch v := v.(type) {
		case scope:
			out[word] = cty.ObjectVal(v.values())
		case cty.Value:
			out[word] = v
		}
	}
	return out
}
