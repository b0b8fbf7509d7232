package runbook_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
)

// goTypes says which Go types may hold a kind.
var goTypes = map[language.Kind][]reflect.Type{
	language.String: {reflect.TypeFor[string](), reflect.TypeFor[language.Secret](), reflect.TypeFor[language.Template]()}, language.Enum: {reflect.TypeFor[string]()}, language.Path: {reflect.TypeFor[string]()},
	language.URL: {reflect.TypeFor[string](), reflect.TypeFor[language.Secret](), reflect.TypeFor[language.Template]()}, language.Int: {reflect.TypeFor[int]()}, language.Float: {reflect.TypeFor[float64]()},
	language.Bool: {reflect.TypeFor[bool](), reflect.TypeFor[*bool]()}, language.Duration: {reflect.TypeFor[time.Duration]()}, language.ByteSize: {reflect.TypeFor[language.Size]()},
	language.Ref: {reflect.TypeFor[runbook.Address]()}, language.Refs: {reflect.TypeFor[[]runbook.Address]()}, language.Strings: {reflect.TypeFor[[]string]()}, language.Ints: {reflect.TypeFor[[]int]()},
	language.RefLists: {reflect.TypeFor[[]runbook.Route]()},
	language.Map:      {reflect.TypeFor[map[string]language.Secret]()},
	language.RefMap:   {reflect.TypeFor[map[string]runbook.Address]()}, language.TextLists: {reflect.TypeFor[map[string][]string]()}, language.Values: {reflect.TypeFor[map[string]any]()},
}

// TestTypesMatchRegistry proves that every attribute has a field of a fitting type
// and every tagged field an attribute.
func TestTypesMatchRegistry(t *testing.T) {
	slots := 0
	for _, bt := range runbook.Registry {
		if bt.Slot == nil {
			continue
		}
		slots++
		typ := reflect.TypeOf(bt.Slot(&runbook.Runbook{})).Elem()
		if typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if (reflect.TypeOf(bt.Slot(&runbook.Runbook{})).Elem().Kind() == reflect.Slice) == bt.Single {
			t.Errorf("%s: Single and the shape of its slot disagree", bt.Key())
		}
		matchType(t, bt, typ, true)
	}
	if slots != 36 {
		t.Errorf("%d block types are built, want 36", slots)
	}
}

func matchType(t *testing.T, bt *language.BlockType, typ reflect.Type, top bool) {
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
			t.Errorf("%s.%s, %s, is in a field of type %v", bt.Key(), at.Name, at.How(), ft)
		}
		if (ft == reflect.TypeFor[language.Secret]() || ft == reflect.TypeFor[language.Template]()) != (at.Secret != language.Public) && at.Kind != language.Map || (ft == reflect.TypeFor[language.Template]()) != (at.Sees != nil) {
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

// TestBlockExamples loads every example of the registry in a runbook that has what
// the examples refer to.
func TestBlockExamples(t *testing.T) {
	var all strings.Builder
	for _, bt := range runbook.Registry {
		all.WriteString(bt.Example + "\n\n")
	}
	opts := runbooktest.World()
	env := opts.Env
	opts.Env = func(name string) (string, bool) {
		if name == "LIGHTS_TOKEN" {
			return runbooktest.EnvSecret, true
		}
		return env(name)
	}
	rb, ds := runbook.Parse([]byte(all.String()), "examples.hcl", opts)
	if len(ds) > 0 {
		t.Fatal(runbooktest.Render(t, ds, language.RenderOptions{}))
	}
	if rb.Listeners[0].Name != "kitchen" || rb.Store.Retention != 30*24*time.Hour {
		t.Errorf("got %+v, %+v", rb.Listeners, rb.Store)
	}
}
