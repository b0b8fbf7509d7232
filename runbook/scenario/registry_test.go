package scenario

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/testkit"
)

// goTypes says which Go type holds a kind.
var goTypes = map[language.Kind]reflect.Type{
	language.String: reflect.TypeFor[string](), language.Enum: reflect.TypeFor[string](), language.Path: reflect.TypeFor[string](),
	language.Int: reflect.TypeFor[int](), language.Float: reflect.TypeFor[float64](), language.Bool: reflect.TypeFor[bool](),
	language.Duration: reflect.TypeFor[time.Duration](), language.ByteSize: reflect.TypeFor[language.Size](),
	language.Refs: reflect.TypeFor[[]runbook.Address](), language.Strings: reflect.TypeFor[[]string](),
	language.Numbers: reflect.TypeFor[map[string]float64](), language.Expression: reflect.TypeFor[Expr](), language.CodeMap: reflect.TypeFor[map[string]string](),
}

// TestTypesMatchRegistry proves that every attribute has a field of a fitting type, and every tagged field an attribute, in one
// variant at least.
func TestTypesMatchRegistry(t *testing.T) {
	tagged := map[reflect.Type]map[string]bool{} // field -> used
	for _, bt := range Vocabulary.Blocks {
		if bt.Slot == nil || bt.FreeForm {
			continue
		}
		typ := reflect.TypeOf(bt.Slot(&Scenario{})).Elem()
		if (typ.Kind() == reflect.Slice) == bt.Single {
			t.Errorf("%s: Single and the shape of its slot disagree", bt.Key())
		}
		if typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		fields := map[string]reflect.Type{}
		if tagged[typ] == nil {
			tagged[typ] = map[string]bool{}
		}
		for i := range typ.NumField() {
			if tag := typ.Field(i).Tag.Get("hcl"); tag != "" {
				fields[tag] = typ.Field(i).Type
				tagged[typ][tag] = tagged[typ][tag] || strings.HasPrefix(tag, ",")
			}
		}
		for _, at := range bt.Attributes {
			if fields[at.Name] == nil || fields[at.Name] != goTypes[at.Kind] {
				t.Errorf("%s.%s is in a field of type %v", bt.Key(), at.Name, fields[at.Name])
			}
			tagged[typ][at.Name] = true
		}
	}
	for typ, fields := range tagged {
		for tag, used := range fields {
			if !used {
				t.Errorf("%s has a field for %q, which no block has", typ, tag)
			}
		}
	}
	if len(tagged) != 12 {
		t.Errorf("%d types are built", len(tagged))
	}
}

// TestRegistryIsSound checks the table itself, and that every default is a value that may be written.
func TestRegistryIsSound(t *testing.T) {
	for _, bt := range Vocabulary.Blocks {
		if bt.Doc == "" || bt.Example == "" {
			t.Errorf("%s lacks documentation or an example", bt.Key())
		}
		seen := map[string]bool{}
		for _, at := range bt.Attributes {
			what := bt.Key() + "." + at.Name
			if seen[at.Name] || !strings.HasSuffix(at.Doc, ".") {
				t.Errorf("%s stands twice, or lacks a sentence", what)
			}
			seen[at.Name] = true
			amount := slices.Contains([]language.Kind{language.Int, language.Float, language.Duration, language.ByteSize, language.Numbers}, at.Kind)
			if amount != (at.Min != "") || amount != (at.Max != "") {
				t.Errorf("%s ranges from %q to %q", what, at.Min, at.Max)
			}
			if at.Required && at.Default != "" || (at.Sees != nil) != (at.Kind == language.Expression) {
				t.Errorf("%s contradicts itself", what)
			}
			value := at.Example
			if at.Default != "" {
				value = at.Default
				if at.Kind != language.Int && at.Kind != language.Float && at.Kind != language.Bool {
					value = fmt.Sprintf("%q", at.Default)
				}
			}
			if bt.Slot == nil || bt.FreeForm || strings.HasPrefix(value, "[fault.") {
				continue
			}
			_, ds := Parse([]byte(bt.Header()+" {\n"+at.Name+" = "+value+"\n}\n"), "x.hcl", testWorld())
			for _, d := range ds {
				if strings.Contains(d.Summary, at.Name+" is ") && !strings.HasSuffix(d.Summary, "is missing") || strings.Contains(d.Summary, "must be a") || strings.Contains(d.Summary, "holds ") {
					t.Errorf("%s = %s: %v", what, value, d)
				}
			}
		}
		for _, r := range bt.Rules {
			for _, name := range r.Uses {
				if !seen[name] {
					t.Errorf("a rule of %s uses %q, which it does not have", bt.Key(), name)
				}
			}
		}
	}
}

// TestBlockExamples loads every example of the registry in one scenario.
func TestBlockExamples(t *testing.T) {
	var all strings.Builder
	for _, bt := range Vocabulary.Blocks {
		example := bt.Example
		if bt == headBlock {
			example = strings.Replace(example, `"20m"`, `"2h"`, 1)
		}
		all.WriteString(strings.Replace(example, "fault.unplug.mic", "fault.unplug.first", 1) + "\n\n")
	}
	s, ds := Parse([]byte(all.String()), "examples.hcl", testWorld())
	if len(ds) > 0 {
		t.Fatal(render(t, ds))
	}
	if len(s.Faults) != len(kinds) || s.Swarm.Weights["unplug"] != 2 || !s.Holds[0].Holds.Given() {
		t.Errorf("got %+v", s)
	}
	for _, f := range s.Faults {
		if (f.For > 0) != f.Kind.Info().Lasts {
			t.Errorf("%s lasts %s", f.Address, f.For)
		}
	}
}

// TestTheTableOfFaultsIsWhole walks the table of kinds, and the constants that name them.
func TestTheTableOfFaultsIsWhole(t *testing.T) {
	src, err := parser.ParseFile(token.NewFileSet(), "faults.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(src, func(n ast.Node) bool {
		if c, ok := n.(*ast.ValueSpec); ok && len(c.Values) == 1 {
			if v, ok := c.Values[0].(*ast.BasicLit); ok && Kind(strings.Trim(v.Value, `"`)).Info().Family == unknown {
				t.Errorf("the constant %s has no row in the table", v.Value)
			}
		}
		return true
	})
	seen := map[Kind]bool{}
	for _, k := range kinds {
		server := slices.Contains([]Target{STTTarget, HeartbeatTarget, WebhookTarget, CoreTarget, BackendTarget, ModelTarget, LoginTarget, TracesTarget, TTSTarget, BrokerTarget}, k.Target)
		_, aimed := targets[k.Target]
		switch {
		case seen[k.Kind]:
			t.Errorf("%s has two rows", k.Kind)
		case k.Family == nil || k.Family == unknown:
			t.Errorf("%s has no family: nobody knows what it endangers", k.Kind)
		case k.Target != "" && !aimed:
			t.Errorf("%s is aimed at %q, which is no target", k.Kind, k.Target)
		case (k.Status != 0 || k.Refuses || k.Late) && (!server || !k.Lasts):
			t.Errorf("%s says what a server does, but is no lasting fault of one", k.Kind)
		case k.Status != 0 && http.StatusText(k.Status) == "":
			t.Errorf("%s answers %d, which is no status", k.Kind, k.Status)
		case k.Blow != "" && (k.Lasts || k.Target != Device && k.Target != EngineTarget && k.Target != SpeakerTarget || k.Unreal != ""):
			t.Errorf("%s says what befalls a process, but its target is no process of the appliance, or it lasts, or it is not made", k.Kind)
		case k.Unmodelled != "" && k.Unreal != "":
			t.Errorf("nobody can make %s", k.Kind)
		}
		seen[k.Kind] = true
		if k.Apart != "" {
			continue
		}
		// What is not drawn has its zero value in a swarm, and that does nothing.
		f := reflect.ValueOf(k.Kind.Draw(rand.New(rand.NewPCG(1, 2)), ""))
		for _, a := range k.more {
			for i := range f.NumField() {
				if f.Type().Field(i).Tag.Get("hcl") == a.Name && a.Kind != language.Bool && f.Field(i).IsZero() {
					t.Errorf("a swarm draws %s without %s", k.Kind, a.Name)
				}
			}
		}
	}
}

func TestReferenceIsCurrent(t *testing.T) {
	testkit.Golden(t, "REFERENCE.md", Vocabulary.Reference())
}

// TestTheHintForAnEmptyScenarioIsOne checks that what the hint shows can be used as it is.
func TestTheHintForAnEmptyScenarioIsOne(t *testing.T) {
	_, ds := Parse(nil, "x.hcl", testWorld())
	_, hint, _ := strings.Cut(ds[0].Detail, "\n\n")
	if s, ds := Parse([]byte(hint), "x.hcl", testWorld()); len(ds) > 0 || !Is([]byte(hint)) {
		t.Errorf("%v, %v in\n%s", s, ds, hint)
	}
}
