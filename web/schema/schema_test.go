package schema

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"orac/runbook/testkit"
)

type order struct {
	ID    string   `path:"id" check:"pattern=id"`
	Fast  bool     `query:"fast"`
	Name  string   `json:"name" check:"required;min=1;max=5"`
	Many  *int     `json:"many" check:"min=1;max=9"`
	Kinds []string `json:"kinds" check:"items=2;enum=a|b"`
}

// composed is order, made of structs in structs.
type (
	partial struct {
		Fast bool   `query:"fast"`
		Name string `json:"name" check:"required;min=1;max=5"`
	}
	Ordered struct {
		partial
		Many  *int     `json:"many" check:"min=1;max=9"`
		Kinds []string `json:"kinds" check:"items=2;enum=a|b"`
	}
	composed struct {
		ID string `path:"id" check:"pattern=id"`
		Ordered
	}
)

type inner struct {
	Inside string `json:"inside"`
}

type bill struct {
	Sum float64 `json:"sum"`
	inner
}

// TestAShapeChecksWhatItReads: a request and a value of the program pass the same rules.
func TestAShapeChecksWhatItReads(t *testing.T) {
	s := ShapeOf[order, bill]("POST")
	for name, c := range map[string]struct {
		path, query, body string
		wrong             string // the field; empty: nothing is wrong
	}{
		"all":                {"a1", "fast=true", `{"name":"x","many":3,"kinds":["a","b"]}`, ""},
		"little":             {"a1", "", `{"name":"x","many":null}`, ""},
		"no name":            {"a1", "", `{}`, "name"},
		"an empty name":      {"a1", "", `{"name":""}`, "name"},
		"a long name":        {"a1", "", `{"name":"abcdef"}`, "name"},
		"an escape":          {"a1", "", `{"name":"\u001b"}`, "name"},
		"too many":           {"a1", "", `{"name":"x","many":10}`, "many"},
		"another word":       {"a1", "", `{"name":"x","kinds":["c"]}`, "kinds[0]"},
		"too long a list":    {"a1", "", `{"name":"x","kinds":["a","a","a"]}`, "kinds"},
		"an unknown field":   {"a1", "", `{"name":"x","else":1}`, "else"},
		"an unknown query":   {"a1", "slow=1", `{"name":"x"}`, "slow"},
		"a query twice":      {"a1", "fast=1&fast=1", `{"name":"x"}`, "fast"},
		"a path that climbs": {"../x", "", `{"name":"x"}`, "id"},
	} {
		req := httptest.NewRequest("POST", "/?"+c.query, strings.NewReader(c.body))
		req.Header.Set("Content-Type", "application/json")
		req.SetPathValue("id", c.path)
		in, err := s.Read(req)
		if c.wrong == "" {
			testkit.Must(t, err)
			if err := s.Check(in); err != nil {
				t.Errorf("%s: it is read, and not good inside: %v", name, err)
			}
			continue
		}
		if p := ProblemOf(err); err == nil || p.Code != InvalidInput || len(p.Errors) != 1 || p.Errors[0].Field != c.wrong {
			t.Errorf("%s: %v", name, err)
		}
	}
	for body, code := range map[string]Code{`{"name":"x","name":"y"}`: BadJSON, `{"name":"x"} 1`: BadJSON, "{\"name\":\"\xff\"}": BadJSON, strings.Repeat("[", maxDepth+1): BadJSON, `{"name":`: BadJSON} {
		if err := s.Body.Decode([]byte(body), new(order)); ProblemOf(err).Code != code {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestTheDocumentSaysWhatJSONHas: fields of embedded structs are those of the struct around them, exported or not.
func TestTheDocumentSaysWhatJSONHas(t *testing.T) {
	text := Document([]Operation{{Method: "POST", Path: "/orders/{id}", Name: "pay", Shape: ShapeOf[order, bill]("POST")}}, "1")
	var doc struct {
		Components struct {
			Schemas map[string]*Schema `json:"schemas"`
		} `json:"components"`
	}
	testkit.Must(t, json.Unmarshal(text, &doc))
	var has map[string]any
	made, err := json.Marshal(bill{1, inner{"x"}})
	testkit.Must(t, err)
	testkit.Must(t, json.Unmarshal(made, &has))
	said := doc.Components.Schemas["Bill"]
	if said == nil || len(said.Properties) != len(has) {
		t.Fatalf("%s has %s", text, made)
	}
	for name := range has {
		if said.Properties[name] == nil {
			t.Errorf("the document lacks %s", name)
		}
	}
}

// TestAnInputMayEmbed: fields of embedded structs are checked, read and documented as those of the struct around them.
func TestAnInputMayEmbed(t *testing.T) {
	flat, embedding := ShapeOf[order, None]("POST"), ShapeOf[composed, None]("POST")
	document := func(s Shape) string {
		return string(Document([]Operation{{Method: "POST", Path: "/orders/{id}", Name: "pay", Shape: s}}, "1"))
	}
	if want, got := document(flat), document(embedding); got != want {
		t.Errorf("the document says\n%s, not\n%s", got, want)
	}
	read := func(s Shape, path, query, body string) (any, error) {
		req := httptest.NewRequest("POST", "/?"+query, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.SetPathValue("id", path)
		return s.Read(req)
	}
	in, err := read(embedding, "a1", "fast=true", `{"name":"x","many":3,"kinds":["a","b"]}`)
	testkit.Must(t, err)
	testkit.Must(t, embedding.Check(in))
	if got := in.(composed); got.ID != "a1" || !got.Fast || got.Name != "x" || *got.Many != 3 || strings.Join(got.Kinds, "") != "ab" {
		t.Errorf("it reads %+v", got)
	}
	for _, c := range []struct{ path, query, body, wrong string }{
		{"a1", "", `{"name":"abcdef"}`, "name"},
		{"a1", "", `{}`, "name"},
		{"a1", "", `{"name":"x","many":10}`, "many"},
		{"a1", "", `{"name":"x","Ordered":{}}`, "Ordered"},
		{"a1", "fast=maybe", `{"name":"x"}`, "fast"},
		{"../x", "", `{"name":"x"}`, "id"},
	} {
		_, err := read(embedding, c.path, c.query, c.body)
		if p := ProblemOf(err); err == nil || p.Code != InvalidInput || len(p.Errors) != 1 || p.Errors[0].Field != c.wrong {
			t.Errorf("%+v: %v", c, err)
		}
	}
	bad := composed{ID: "a1", Ordered: Ordered{partial: partial{Name: "abcdef"}}}
	if p := ProblemOf(embedding.Check(bad)); len(p.Errors) != 1 || p.Errors[0].Field != "name" {
		t.Errorf("a value of the program passes: %+v", p)
	}
}

// TestAnInputThatJSONWouldReadOtherwiseIsABug: what JSON leaves out, or allocates, no schema describes.
func TestAnInputThatJSONWouldReadOtherwiseIsABug(t *testing.T) {
	type twice struct {
		Again string `json:"name"`
		partial
	}
	type pointer struct{ *Ordered }
	for name, shape := range map[string]func(string) Shape{"two fields": ShapeOf[twice, None], "a pointer": ShapeOf[pointer, None]} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, "BUG: ") {
					t.Errorf("it says %q", text)
				}
			}()
			shape("POST")
		})
	}
}
