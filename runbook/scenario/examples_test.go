package scenario

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"orac/runbook/language"
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
			if !slices.Contains([]string{"acts.hcl", "den.hcl", "guarded.hcl", "house.hcl", "hub.hcl", "kitchen.hcl", "lounge.hcl", "member.hcl", "parlour.hcl", "study.hcl", "told.hcl"}, filepath.Base(f)) {
				t.Errorf("%s is no scenario", f)
			}
			continue
		}
		s, ds := Parse(src, f, testWorld())
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
		if formatted, _ := Vocabulary.Format(src, f); !bytes.Equal(formatted, src) {
			t.Errorf("%s is not formatted:\n%s", f, language.Diff(f, src, formatted))
		}
	}
}

// TestReadme: no link of the guide leads nowhere. What it shows is run by the tests of cmd/orac.
func TestReadme(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)`).FindAllSubmatch(page, -1) {
		if _, err := os.Stat(string(link[1])); err != nil {
			t.Errorf("a link leads nowhere: %v", err)
		}
	}
}
