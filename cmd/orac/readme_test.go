package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"orac/appliance"
	"orac/appliance/graph"
	"orac/runbook"
	"orac/runbook/language"
)

// TestTheReadmesOwnVoice edits orac.hcl as README says under "Your own voice": the blocks that it shows replace those of the
// same name and the sound file. What comes out must run.
func TestTheReadmesOwnVoice(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../orac.hcl")
	if err != nil {
		t.Fatal(err)
	}
	for _, replaced := range []string{`device "wav" "demo"`, `listener "kitchen"`} {
		block := regexp.MustCompile(`(?s)\n` + replaced + ` \{\n.*?\n\}\n`)
		if !block.Match(text) {
			t.Fatalf("orac.hcl has no %s", replaced)
		}
		text = block.ReplaceAll(text, []byte("\n"))
	}
	shown := regexp.MustCompile("(?s)```hcl\n(.*?)```").FindAllSubmatch(readme, -1)
	if len(shown) != 2 {
		t.Fatalf("README shows %d pieces of a runbook", len(shown))
	}
	for _, piece := range shown {
		text = append(text, piece[1]...)
	}
	rb, problems := runbook.Parse(text, "../../orac.hcl", language.Options{})
	if rb == nil {
		t.Fatal(problems)
	}
	if problems := appliance.Check(rb); len(problems) > 0 {
		t.Error(problems)
	}
	if graph, err := graph.Compile(rb); err != nil || graph.Node("source.usb") == nil {
		t.Errorf("it hears no microphone: %v", err)
	}
}

// TestExamplesShareTheDemonstrationsState: after `make run` they find models and sounds, and nothing is left in examples.
func TestExamplesShareTheDemonstrationsState(t *testing.T) {
	files, err := filepath.Glob("../../examples/runbooks/*.hcl")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		rb, problems := runbook.Load(file, language.Options{Secret: func(string) (string, error) { return strings.Repeat("made", 16), nil }})
		if rb == nil {
			t.Fatal(problems)
		}
		if want := filepath.Join("..", "..", ".orac"); rb.Appliance.StateDir != want {
			t.Errorf("%s keeps its state in %s, not in %s", file, rb.Appliance.StateDir, want)
		}
	}
}

func TestQuote(t *testing.T) {
	for path, want := range map[string]string{
		"/var/lib/orac": "/var/lib/orac", "a b": "'a b'", "it's": `'it'\''s'`, "": "''", "$HOME": "'$HOME'", "~": "'~'",
	} {
		if got := quote(path); got != want {
			t.Errorf("%q becomes %s, not %s", path, got, want)
		}
	}
}
