package runbook_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
	"orac/runbook/testkit"
)

// TestReferenceIsCurrent compares the committed page with the registry.
func TestReferenceIsCurrent(t *testing.T) {
	testkit.Golden(t, "REFERENCE.md", runbook.Vocabulary.Reference())
}

// TestReadmeExamples loads every HCL example of the README.
func TestReadmeExamples(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```hcl\n(.*?)```").FindAllSubmatch(page, -1)
	if len(examples) < 4 {
		t.Fatalf("the README has %d examples", len(examples))
	}
	for _, e := range examples {
		if _, ds := runbook.Parse(e[1], "README.hcl", runbooktest.World()); len(ds) > 0 {
			t.Error(runbooktest.Render(t, ds, language.RenderOptions{}))
		}
		if formatted, _ := runbook.Vocabulary.Format(e[1], "README.hcl"); !bytes.Equal(formatted, e[1]) {
			t.Errorf("an example is not formatted:\n%s", language.Diff("README.md", e[1], formatted))
		}
	}
}

// TestReadmeMessages checks that the messages that the README shows are real.
func TestReadmeMessages(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	src := `appliance "kitchen" {}

device "microphone" "usb" {
}

model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 1.5
}

listener "kitchen" {
  device = device.microphone.usb
  models = [model.hey_jarvs]
}
`
	_, ds := runbook.Parse([]byte(src), "orac.hcl", runbooktest.World())
	if got := runbooktest.Render(t, ds, language.RenderOptions{}); !strings.Contains(string(page), "```text\n"+got+"```\n") {
		t.Errorf("the README does not show:\n%s", got)
	}
}

// TestExamples loads the runbooks that people copy from, in a world that has
// none of their variables, and the secrets that orac secrets init makes.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../examples/runbooks/*.hcl")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		world := language.Options{Env: func(string) (string, bool) { return "", false }, Secret: func(string) (string, error) { return strings.Repeat("made", 16), nil }}
		if _, ds := runbook.Load(f, world); len(ds) > 0 {
			t.Error(runbooktest.Render(t, ds, language.RenderOptions{}))
		}
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if formatted, _ := runbook.Vocabulary.Format(src, f); !bytes.Equal(formatted, src) {
			t.Errorf("%s is not formatted:\n%s", f, language.Diff(f, src, formatted))
		}
	}
}

// TestJSONSchema checks the schema against the registry: every block and attribute
// is there, every $ref leads somewhere, every pattern is a regular expression.
func TestJSONSchema(t *testing.T) {
	text := runbook.Vocabulary.JSONSchema()
	if !bytes.Equal(text, runbook.Vocabulary.JSONSchema()) {
		t.Error("two calls give different schemas")
	}
	var schema struct {
		Defs map[string]struct {
			Required   []string                  `json:"required"`
			Properties map[string]map[string]any `json:"properties"`
		} `json:"$defs"`
		Properties map[string]any `json:"properties"`
		Required   []string       `json:"required"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for _, bt := range runbook.Registry {
		if schema.Properties[bt.Type] == nil || slices.Contains(schema.Required, bt.Type) != bt.Required {
			t.Errorf("the schema has %s wrong", bt.Type)
		}
		for _, at := range bt.Attributes {
			p := schema.Defs[bt.Key()].Properties[at.Name]
			if !bt.FreeForm && (p == nil || p["description"] != at.Doc) {
				t.Errorf("the schema has %s.%s as %v", bt.Key(), at.Name, p)
			}
			if slices.Contains(schema.Defs[bt.Key()].Required, at.Name) != at.Required {
				t.Errorf("the schema has it wrong whether %s.%s is required", bt.Key(), at.Name)
			}
		}
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, el := range v {
				walk(el)
			}
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				if _, ok := schema.Defs[strings.TrimPrefix(ref, "#/$defs/")]; !ok {
					t.Errorf("%s leads nowhere", ref)
				}
			}
			if p, ok := v["pattern"].(string); ok {
				if _, err := regexp.Compile(p); err != nil {
					t.Error(err)
				}
			}
			for _, el := range v {
				walk(el)
			}
		}
	}
	var whole any
	if err := json.Unmarshal(text, &whole); err != nil {
		t.Fatal(err)
	}
	walk(whole)
}
