package hook

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestFieldsAreWholeAndOfOneType: each field is described, and has the same type in every kind, since templates see one object.
func TestFieldsAreWholeAndOfOneType(t *testing.T) {
	types := map[string]reflect.Type{}
	for _, k := range Kinds {
		if k.Doc == "" || KindOf(k.New()).Name != k.Name {
			t.Errorf("%s: %+v", k.Name, k)
		}
		for _, f := range k.Fields() {
			if f.Name == "" || !strings.HasSuffix(f.Doc, ".") {
				t.Errorf("%s.%s lacks a sentence", k.Name, f.Name)
			}
			if was, ok := types[f.Name]; ok && was != f.Type {
				t.Errorf("%s.%s is %v and elsewhere %v", k.Name, f.Name, f.Type, was)
			}
			types[f.Name] = f.Type
		}
		v := Value(k.New())
		if !v.Type().Equals(Type()) {
			t.Errorf("%s: %#v", k.Name, v.Type())
		}
	}
}

func TestEventsAreCleaned(t *testing.T) {
	e := &Wake{Score: math.NaN(), Threshold: math.Inf(1), Scores: map[string]float64{"a\xff": math.NaN()}, WakeWord: strings.Repeat("é", MaxText)}
	e.Listener = "\xff"
	Clean(e)
	if len(e.WakeWord) > MaxText || !utf8.ValidString(e.WakeWord) || e.Score != 0 || e.Threshold != 0 || e.Listener != "\uFFFD" {
		t.Errorf("%+v", e)
	}
	back, err := Decode("wake", Encode(e))
	if err != nil || !reflect.DeepEqual(back, e) {
		t.Errorf("%v, %v", back, err)
	}
	if _, err := Decode("none", nil); err == nil {
		t.Error("a kind that there is not")
	}
}

func TestTheSchemaIsOneOfAllKinds(t *testing.T) {
	var s struct {
		OneOf []map[string]string
		Defs  map[string]struct {
			Required             []string
			AdditionalProperties bool
			Properties           map[string]map[string]any
		} `json:"$defs"`
	}
	if err := json.Unmarshal(JSONSchema(), &s); err != nil {
		t.Fatal(err)
	}
	if len(s.OneOf) != len(Kinds) || len(s.Defs) != len(Kinds) {
		t.Errorf("%d of %d", len(s.OneOf), len(s.Defs))
	}
	for _, k := range Kinds {
		var fields map[string]any
		if err := json.Unmarshal(Encode(k.New()), &fields); err != nil {
			t.Fatal(err)
		}
		d := s.Defs[k.Name]
		if len(fields) != len(d.Properties) || len(fields) != len(d.Required) || !reflect.DeepEqual(d.Properties["type"]["enum"], []any{k.Name}) {
			t.Errorf("%s: %d fields, schema %+v", k.Name, len(fields), d)
		}
		for name := range fields {
			if d.Properties[name] == nil {
				t.Errorf("%s has %s, and its schema has not", k.Name, name)
			}
		}
	}
}
