package language

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
)

// maxTemplateText bounds the text that a template makes, in bytes.
const maxTemplateText = 64 << 10

// Template is the value of an attribute whose text may be made anew each time, from the words in Attribute.Sees. If it names none
// of them, it is a fixed text. It prints as a Secret does, because it may contain one.
type Template struct {
	fixed   Secret
	made    *template
	outside bool // it depends on a result of env(), file() or secret()
}

// template is an expression with everything that it names except the words: it is evaluated without the file and without
// the machine.
type template struct {
	expr      hclsyntax.Expression
	parts     []part // the parts of a URL; nil for any other text
	constants map[string]cty.Value
	funcs     map[string]function.Function
	fields    []string
	example   string // its text for a sample
}

// part is a piece of a URL. A value from an event is escaped for its place.
type part struct {
	expr    hclsyntax.Expression
	escapes bool
}

// IsSet tells whether there is a text at all.
func (t Template) IsSet() bool { return t.fixed.IsSet() }

// Changes tells whether the text depends on words.
func (t Template) Changes() bool { return t.made != nil }

// HasSecret tells whether the text contains something from the machine: a result of env(), file() or
// secret().
func (t Template) HasSecret() bool { return t.outside }

// Text returns a fixed text, or the text of a template for a sample. It may be a secret.
func (t Template) Text() string {
	if t.made == nil {
		return t.fixed.Reveal()
	}
	return t.made.example
}

// Fields returns the fields of its words that the text names, as written: "event.text"; a word without a
// field means all of it.
func (t Template) Fields() []string {
	if t.made == nil {
		return nil
	}
	return t.made.fields
}

// String redacts, as a Secret does.
func (t Template) String() string { return t.fixed.String() }

// Format redacts under every verb.
func (t Template) Format(f fmt.State, verb rune) { t.fixed.Format(f, verb) }

// MarshalJSON redacts.
func (t Template) MarshalJSON() ([]byte, error) { return t.fixed.MarshalJSON() }

// ErrTooLong reports a template that makes too much text.
var ErrTooLong = fmt.Errorf("the template produces more than %d KiB of text", maxTemplateText>>10)

var errNoText = errors.New("the template does not produce text")

// errDots reports a value that would lead a URL elsewhere.
var errDots = errors.New("a value of the event puts . or .. into the path of the url, which would change the path")

// Eval makes the text. Any goroutine may call it. An error quotes neither the words nor anything else in the template, since
// each may be a secret or what somebody said.
func (t Template) Eval(words map[string]cty.Value) (string, error) {
	if t.made == nil {
		return t.fixed.Reveal(), nil
	}
	return t.made.text(words)
}

func (m *template) text(words map[string]cty.Value) (string, error) {
	vars := maps.Clone(m.constants)
	maps.Copy(vars, words)
	ctx := &hcl.EvalContext{Variables: vars, Functions: m.funcs}
	if m.parts == nil {
		return evalText(m.expr, ctx)
	}
	var b strings.Builder
	for _, p := range m.parts {
		text, err := evalText(p.expr, ctx)
		if err != nil {
			return "", err
		}
		if p.escapes {
			text = escapeFor(b.String(), text)
		}
		if b.WriteString(text); b.Len() > maxTemplateText {
			return "", ErrTooLong
		}
	}
	return b.String(), noDots(b.String())
}

func evalText(expr hclsyntax.Expression, ctx *hcl.EvalContext) (string, error) {
	v, found := expr.Value(ctx)
	if found.HasErrors() {
		return "", fmt.Errorf("the template cannot be evaluated: %s", lowerFirst(found[0].Summary))
	}
	v, _ = v.UnmarkDeep()
	v, err := convert.Convert(v, cty.String)
	if err != nil || !isText(v) {
		return "", errNoText
	}
	if text := v.AsString(); len(text) <= maxTemplateText {
		return text, nil
	}
	return "", ErrTooLong
}

// escapeFor escapes a value for its place in a URL with this beginning, as one piece of the path or
// of the query.
func escapeFor(begin, value string) string {
	if strings.ContainsRune(begin, '?') {
		return url.QueryEscape(value)
	}
	return url.PathEscape(value)
}

// noDots refuses a URL with . and .. in its path, which many servers resolve even when they, or the slashes around them, are escaped.
func noDots(made string) error {
	path, _, _ := strings.Cut(made, "?")
	for segment := range strings.SplitSeq(path, "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil || slices.ContainsFunc(strings.FieldsFunc(plain, isSlash), isDots) {
			return errDots
		}
	}
	return nil
}

func isSlash(r rune) bool { return r == '/' || r == '\\' }

func isDots(segment string) bool { return segment == "." || segment == ".." }
