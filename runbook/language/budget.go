package language

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// The cost limits for evaluating one file. A real file uses less than a hundredth of either.
const (
	maxSteps = 1 << 18  // a step is about 100 ns on one core of a small computer
	maxMade  = 24 << 20 // bytes of all values made on the way, kept or not
)

// The cost of single operations, in steps.
const (
	stepNode   = 2   // an operator, a call, a template
	stepRound  = 10  // one round of a loop, which makes a scope
	stepNumber = 150 // a number that may be converted to text: it has 512 bits
	stepTarget = 4   // a block or a local that an expression refers to
	stepFault  = 200 // a problem that the library reports: it compares names, and keeps the scope

	bytesElement = 64      // an element of a list or an object
	bytesFault   = 1 << 10 // a problem
)

// budget is what the evaluation of one file may still cost. HCL cannot be interrupted, so the budget is charged
// while values are being made. When it is spent, every expression fails at once. A nil budget has no limit.
type budget struct {
	steps, bytes int // used so far
	most         struct{ steps, bytes int }
	context      context.Context
	checked      int    // the number of steps when the context was last checked
	spent        string // the reason; "" while there is budget left
	closed       bool   // nothing is counted any more, because what is evaluated from here on is small
}

func newBudget(ctx context.Context, steps, bytes int) *budget {
	b := &budget{context: ctx}
	b.most.steps, b.most.bytes = steps, bytes
	return b
}

// charge takes from the budget. It returns false when the budget is spent.
func (b *budget) charge(steps, bytes int) bool {
	if b == nil || b.closed {
		return true
	}
	b.steps += steps
	b.bytes += bytes
	const often = 1 << 10
	switch {
	case b.spent != "":
	case b.steps > b.most.steps:
		b.spent = "it takes too many steps"
	case b.bytes > b.most.bytes:
		b.spent = "it makes more than " + FormatSize(Size(b.most.bytes)) + " of values"
	case b.context != nil && b.steps-b.checked >= often:
		b.checked = b.steps
		b.ended()
	}
	return b.spent == ""
}

// ended checks whether the caller has given up waiting for the evaluation.
func (b *budget) ended() bool {
	if b.spent == "" && b.context != nil && b.context.Err() != nil {
		b.spent = endedWhy
	}
	return b.spent != ""
}

const endedWhy = "the client that asked for it has disconnected"

// diagnostic is the error of every expression after the budget is spent. exhausted reports it once.
func (b *budget) diagnostic(place hcl.Range) hcl.Diagnostics {
	return fault(place, "Too much", b.spent)
}

// exhausted reports that the budget is spent, once.
func (e *evaluator) exhausted(addr Address, place hcl.Range) bool {
	if e.budget.spent == "" {
		return false
	}
	if !e.told {
		e.told = true
		if e.budget.spent == endedWhy {
			e.fail(addr, place, "the evaluation was stopped: "+endedWhy, "Send the request again.")
			return true
		}
		e.fail(addr, place, fmt.Sprintf("this %s computes too much: %s", e.lang.Noun, e.budget.spent), "Write the values out, or compute them outside the "+e.lang.Noun+".")
	}
	return true
}

// metered is an expression that charges the budget for its value.
type metered struct {
	hclsyntax.Expression
	budget *budget
	before int  // steps charged before it is evaluated
	copies bool // its value is copied into another text
	number bool // its value is converted to a number
	unites bool // its elements are converted to one type: the time grows with the square of their number
	text   bool // numbers in it may be converted to text
}

// Value returns the value of the expression, or a problem when the budget is spent.
func (m *metered) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	if m.budget.closed {
		return m.Expression.Value(ctx)
	}
	if !m.budget.charge(m.before, 0) {
		return cty.DynamicVal, m.budget.diagnostic(m.Range())
	}
	v, diags := m.Expression.Value(ctx)
	w := weigh(v, maxGrowth)
	plain, _ := v.Unmark()
	bytes := 0
	switch {
	case m.copies, isText(plain) && !isName(m.Expression):
		bytes = w
	case plain.IsKnown() && !plain.IsNull() && plain.CanIterateElements() && !isName(m.Expression):
		bytes = bytesElement * plain.LengthInt()
	}
	steps := looking(v, w)
	if t := v.Type(); m.unites && w <= maxGrowth {
		switch {
		case t.IsTupleType():
			steps += t.Length() * w / 128
		case t.IsObjectType():
			steps += len(t.AttributeTypes()) * w / 128
		}
	}
	if (m.text || m.copies) && w <= maxGrowth {
		steps += stepNumber * numbers(v)
	}
	if !m.budget.charge(steps+stepFault*len(diags), bytes+bytesFault*len(diags)) {
		return cty.DynamicVal, m.budget.diagnostic(m.Range())
	}
	switch {
	case w > maxGrowth:
		return cty.DynamicVal, append(diags, fault(m.Range(), "The value is too large", "While it is computed, a value may be at most 4 MiB.")...)
	case m.number && isLongText(v):
		return cty.DynamicVal, append(diags, longNumber(m.Range())...)
	}
	return v, diags
}

func fault(place hcl.Range, summary, detail string) hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &place}}
}

// longNumber refuses a text that takes long to convert to or from a number: the time grows with the square of its digits.
func longNumber(place hcl.Range) hcl.Diagnostics {
	return fault(place, "The number is too long", fmt.Sprintf("A number may have at most %d digits when it is written out.", maxNumber))
}

func isLongText(v cty.Value) bool {
	v, _ = v.Unmark()
	return isText(v) && isHuge(v.AsString())
}

// isHuge tells whether a text is a huge number.
func isHuge(text string) bool { return len(text) > maxNumber || hugeExponent().MatchString(text) }

// parameter returns the type that a library function converts its argument number i to; any type for other functions.
func parameter(name string, i int) cty.Type {
	f, ok := library[name]
	if !ok {
		return cty.DynamicPseudoType
	}
	if params := f.Params(); i < len(params) {
		return params[i].Type
	}
	if p := f.VarParam(); p != nil {
		return p.Type
	}
	return cty.DynamicPseudoType
}

// numbers counts the numbers in a value.
func numbers(v cty.Value) int {
	v, _ = v.Unmark()
	switch {
	case v.Type() == cty.Number:
		return 1
	case v.Type().IsPrimitiveType() || !v.IsKnown() || v.IsNull() || !v.CanIterateElements():
		return 0
	}
	n := 0
	for it := v.ElementIterator(); it.Next(); {
		_, el := it.Element()
		n += numbers(el)
	}
	return n
}

// looking returns the cost of walking through a value once, given its weight w.
func looking(v cty.Value, w int) int {
	if v.Type().IsPrimitiveType() {
		return w / 512
	}
	return w / 64
}

// UnwrapExpression returns the expression as it was written.
func (m *metered) UnwrapExpression() hcl.Expression { return m.Expression }

// findable makes a wrapped expression visible to a walk through the tree: a wrapper shows the parts of what it holds, and a
// name has no parts.
func findable(x hclsyntax.Expression) hclsyntax.Expression {
	return &hclsyntax.ParenthesesExpr{Expression: x, SrcRange: x.Range()}
}

// isName tells whether an expression makes no new value: it names a value, is a literal, or passes a
// value on.
func isName(x hclsyntax.Expression) bool {
	switch x := x.(type) {
	case *hclsyntax.ParenthesesExpr:
		return isName(x.Expression)
	case *metered: // it is charged already
		return true
	case *hclsyntax.ScopeTraversalExpr, *hclsyntax.LiteralValueExpr, *hclsyntax.RelativeTraversalExpr, *hclsyntax.AnonSymbolExpr:
		return true
	}
	return false
}

// meter makes every expression of a file charge the budget.
func meter(body *hclsyntax.Body, b *budget) {
	for _, a := range body.Attributes {
		a.Expr = rewrite(a.Expr, b.metered)
	}
	for _, inner := range body.Blocks {
		meter(inner.Body, b)
	}
}

// metered wraps the parts of an expression, and the expression itself where it makes a value. Literals and names stay as they
// are, so that later code can recognise them.
func (b *budget) metered(x hclsyntax.Expression) hclsyntax.Expression {
	round := func(p *hclsyntax.Expression) {
		if *p != nil {
			*p = &metered{Expression: findable(*p), budget: b, before: stepRound}
		}
	}
	number := func(p *hclsyntax.Expression) { *p = &metered{Expression: findable(*p), budget: b, number: true} }
	unites := func(p *hclsyntax.Expression) {
		*p = &metered{Expression: findable(*p), budget: b, unites: true, text: true}
	}
	switch part := asWritten(x).(type) {
	case *hclsyntax.LiteralValueExpr, *hclsyntax.ScopeTraversalExpr, *hclsyntax.ObjectConsKeyExpr, *hclsyntax.ParenthesesExpr, *hclsyntax.TemplateWrapExpr,
		*hclsyntax.AnonSymbolExpr, *hclsyntax.ExprSyntaxError:
		return x
	case *hclsyntax.TemplateExpr:
		if part.IsStringLiteral() {
			return x
		}
		for i := range part.Parts {
			part.Parts[i] = &metered{Expression: findable(part.Parts[i]), budget: b, copies: true}
		}
	case *hclsyntax.ForExpr:
		round(&part.KeyExpr)
		if part.KeyExpr != nil {
			part.KeyExpr.(*metered).text = true
		}
		round(&part.ValExpr)
		round(&part.CondExpr)
	case *hclsyntax.SplatExpr:
		round(&part.Each)
	case *hclsyntax.IndexExpr:
		number(&part.Key)
		part.Key.(*metered).text = true
	case *hclsyntax.ObjectConsExpr:
		keys := 0
		for _, item := range part.Items {
			if key, ok := item.KeyExpr.(*hclsyntax.ObjectConsKeyExpr); ok && hcl.ExprAsKeyword(key) == "" && !isLiteral(key.Wrapped) {
				keys++
			}
		}
		return &metered{Expression: x, budget: b, before: stepNode + stepNumber*keys}
	case *hclsyntax.BinaryOpExpr:
		if part.Op.Impl.Params()[0].Type == cty.Number {
			number(&part.LHS)
			number(&part.RHS)
		}
	case *hclsyntax.UnaryOpExpr:
		number(&part.Val)
	case *hclsyntax.ConditionalExpr:
		unites(&part.TrueResult)
		unites(&part.FalseResult)
	case *hclsyntax.FunctionCallExpr:
		for i := range part.Args {
			switch t := parameter(part.Name, i); {
			case t == cty.Number:
				number(&part.Args[i])
			case t.IsCollectionType() && t.ElementType() == cty.DynamicPseudoType:
				unites(&part.Args[i])
			case t == cty.String, t.IsCollectionType():
				part.Args[i] = &metered{Expression: findable(part.Args[i]), budget: b, text: true}
			}
		}
	}
	return &metered{Expression: x, budget: b, before: stepNode}
}
