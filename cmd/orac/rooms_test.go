package main

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/scenario"
)

// rooms are the rooms of the language, and what each may import of the module: the engine knows no vocabulary, and the vocabulary
// of runbooks knows no edit and no scenario.
var rooms = map[string][]string{
	"runbook/language":    {"runbook/cells", "runbook/pattern"},
	"runbook/hook":        {},
	"runbook/pattern":     {},
	"runbook/cells":       {},
	"runbook/testkit":     {},
	"runbook":             {"runbook/language", "runbook/hook", "runbook/pattern"},
	"runbook/edit":        {"runbook/language", "runbook"},
	"runbook/scenario":    {"runbook/language", "runbook", "runbook/edit"},
	"runbook/runbooktest": {"runbook/language"},
}

// TestRoomsOfTheLanguage: each room imports the rooms below it only, and runbooktest is for tests.
func TestRoomsOfTheLanguage(t *testing.T) {
	for file, f := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		allowed, isRoom := rooms[path.Dir(file)]
		if strings.HasPrefix(file, "runbook/") && !isRoom {
			t.Errorf("%s is in no room: name its folder in the table", file)
		}
		for _, imp := range f.Imports {
			to, ours := strings.CutPrefix(importPath(imp), "orac/")
			switch {
			case ours && to == "runbook/runbooktest":
				t.Errorf("%s imports orac/%s: it is for tests", file, to)
			case ours && isRoom && !slices.Contains(allowed, to):
				t.Errorf("%s imports orac/%s: that room may only know %v", file, to, allowed)
			}
		}
	}
}

// TestTheEngineKnowsNoBlock: no text in the code of the engine is the name of a block of either vocabulary.
func TestTheEngineKnowsNoBlock(t *testing.T) {
	blocks := map[string]bool{}
	for _, v := range []*language.Vocabulary{runbook.Vocabulary, scenario.Vocabulary} {
		v.EachType(func(b *language.BlockType) {
			if b.Type != "locals" && b.Type != "variable" { // they belong to the engine
				blocks[b.Type] = true
			}
		})
	}
	if !blocks["model"] || !blocks["scenario"] {
		t.Fatal("the vocabularies are not read")
	}
	for file, f := range goFiles(t) {
		if path.Dir(file) != "runbook/language" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			if text, err := strconv.Unquote(lit.Value); err == nil && blocks[text] {
				t.Errorf("%s names the block %q", file, text)
			}
			return true
		})
	}
}
