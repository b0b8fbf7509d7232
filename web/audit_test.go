package web

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheAuditNamesTestsThatThereAre: a report that says what holds a finding says nothing when the test is gone.
func TestTheAuditNamesTestsThatThereAre(t *testing.T) {
	page, err := os.ReadFile("AUDIT.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := testsThatThereAre(t)
	names := regexp.MustCompile(`\b(Test|Fuzz)[A-Z]\w+`).FindAllString(string(page), -1)
	if len(names) < 80 {
		t.Errorf("only %d tests are named", len(names))
	}
	for _, name := range names {
		if !tests[name] {
			t.Errorf("there is no %s", name)
		}
	}
}

// testsThatThereAre are the names of all tests of the project.
func testsThatThereAre(t *testing.T) map[string]bool {
	all, declared := map[string]bool{}, regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z]\w+)\(`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".orac" || d.Name() == ".git"):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, found := range declared.FindAllSubmatch(text, -1) {
			all[string(found[1])] = true
		}
		return err
	})
	if err != nil || len(all) == 0 {
		t.Fatal("no tests are found", err)
	}
	return all
}
