package runbook

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Some expressions drop marks: they swallow the failure of a part (try, can, a condition whose other branch fails, && and ||),
// or what a part decides (the key of an index, the length of a list that becomes arguments). Whether a part fails can depend on
// a secret, and so does what comes of it. carrier gives the result the marks of all that its parts depend on.
type carrier struct {
	hclsyntax.Expression
	budget *budget
	value  func(*hcl.EvalContext) (cty.Value, hcl.Diagnostics) // nil: of Expression

	deep    bool            // a part may fail for any of the reasons below
	goes    []hcl.Traversal // references that fail only by what they go through; their values keep their own marks
	names   []hcl.Traversal // all references, but for those in inner
	sources cty.ValueMarks  // of the calls that give marked values, but for those in inner
	inner   []*carrier      // those in this expression, outermost only
}

// Value is that of the expression, with the marks that it dropped.
func (c *carrier) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	value := c.value
	if value == nil {
		value = c.Expression.Value
	}
	v, diags := value(ctx)
	if c.budget.closed { // it is true or false, and its error quotes nothing where there was a mark: see Deferred
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

// UnwrapExpression gives the expression as it was written.
func (c *carrier) UnwrapExpression() hcl.Expression { return c.Expression }

// asWritten gives a node of the tree as it was parsed.
func asWritten[N any](n N) any {
	switch x := any(n).(type) {
	case *carrier:
		return x.Expression
	case *metered:
		return asWritten(x.Expression)
	}
	return n
}

// reach adds the marks of what a reference goes through and, when deep, of all that is in what it leads to.
func (c *carrier) reach(t hcl.Traversal, ctx *hcl.EvalContext, deep bool, marks cty.ValueMarks) {
	v, found := cty.NilVal, false
	for ; ctx != nil && !found; ctx = ctx.Parent() {
		v, found = ctx.Variables[t.RootName()]
	}
	if !found { // of a loop within: what it goes through is referred to as well
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

// deepMarks adds the marks of a value and of all that is in it.
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

// carryMarks puts a carrier around every expression of a file that drops marks.
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

// callExpanded calls a function with the elements of a list. How many there are is said by the list.
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

// indexMarked takes an element. Which one is said by the key.
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

// newCarrier makes the carrier of x, whose result depends on whether the parts fail.
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

// depend finds out what a part may fail by.
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
	case *hclsyntax.FunctionCallExpr: // whether there is something of a name is no secret
		c.deep = c.deep || !isSecretSource(x.Name) || literalName(x) == ""
	default:
		c.deep = true
	}
}

// isLiteral tells whether an expression is a text that is spelt out.
func isLiteral(x hclsyntax.Expression) bool {
	t, ok := x.(*hclsyntax.TemplateExpr)
	return ok && t.IsStringLiteral()
}

// eachCall calls f for every call of a function in an expression.
func eachCall(x hclsyntax.Node, f func(*hclsyntax.FunctionCallExpr)) {
	hclsyntax.VisitAll(x, func(n hclsyntax.Node) hcl.Diagnostics {
		if call, ok := asWritten(n).(*hclsyntax.FunctionCallExpr); ok {
			f(call)
		}
		return nil
	})
}
