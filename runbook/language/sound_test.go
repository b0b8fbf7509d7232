package language_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"orac/runbook"
	"orac/runbook/language"
)

// TestRegistryIsSound checks the table itself: names, documentation, defaults
// within their bounds, examples that the attribute accepts.
func TestRegistryIsSound(t *testing.T) {
	runbook.Vocabulary.EachType(func(bt *language.BlockType) {
		if bt.Doc == "" || bt.Example == "" {
			t.Errorf("%s lacks documentation or an example", bt.Key())
		}
		seen := map[string]bool{}
		for i := range bt.Attributes {
			at := &bt.Attributes[i]
			what := bt.Key() + "." + at.Name
			if seen[at.Name] {
				t.Errorf("%s stands twice", what)
			}
			seen[at.Name] = true
			if !strings.HasSuffix(at.Doc, ".") || at.OnChange == "" {
				t.Errorf("%s lacks a sentence of documentation or what a change does", what)
			}
			checkAttribute(t, what, at)
			compiles(t, what, at.Pattern, at.SecretKeys)
		}
		compiles(t, bt.Key(), bt.Label)
		for _, r := range bt.Rules {
			for _, name := range r.Uses {
				if !seen[name] {
					t.Errorf("a rule of %s uses %q, which it does not have", bt.Key(), name)
				}
			}
		}
	})
}

// compiles: a pattern is compiled when it is first used, which may be on somebody's machine.
func compiles(t *testing.T, what string, patterns ...*language.Pattern) {
	for _, p := range patterns {
		if p == nil {
			continue
		}
		if _, err := regexp.Compile(p.String()); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func checkAttribute(t *testing.T, what string, at *language.Attribute) {
	if at.Default != "" && at.Kind != language.Keyword {
		if bad := at.Misfit(at.Literal(at.Default)); bad != "" {
			t.Errorf("the default of %s %s", what, bad)
		}
	}
	if (at.Min == "") != (at.Max == "") || at.Min != "" && at.Bound(at.Min) >= at.Bound(at.Max) {
		t.Errorf("%s ranges from %q to %q", what, at.Min, at.Max)
	}
	if slices.Contains([]language.Kind{language.Int, language.Ints, language.Float, language.Duration, language.ByteSize}, at.Kind) && at.Min == "" {
		t.Errorf("%s has no bounds", what)
	}
	if at.Required && at.Default != "" {
		t.Errorf("%s is required and has a default", what)
	}
	if (at.Kind == language.Enum || at.Kind == language.Keyword) != (len(at.Values) > 0 && at.Kind != language.Strings) || at.Kind.IsReference() != (len(at.Refs) > 0) || (at.Pattern == nil) != (at.Expect == "") {
		t.Errorf("%s: its kind and Values, Refs or Pattern do not fit", what)
	}
	if at.Kind == language.Any && at.Name == "NAME" {
		return
	}
	expr, diags := hclsyntax.ParseExpression([]byte(at.Like()), what, hcl.InitialPos)
	if diags.HasErrors() {
		t.Errorf("the example of %s cannot be parsed: %v", what, diags)
		return
	}
	if len(expr.Variables()) > 0 || strings.Contains(at.Like(), "(") || at.Kind == language.Keyword || at.Kind == language.Any {
		return
	}
	v, _ := expr.Value(nil)
	if bad := at.Misfit(v); bad != "" {
		t.Errorf("the example of %s %s", what, bad)
	}
}

// TestReferenceIsWhole checks that every attribute and function is on the page.
func TestReferenceIsWhole(t *testing.T) {
	page := string(runbook.Vocabulary.Reference())
	runbook.Vocabulary.EachType(func(bt *language.BlockType) {
		for _, at := range bt.Attributes {
			if !strings.Contains(page, "| `"+at.Name+"` |") || !strings.Contains(page, language.CellText(at.Doc)) {
				t.Errorf("the reference lacks %s.%s", bt.Key(), at.Name)
			}
		}
	})
	for _, name := range runbook.Vocabulary.FunctionNames() {
		if !strings.Contains(page, "`"+name) {
			t.Errorf("the reference lacks the function %s", name)
		}
	}
}
