package runbook

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// goTypes says which Go types may hold a kind.
var goTypes = map[Kind][]reflect.Type{
	String: {reflect.TypeFor[string](), secretType, templateType}, Enum: {reflect.TypeFor[string]()}, Path: {reflect.TypeFor[string]()},
	URL: {reflect.TypeFor[string](), secretType, templateType}, Int: {reflect.TypeFor[int]()}, Float: {reflect.TypeFor[float64]()},
	Bool: {reflect.TypeFor[bool](), reflect.TypeFor[*bool]()}, Duration: {reflect.TypeFor[time.Duration]()}, ByteSize: {reflect.TypeFor[Size]()},
	Ref: {reflect.TypeFor[Address]()}, Refs: {reflect.TypeFor[[]Address]()}, Strings: {reflect.TypeFor[[]string]()}, Ints: {reflect.TypeFor[[]int]()},
	Map: {reflect.TypeFor[map[string]Secret]()},
}

// TestTypesMatchRegistry proves that every attribute has a field of a fitting type
// and every tagged field an attribute.
func TestTypesMatchRegistry(t *testing.T) {
	slots := 0
	for _, bt := range Registry {
		if bt.Slot == nil {
			continue
		}
		slots++
		typ := reflect.TypeOf(bt.Slot(&Runbook{})).Elem()
		if typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if (reflect.TypeOf(bt.Slot(&Runbook{})).Elem().Kind() == reflect.Slice) == bt.Single {
			t.Errorf("%s: Single and the shape of its slot disagree", bt.Key())
		}
		matchType(t, bt, typ, true)
	}
	if slots != 17 {
		t.Errorf("%d block types are built, want 17", slots)
	}
}

func matchType(t *testing.T, bt *BlockType, typ reflect.Type, top bool) {
	tagged := map[string]reflect.Type{}
	for i := range typ.NumField() {
		f := typ.Field(i)
		if tag := f.Tag.Get("hcl"); tag != "" {
			tagged[tag] = f.Type
		} else if !top || f.Name != "Address" && f.Name != "Name" {
			t.Errorf("%s.%s has no tag", typ, f.Name)
		}
	}
	for _, at := range bt.Attributes {
		ft, ok := tagged[at.Name]
		if !ok || !slices.Contains(goTypes[at.Kind], ft) {
			t.Errorf("%s.%s, %s, is in a field of type %v", bt.Key(), at.Name, at.Kind.words(), ft)
		}
		if (ft == secretType || ft == templateType) != (at.Secret != Public) && at.Kind != Map || (ft == templateType) != (at.Sees != nil) {
			t.Errorf("%s.%s: secrecy and field type disagree", bt.Key(), at.Name)
		}
		delete(tagged, at.Name)
	}
	for _, n := range bt.Nested {
		if tagged[n.Type] == nil {
			t.Errorf("%s has no field for %s", typ, n.Type)
			continue
		}
		matchType(t, n, tagged[n.Type], false)
		delete(tagged, n.Type)
	}
	for tag := range tagged {
		t.Errorf("%s has a field for %q, which the registry does not know", typ, tag)
	}
}

// TestRegistryIsSound checks the table itself: names, documentation, defaults
// within their bounds, examples that the attribute accepts.
func TestRegistryIsSound(t *testing.T) {
	runbooks.eachType(func(bt *BlockType) {
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
		}
		for _, r := range bt.Rules {
			for _, name := range r.Uses {
				if !seen[name] {
					t.Errorf("a rule of %s uses %q, which it does not have", bt.Key(), name)
				}
			}
		}
	})
}

func checkAttribute(t *testing.T, what string, at *Attribute) {
	e := newEvaluator(&problems{lang: runbooks, src: &source{}}, ".", testWorld(), nil)
	if at.Default != "" && at.Kind != Keyword {
		if _, bad := e.normalise(at, quotable{Value: at.literal(at.Default)}); bad != nil {
			t.Errorf("the default of %s %s", what, bad.wrong)
		}
	}
	if (at.Min == "") != (at.Max == "") || at.Min != "" && at.bound(at.Min) >= at.bound(at.Max) {
		t.Errorf("%s ranges from %q to %q", what, at.Min, at.Max)
	}
	if slices.Contains([]Kind{Int, Ints, Float, Duration, ByteSize}, at.Kind) && at.Min == "" {
		t.Errorf("%s has no bounds", what)
	}
	if at.Required && at.Default != "" {
		t.Errorf("%s is required and has a default", what)
	}
	if (at.Kind == Enum || at.Kind == Keyword) != (len(at.Values) > 0 && at.Kind != Strings) || at.Kind.isReference() != (len(at.Refs) > 0) || (at.Pattern == nil) != (at.Expect == "") {
		t.Errorf("%s: its kind and Values, Refs or Pattern do not fit", what)
	}
	if at.Kind == Any && at.Name == "NAME" {
		return
	}
	expr, diags := hclsyntax.ParseExpression([]byte(at.example()), what, hcl.InitialPos)
	if diags.HasErrors() {
		t.Errorf("the example of %s cannot be parsed: %v", what, diags)
		return
	}
	if len(expr.Variables()) > 0 || strings.Contains(at.example(), "(") || at.Kind == Keyword || at.Kind == Any {
		return
	}
	v, _ := expr.Value(nil)
	if _, bad := e.normalise(at, quotable{Value: v}); bad != nil {
		t.Errorf("the example of %s %s", what, bad.wrong)
	}
}

// TestBlockExamples loads every example of the registry in a runbook that has what
// the examples refer to.
func TestBlockExamples(t *testing.T) {
	var all strings.Builder
	for _, bt := range Registry {
		all.WriteString(bt.Example + "\n\n")
	}
	opts := testWorld()
	env := opts.Env
	opts.Env = func(name string) (string, bool) {
		if name == "LIGHTS_TOKEN" {
			return envSecret, true
		}
		return env(name)
	}
	rb, ds := Parse([]byte(all.String()), "examples.hcl", opts)
	if len(ds) > 0 {
		t.Fatal(render(t, ds, RenderOptions{}))
	}
	if rb.Listeners[0].Name != "kitchen" || rb.Store.Retention != 30*24*time.Hour {
		t.Errorf("got %+v, %+v", rb.Listeners, rb.Store)
	}
}
