package runbook

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// goTypes says which Go types may hold a kind.
var goTypes = map[Kind][]reflect.Type{
	String: {reflect.TypeFor[string](), reflect.TypeFor[Secret](), reflect.TypeFor[Template]()}, Enum: {reflect.TypeFor[string]()}, Path: {reflect.TypeFor[string]()},
	URL: {reflect.TypeFor[string](), reflect.TypeFor[Secret](), reflect.TypeFor[Template]()}, Int: {reflect.TypeFor[int]()}, Float: {reflect.TypeFor[float64]()},
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
			t.Errorf("%s.%s, %s, is in a field of type %v", bt.Key(), at.Name, at.How(), ft)
		}
		if (ft == reflect.TypeFor[Secret]() || ft == reflect.TypeFor[Template]()) != (at.Secret != Public) && at.Kind != Map || (ft == reflect.TypeFor[Template]()) != (at.Sees != nil) {
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
