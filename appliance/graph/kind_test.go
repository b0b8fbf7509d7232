package graph

import (
	"cmp"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"orac/appliance/event"
	"orac/appliance/health"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/testkit"
)

// TestEveryKindIsComplete walks the table: what a row leaves out would be missing from a drawing, a timeline or the health of the
// appliance.
func TestEveryKindIsComplete(t *testing.T) {
	names, ports := map[Name]bool{}, map[string]bool{}
	for _, p := range Ports() {
		if p.Name == "" || p.Capacity < 1 || ports[p.Name] {
			t.Errorf("the port %+v has no name, no room, or is there twice", p)
		}
		ports[p.Name] = true
	}
	var before Role
	for _, k := range Kinds() {
		if k.Name == "" || names[k.Name] || k.Role == 0 || k.Words == "" || k.add == nil || k.build == nil {
			t.Errorf("the row of %q is not complete: %+v", k.Name, k)
		}
		names[k.Name] = true
		if k.Role.CarriesSound() && k.Role < before {
			t.Errorf("%s comes after kinds that its sound has passed already", k.Name)
		}
		before = k.Role
		if k.Health.Kind != string(k.Name) || k.Health.Clear == 0 || k.Health.Sound != (k.Role < Keeps) {
			t.Errorf("%s: what is heard depends on it, or not: %+v", k.Name, k.Health)
		}
		for _, p := range slices.Concat(k.Reads, k.Writes) {
			if !ports[p] {
				t.Errorf("%s: there is no port %q", k.Name, p)
			}
		}
	}
	if i := slices.IndexFunc(health.Rules, func(r health.Rule) bool { return names[Name(r.Kind)] }); i >= 0 {
		t.Errorf("%s has two rules of health", health.Rules[i].Kind)
	}
}

// TestOwner: who is told of a component knows the device or the listener that it belongs to.
func TestOwner(t *testing.T) {
	for component, want := range map[string]event.Origin{
		"source.usb": {Device: "usb"}, "head.usb.alexa": {Device: "usb"}, "trigger.room": {Listener: "room"}, "recorder.room": {Listener: "room"},
		"delivery.whisper": {}, "spool": {}, "stt.whisper": {}, "appliance": {}, "": {},
	} {
		if got := Owner(component); got != want {
			t.Errorf("%q belongs to %+v, want %+v", component, got, want)
		}
	}
}

// TestTheKindsAreDocumented compares the table in appliance/README.md with the kinds.
func TestTheKindsAreDocumented(t *testing.T) {
	const open, end = "<!-- kinds -->\n", "<!-- /kinds -->"
	text, err := os.ReadFile("../README.md")
	testkit.Must(t, err)
	before, rest, ok := strings.Cut(string(text), open)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatal("appliance/README.md has no place for the kinds")
	}
	var table strings.Builder
	table.WriteString("| node | what it does |\n|---|---|\n")
	for _, k := range Kinds() {
		fmt.Fprintf(&table, "| %s | %s |\n", k.Name, k.Words)
	}
	testkit.Golden(t, "../README.md", before+open+table.String()+end+after)
}

// TestNodesAreBuiltFromViews: an identity and settings hold views alone, so whatever a builder reads of the runbook is known. An
// identity holds no secret: it is shown.
func TestNodesAreBuiltFromViews(t *testing.T) {
	types := map[string]bool{}
	for _, b := range runbook.Registry {
		types[b.Key()] = true
	}
	var check func(kind Name, in reflect.Type, identity bool)
	check = func(kind Name, in reflect.Type, identity bool) {
		for i := range in.NumField() {
			f := in.Field(i)
			view, tag := f.Type, f.Tag.Get("of")
			if view.Kind() == reflect.Slice || view.Kind() == reflect.Pointer {
				view = view.Elem()
			}
			if view.Kind() != reflect.Struct {
				t.Errorf("%s: %v.%s is no view of a block", kind, in, f.Name)
				continue
			}
			if tag == "" {
				check(kind, view, identity)
				continue
			}
			if !types[tag] {
				t.Errorf("%s: %v.%s: there is no block %q", kind, in, f.Name, tag)
			}
			if a, ok := view.FieldByName("Address"); !ok || a.Type != reflect.TypeFor[runbook.Address]() {
				t.Errorf("%s: %v does not say which block it shows", kind, view)
			}
			for i := range view.NumField() {
				leaf := view.Field(i)
				if _, tagged := leaf.Tag.Lookup("hcl"); !tagged && leaf.Name != "Address" && leaf.Name != "Name" {
					t.Errorf("%s: %v.%s is no attribute", kind, view, leaf.Name)
				}
				if identity && (leaf.Type == reflect.TypeFor[language.Secret]() || leaf.Type.Kind() == reflect.Pointer || leaf.Type.Kind() == reflect.Map) {
					t.Errorf("%s: %v.%s does not say what it is when it is printed", kind, view, leaf.Name)
				}
			}
		}
	}
	for _, k := range Kinds() {
		check(k.Name, k.Identity, true)
		check(k.Name, k.Settings, false)
	}
}

// depends lists the attributes that a type of identity or settings depends on, each as "watchdog read_stall".
func depends(t reflect.Type) (list []string) {
	for i := range t.NumField() {
		field, tag := t.Field(i).Type, t.Field(i).Tag.Get("of")
		if field.Kind() == reflect.Slice || field.Kind() == reflect.Pointer {
			field = field.Elem()
		}
		if tag == "" {
			list = append(list, depends(field)...)
			continue
		}
		attributes(reflect.Zero(field), "", func(name string, _ reflect.Value) { list = append(list, tag+" "+name) })
	}
	return list
}

// TestTheReferenceSaysWhatKindsDependOn: whether a change restarts or goes on is said by the registry, and follows from the identities and
// settings.
func TestTheReferenceSaysWhatKindsDependOn(t *testing.T) {
	effects := map[string]language.Effect{}
	for _, k := range Kinds() {
		for _, name := range depends(k.Settings) {
			effects[name] = cmp.Or(effects[name], language.InPlace)
		}
		for _, name := range depends(k.Identity) {
			effects[name] = language.Restart
		}
	}
	known := 0
	var check func(key, prefix string, b *language.BlockType)
	check = func(key, prefix string, b *language.BlockType) {
		for _, at := range b.Attributes {
			effect, used := effects[key+" "+prefix+at.Name]
			if used && effect != at.OnChange {
				t.Errorf("%s %s: the reference says %q, and the nodes that depend on it say %q", key, prefix+at.Name, at.OnChange, effect)
			}
			if used {
				known++
			}
		}
		for _, n := range b.Nested {
			check(key, prefix+n.Type+".", n)
		}
	}
	for _, b := range runbook.Registry {
		check(b.Key(), "", b)
	}
	if known != len(effects) {
		t.Errorf("%d attributes are used, and the language has %d of them", len(effects), known)
	}
}
