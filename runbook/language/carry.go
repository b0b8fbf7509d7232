package language

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Some expressions drop marks. They swallow the failure of a part (try, can, a condition whose other branch fails, && and ||),
// or use a part only to decide something (the key of an index, the length of a list that becomes arguments). Whether a part
// fails can depend on a secret, and so can the result. A carrier adds the marks of all parts to the result.
type carrier struct {
	hclsyntax.Expression
	budget *budget
	value  func(*hcl.EvalContext) (cty.Value, hcl.Diagnostics) // nil: the Value of Expression

	deep    bool            // a part may fail for any of the reasons below
	goes    []hcl.Traversal // references that fail only because of what they pass through; their values keep their own marks
	names   []hcl.Traversal // all references except those in inner
	sources cty.ValueMarks  // marks of the calls that return marked values, except those in inner
	inner   []*carrier      // the outermost carriers inside this expression
}

// Value returns the value of the expression with the marks that the expression dropped.
func (c *carrier) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	value := c.value
	if value == nil {
		value = c.Expression.Value
	}
	v, diags := value(ctx)
	if c.budget.closed { // it is true or false, and its error quotes nothing marked: see Deferred
		return v, diags
	}
	marks := cty.ValueMarks{}
	for _, t := range c.goes {
		c.reach(t, ctx, false, marks)
	}
	if c.deep {
		c.all(ctx, marks)
	}
	return v.WithMarks(marks), diags
}

// all adds the marks of everything that the expression refers to and calls.
func (c *carrier) all(ctx *hcl.EvalContext, marks cty.ValueMarks) {
	if !c.budget.charge(stepNode*(1+len(c.names)), 0) {
		return
	}
	maps.Copy(marks, c.sources)
	for _, t := range c.names {
		c.reach(t, ctx, true, marks)
	}
	for _, in := range c.inner {
		in.all(ctx, marks)
	}
}

// UnwrapExpression returns the expression as it was written.
func (c *carrier) UnwrapExpression() hcl.Expression { return c.Expression }

// asWritten returns a node of the tree as it was parsed.
func asWritten[N any](n N) any {
	switch x := any(n).(type) {
	case *carrier:
		return x.Expression
	case *metered:
		return asWritten(x.Expression)
	}
	return n
}

// reach adds the marks of everything that a reference passes through and, when deep, of everything inside
// its target.
func (c *carrier) reach(t hcl.Traversal, ctx *hcl.EvalContext, deep bool, marks cty.ValueMarks) {
	v, found := cty.NilVal, false
	for ; ctx != nil && !found; ctx = ctx.Parent() {
		v, found = ctx.Variables[t.RootName()]
	}
	if !found { // a variable of an inner loop: the collection it runs over is referred to as well
		return
	}
	for _, step := range t[1:] {
		plain, own := v.Unmark()
		maps.Copy(marks, own)
		next, diags := hcl.Traversal{step}.TraverseRel(plain)
		if diags.HasErrors() {
			return
		}
		v = next
	}
	if !deep {
		_, own := v.Unmark()
		maps.Copy(marks, own)
	} else if c.budget.charge(stepNode+looking(v, weigh(v, maxGrowth)), 0) {
		deepMarks(v, marks)
	}
}

// deepMarks adds the marks of a value and of everything in it.
func deepMarks(v cty.Value, marks cty.ValueMarks) {
	v, own := v.Unmark()
	maps.Copy(marks, own)
	if v.IsKnown() && !v.IsNull() && v.CanIterateElements() {
		for it := v.ElementIterator(); it.Next(); {
			_, el := it.Element()
			deepMarks(el, marks)
		}
	}
}

// carryMarks wraps every expression of a file that drops marks in a carrier.
func carryMarks(body *hclsyntax.Body, b *budget) {
	for _, a := range body.Attributes {
		a.Expr = rewrite(a.Expr, b.carried)
	}
	for _, inner := range body.Blocks {
		carryMarks(inner.Body, b)
	}
}

// carried is an expression that keeps its marks.
func (b *budget) carried(x hclsyntax.Expression) hclsyntax.Expression {
	switch x := x.(type) {
	case *hclsyntax.ConditionalExpr:
		return b.newCarrier(x, x.TrueResult, x.FalseResult)
	case *hclsyntax.BinaryOpExpr:
		if x.Op.ShortCircuit != nil {
			return b.newCarrier(x, x.LHS, x.RHS)
		}
	case *hclsyntax.FunctionCallExpr:
		switch {
		case x.Name == "try" || x.Name == "can":
			return b.newCarrier(x, x.Args...)
		case x.ExpandFinal && len(x.Args) > 0:
			c := b.newCarrier(x)
			c.value = func(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) { return callExpanded(x, ctx) }
			return c
		}
	case *hclsyntax.IndexExpr:
		c := b.newCarrier(x)
		c.value = func(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) { return indexMarked(x, ctx) }
		return c
	}
	return x
}

// callExpanded calls a function with the elements of a list. The number of arguments depends on the
// list.
func callExpanded(x *hclsyntax.FunctionCallExpr, ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	last := len(x.Args) - 1
	list, diags := x.Args[last].Value(ctx)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	plain, marks := list.Unmark()
	if parameter(x.Name, last) == cty.Number && plain.IsKnown() && !plain.IsNull() && plain.CanIterateElements() {
		for it := plain.ElementIterator(); it.Next(); {
			if _, el := it.Element(); isLongText(el) {
				return cty.DynamicVal, longNumber(x.Args[last].Range())
			}
		}
	}
	call := *x
	call.Args = append(slices.Clone(x.Args[:last]), &hclsyntax.LiteralValueExpr{Val: list, SrcRange: x.Args[last].Range()})
	v, diags := call.Value(ctx)
	return v.WithMarks(marks), diags
}

// indexMarked takes an element. Which one depends on the key.
func indexMarked(x *hclsyntax.IndexExpr, ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	key, diags := x.Key.Value(ctx)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	_, marks := key.Unmark()
	index := *x
	index.Key = &hclsyntax.LiteralValueExpr{Val: key, SrcRange: x.Key.Range()}
	v, diags := index.Value(ctx)
	return v.WithMarks(marks), diags
}

// newCarrier makes the carrier of x, whose result depends on whether its parts fail.
func (b *budget) newCarrier(x hclsyntax.Expression, parts ...hclsyntax.Expression) *carrier {
	c := &carrier{Expression: x, budget: b, sources: cty.ValueMarks{}}
	c.collect(x)
	for _, p := range parts {
		c.depend(p)
	}
	return c
}

// collect finds what an expression refers to and calls.
func (c *carrier) collect(x hclsyntax.Expression) {
	switch x := x.(type) {
	case *carrier:
		c.inner = append(c.inner, x)
		return
	case *hclsyntax.ScopeTraversalExpr:
		c.names = append(c.names, x.Traversal)
	case *hclsyntax.FunctionCallExpr:
		switch x.Name {
		case "env", "file":
			c.sources[markInput] = struct{}{}
		case "secret":
			c.sources[markSecret] = struct{}{}
		}
	}
	eachPart(x, func(p *hclsyntax.Expression) { c.collect(*p) })
}

// depend finds out why a part may fail.
func (c *carrier) depend(x hclsyntax.Expression) {
	switch x := x.(type) {
	case *hclsyntax.LiteralValueExpr, *hclsyntax.TemplateWrapExpr, *hclsyntax.ParenthesesExpr, *hclsyntax.TupleConsExpr, *hclsyntax.ObjectConsExpr:
		eachPart(x, func(p *hclsyntax.Expression) { c.depend(*p) })
	case *hclsyntax.ObjectConsKeyExpr:
		c.deep = c.deep || hcl.ExprAsKeyword(x.Wrapped) == "" && !isLiteral(x.Wrapped)
	case *hclsyntax.TemplateExpr:
		c.deep = c.deep || !x.IsStringLiteral()
	case *hclsyntax.ScopeTraversalExpr:
		c.goes = append(c.goes, x.Traversal)
	case *hclsyntax.FunctionCallExpr: // whether something of that name exists is no secret
		c.deep = c.deep || !isSecretSource(x.Name) || literalName(x) == ""
	default:
		c.deep = true
	}
}

// isLiteral tells whether an expression is a literal text.
func isLiteral(x hclsyntax.Expression) bool {
	t, ok := x.(*hclsyntax.TemplateExpr)
	return ok && t.IsStringLiteral()
}

// eachCall calls f for every function call in an expression.
func eachCall(x hclsyntax.Node, f func(*hclsyntax.FunctionCallExpr)) {
	hclsyntax.VisitAll(x, func(n hclsyntax.Node) hcl.Diagnostics {
		if call, ok := asWritten(n).(*hclsyntax.FunctionCallExpr); ok {
			f(call)
		}
		return nil
	})
}
