package language

import "github.com/hashicorp/hcl/v2/hclsyntax"

// rewrite replaces every expression x of a tree with f(x), the inner ones first, and returns the replacement of the outermost.
func rewrite(x hclsyntax.Expression, f func(hclsyntax.Expression) hclsyntax.Expression) hclsyntax.Expression {
	eachPart(x, func(p *hclsyntax.Expression) { *p = rewrite(*p, f) })
	return f(x)
}

// eachPart calls f for every direct part of the expression x.
func eachPart(x hclsyntax.Expression, f func(*hclsyntax.Expression)) {
	in := func(p *hclsyntax.Expression) {
		if *p != nil {
			f(p)
		}
	}
	all := func(list []hclsyntax.Expression) {
		for i := range list {
			in(&list[i])
		}
	}
	switch x := asWritten(x).(type) {
	case *hclsyntax.ParenthesesExpr:
		in(&x.Expression)
	case *hclsyntax.RelativeTraversalExpr:
		in(&x.Source)
	case *hclsyntax.FunctionCallExpr:
		all(x.Args)
	case *hclsyntax.ConditionalExpr:
		in(&x.Condition)
		in(&x.TrueResult)
		in(&x.FalseResult)
	case *hclsyntax.BinaryOpExpr:
		in(&x.LHS)
		in(&x.RHS)
	case *hclsyntax.UnaryOpExpr:
		in(&x.Val)
	case *hclsyntax.IndexExpr:
		in(&x.Collection)
		in(&x.Key)
	case *hclsyntax.TupleConsExpr:
		all(x.Exprs)
	case *hclsyntax.ObjectConsExpr:
		for i := range x.Items {
			in(&x.Items[i].KeyExpr)
			in(&x.Items[i].ValueExpr)
		}
	case *hclsyntax.ObjectConsKeyExpr:
		in(&x.Wrapped)
	case *hclsyntax.ForExpr:
		in(&x.CollExpr)
		in(&x.KeyExpr)
		in(&x.ValExpr)
		in(&x.CondExpr)
	case *hclsyntax.SplatExpr:
		in(&x.Source)
		in(&x.Each)
	case *hclsyntax.TemplateExpr:
		all(x.Parts)
	case *hclsyntax.TemplateWrapExpr:
		in(&x.Wrapped)
	case *hclsyntax.TemplateJoinExpr:
		in(&x.Tuple)
	}
}
