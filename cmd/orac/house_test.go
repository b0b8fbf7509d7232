package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// goFiles parses every Go file of the module, by its path.
func goFiles(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != "../.." && d.Name() != ".." || d.Name() == "node_modules" || d.Name() == "testdata"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel("../..", path)
		files[filepath.ToSlash(rel)] = f
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 100 {
		t.Fatalf("only %d Go files were found: the walk is wrong", len(files))
	}
	return files
}

// floors are the parts of the house, each with those that it may know: the longest path that a package begins with is its floor.
// cmd -> web, sim, chaos -> sim/trial -> appliance -> models, runbook.
var floors = map[string][]string{
	"cmd":       {"cmd", "web", "sim", "chaos", "sim/trial", "appliance", "models", "runbook"},
	"web":       {"web", "appliance", "models", "runbook"},
	"sim":       {"sim", "sim/trial", "appliance", "models", "runbook"},
	"chaos":     {"chaos", "sim/trial", "appliance", "models", "runbook"},
	"sim/trial": {"sim/trial", "appliance", "models", "runbook"},
	"appliance": {"appliance", "models", "runbook"},
	"models":    {"models"},
	"runbook":   {"runbook"},
}

// floorOf is the floor of a path; "" if it has none.
func floorOf(path string) (floor string) {
	for f := range floors {
		if (path == f || strings.HasPrefix(path, f+"/")) && len(f) > len(floor) {
			floor = f
		}
	}
	return floor
}

// forTests are packages that only tests import, and all tests may.
var forTests = []string{"runbook/testkit", "appliance/mqtt/mqtttest", "appliance/rt/virtual/virtualtest", "web/auth/authtest", "web/peers/peertest"}

// TestDependenciesPointOneWay: a package knows only floors that its own may know, tests included.
func TestDependenciesPointOneWay(t *testing.T) {
	for path, f := range goFiles(t) {
		own := floorOf(path)
		if own == "" {
			t.Errorf("%s is on no floor of the house", path)
			continue
		}
		for _, imp := range f.Imports {
			to, ok := strings.CutPrefix(importPath(imp), "orac/")
			if !ok {
				continue
			}
			floor, test := floorOf(to), strings.HasSuffix(path, "_test.go") || slices.Contains(forTests, filepath.ToSlash(filepath.Dir(path)))
			switch {
			case slices.Contains(forTests, to) && !test:
				t.Errorf("%s imports orac/%s: it is for tests", path, to)
			case !slices.Contains(floors[own], floor) && !(test && slices.Contains(forTests, to)):
				t.Errorf("%s imports orac/%s: %s may only depend on %v", path, to, own, floors[own])
			}
		}
	}
}

func isSelector(e ast.Expr, pkg string, names ...string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == pkg && slices.Contains(names, s.Sel.Name)
}

func importPath(imp *ast.ImportSpec) string {
	path, err := strconv.Unquote(imp.Path.Value)
	if err != nil {
		return imp.Path.Value
	}
	return path
}
