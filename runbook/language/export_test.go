package language

import (
	"context"

	"github.com/zclconf/go-cty/cty"
)

// What the tests of the package language_test see of the engine.
const (
	MaxBlocks       = maxBlocks
	MaxDiagnostics  = maxDiagnostics
	MaxFetched      = maxFetched
	MaxHashed       = maxHashed
	MaxInputFile    = maxInputFile
	MaxOperators    = maxOperators
	MaxPieces       = maxPieces
	MaxTokens       = maxTokens
	MaxTemplateText = maxTemplateText

	EndedWhy = endedWhy
	NotShown = notShown
)

var (
	CellText       = cellText
	ReadSecretFile = readSecretFile
	Visible        = visible
)

// Spent is what an evaluation has cost, and why it was ended; "" if it was not.
type Spent struct {
	Steps, Bytes int
	Why          string
}

// ParseFor does what Parse does, with other limits.
func (l *Vocabulary) ParseFor(steps, bytes int, src []byte, opts Options, value any) (Diagnostics, Spent) {
	p := &problems{lang: l, src: &source{name: "x.hcl", bytes: src}}
	b := newBudget(context.Background(), steps, bytes)
	l.evaluate(p, "x.hcl", opts.WithDefaults(), value, b)
	return p.sorted(), Spent{b.steps, b.bytes, b.spent}
}

// FunctionNames returns the functions that expressions may call.
func (l *Vocabulary) FunctionNames() []string {
	return newEvaluator(&problems{lang: l}, "", Options{}.WithDefaults(), nil).functionNames()
}

// Misfit says why an attribute does not accept a value; "" if it does.
func (at *Attribute) Misfit(v cty.Value) string {
	e := newEvaluator(&problems{lang: &Vocabulary{}, src: &source{}}, ".", Options{}.WithDefaults(), nil)
	if _, bad := e.normalise(at, quotable{Value: v}); bad != nil {
		return bad.wrong
	}
	return ""
}

// Literal reads a text of the registry as a value of the attribute. Bound returns it as an amount.
func (at *Attribute) Literal(text string) cty.Value { return at.literal(text) }
func (at *Attribute) Bound(text string) float64     { return at.bound(text) }

// FindSecret looks for a secret in the world.
func (o Options) FindSecret(name, stateDir string) (string, error) {
	return o.findSecret(name, stateDir)
}

// Snippet returns how the place of a diagnostic is shown, and how many characters are looked at for that; ok is false without a
// place.
func (d Diagnostic) Snippet(columns int) (line, under string, looked int, ok bool) {
	if d.source == nil || d.Subject.Start.Line == 0 {
		return "", "", 0, false
	}
	line, under = d.snippet(columns)
	return line, under, len(d.cells()), true
}
