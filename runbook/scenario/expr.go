package scenario

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Expr is an expression that is evaluated while a scenario runs, over the state of the appliance: see State.
type Expr struct {
	Text  string // as it is written
	Range hcl.Range
	expr  hclsyntax.Expression
}

// Given tells whether an expression is written.
func (e Expr) Given() bool { return e.expr != nil }

// Eval says whether the expression is true in a state. An error names what is wrong with it; a scenario that was validated
// gives none but for states that lack what it asks for, such as a node that an apply has taken away.
func (e Expr) Eval(s State) (bool, error) {
	v, problems := e.expr.Value(&hcl.EvalContext{Variables: s.values(), Functions: exprFunctions})
	if problems.HasErrors() {
		return false, fmt.Errorf("%s:%d: %s: %s", e.Range.Filename, e.Range.Start.Line, problems[0].Summary, problems[0].Detail)
	}
	if v.IsNull() || !v.IsKnown() || v.Type() != cty.Bool {
		return false, fmt.Errorf("%s:%d: the expression is not true or false", e.Range.Filename, e.Range.Start.Line)
	}
	return v.True(), nil
}
