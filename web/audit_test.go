package web

import (
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
	var all strings.Builder
	for _, pattern := range []string{"*/*_test.go", "*/*/*_test.go", "../cmd/orac/*_test.go", "../cmd/orac/*/*_test.go", "../runbook/*_test.go", "../appliance/*_test.go", "../appliance/*/*_test.go", "../models/*_test.go", "../sim/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	names := regexp.MustCompile(`\b(Test|Fuzz)[A-Z]\w+`).FindAllString(string(page), -1)
	if len(names) < 80 {
		t.Errorf("only %d tests are named", len(names))
	}
	for _, name := range names {
		if !strings.Contains(all.String(), "func "+name+"(") {
			t.Errorf("there is no %s", name)
		}
	}
}
