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
// cmd -> web, sim, chaos -> sim/trial -> appliance -> models, runbook. Below them all is appliance/base, which knows nothing of ORAC.
var floors = map[string][]string{
	"cmd":            {"cmd", "web", "sim", "chaos", "sim/trial", "appliance", "models", "runbook"},
	"web":            {"web", "appliance", "models", "runbook"},
	"sim":            {"sim", "sim/trial", "appliance", "models", "runbook"},
	"chaos":          {"chaos", "sim/trial", "appliance", "models", "runbook"},
	"sim/trial":      {"sim/trial", "appliance", "models", "runbook"},
	"appliance":      {"appliance", "models", "runbook"},
	"models":         {"models"},
	"runbook":        {"runbook"},
	"appliance/base": {},
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
			if to == "appliance/base/testkit" && !strings.HasSuffix(path, "_test.go") {
				t.Errorf("%s imports orac/%s: it is for tests", path, to)
			}
			if floor := floorOf(to); floor != "appliance/base" && !slices.Contains(floors[own], floor) {
				t.Errorf("%s imports orac/%s: %s may only depend on %v", path, to, own, floors[own])
			}
		}
	}
}

// seamCode is what runs under both drivers: it reaches the world through appliance/rt alone.
var seamCode = []string{"appliance/node/", "appliance/spool/", "appliance/utterance/", "appliance/reconcile/", "appliance/health/", "appliance/generation/",
	"appliance/provenclock/", "appliance/graph/", "appliance/core/run.go", "appliance/core/core.go", "appliance/core/judge.go", "appliance/core/resources.go",
	"appliance/audio/sound.go"}

// TestNodeCodeKeepsToTheSeam: no goroutine, channel, select, clock, file or connection of its own.
func TestNodeCodeKeepsToTheSeam(t *testing.T) {
	forbidden := []string{"os", "os/exec", "net", "net/http", "sync", "sync/atomic", "syscall", "context", "math/rand", "runtime"}
	checked := 0
	for path, f := range goFiles(t) {
		onSeam := slices.ContainsFunc(seamCode, func(p string) bool { return strings.HasPrefix(path, p) })
		if !onSeam || strings.HasSuffix(path, "_test.go") {
			continue
		}
		checked++
		for _, imp := range f.Imports {
			if slices.Contains(forbidden, importPath(imp)) {
				t.Errorf("%s imports %s: node code asks the seam", path, importPath(imp))
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s: go: start a child task", path)
			case *ast.SelectStmt:
				t.Errorf("%s: select: use rt.Select", path)
			case *ast.ChanType:
				t.Errorf("%s: chan: use a mailbox", path)
			case *ast.RangeStmt:
				// Ranging over a map has another order in each run; no node needs it.
				if call, ok := n.X.(*ast.CallExpr); ok && isSelector(call.Fun, "maps", "Keys", "Values", "All") {
					t.Errorf("%s: a map's order is not the same in every run", path)
				}
			case *ast.SelectorExpr:
				if isSelector(n, "time", "Now", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Since", "Until") {
					t.Errorf("%s: time.%s: ask the task", path, n.Sel.Name)
				}
			}
			return true
		})
	}
	if checked < 15 {
		t.Errorf("only %d files were checked: the list of node code is out of date", checked)
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
