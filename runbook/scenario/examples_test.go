package scenario

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"orac/runbook"
)

// TestExamples loads the scenarios that people copy from, with the runbooks that they run. Sounds may be missing.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/scenarios/*.hcl")
	if err != nil || len(files) < 15 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if !Is(src) {
			if !slices.Contains([]string{"guarded.hcl", "house.hcl", "kitchen.hcl"}, filepath.Base(f)) {
				t.Errorf("%s is no scenario", f)
			}
			continue
		}
		s, ds := Load(f, testWorld())
		if len(ds) > 0 {
			t.Error(render(t, ds))
			continue
		}
		if want := strings.TrimSuffix(filepath.Base(f), ".hcl"); s.Head.Name != want || s.Head.Doc == "" {
			t.Errorf("%s is called %q, %q", f, s.Head.Name, s.Head.Doc)
		}
		if !bytes.Contains(src, []byte("#   orac sim examples/scenarios/"+filepath.Base(f))) {
			t.Errorf("%s does not say how it is run", f)
		}
		world := testWorld()
		world.Secret, world.StandIns = func(string) (string, error) { return "stands in", nil }, true
		if rb, _, ds := s.Runbook(world); rb == nil {
			t.Error(render(t, ds))
		}
		if formatted, _ := Language.Format(src, f); !bytes.Equal(formatted, src) {
			t.Errorf("%s is not formatted:\n%s", f, runbook.Diff(f, src, formatted))
		}
	}
}

// TestReadme loads every example of the guide, and checks that the messages that it shows are real.
func TestReadme(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```hcl\n(.*?)```").FindAllSubmatch(page, -1)
	if len(examples) < 4 {
		t.Fatalf("the guide has %d examples", len(examples))
	}
	first := string(examples[0][1])
	for i, e := range examples {
		src := string(e[1])
		if i > 0 && !Is(e[1]) {
			src = first + src // what is added to the first one
		}
		if _, ds := Parse([]byte(src), "README.hcl", testWorld()); len(ds) > 0 {
			t.Errorf("%s\n%s", src, render(t, ds))
		}
		if formatted, _ := Language.Format(e[1], "README.hcl"); !bytes.Equal(formatted, e[1]) {
			t.Errorf("an example is not formatted:\n%s", runbook.Diff("README.md", e[1], formatted))
		}
	}
	wrong := strings.Replace(first, "lost == 0", "losst == 0", 1)
	_, ds := Parse([]byte(wrong), "first.hcl", testWorld())
	if got := render(t, ds); !strings.Contains(string(page), "```\n"+got+"```\n") {
		t.Errorf("the guide does not show:\n%s", got)
	}
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)`).FindAllSubmatch(page, -1) {
		if _, err := os.Stat(string(link[1])); err != nil {
			t.Errorf("a link leads nowhere: %v", err)
		}
	}
}
