package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

	"orac/runbook/testkit"
)

// seam are the packages that run under both drivers. They reach the world through appliance/rt alone.
var seam = []string{
	"appliance/audio", "appliance/audio/resample", "appliance/play", "appliance/core", "appliance/event", "appliance/generation", "appliance/graph",
	"appliance/health", "appliance/node", "appliance/outbox", "appliance/provenclock", "appliance/reconcile", "appliance/spool",
	"appliance/satellite", "appliance/stt/spoken", "appliance/thread", "appliance/utterance", "models/wake",
}

// TestSeam: code on the seam has no goroutine, channel, select, clock, file or connection of its own, and no order that changes from
// run to run.
func TestSeam(t *testing.T) {
	paths := make([]string, len(seam))
	for i, folder := range seam {
		paths[i] = "orac/" + folder
	}
	for _, p := range load(t, paths...) {
		for _, f := range p.Syntax {
			for _, fault := range offSeam(f, p.TypesInfo, seamMay[p.PkgPath]) {
				t.Errorf("%s: %s", p.Fset.Position(fault.at), fault.why)
			}
		}
	}
}

// load reads packages with their types.
func load(t *testing.T, paths ...string) []*packages.Package {
	t.Helper()
	found, err := packages.Load(&packages.Config{
		Dir:  "../..",
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedExportFile,
	}, paths...)
	testkit.Must(t, err)
	if len(found) != len(paths) {
		t.Errorf("%d packages of %d were found", len(found), len(paths))
	}
	for _, p := range found {
		for _, err := range p.Errors {
			t.Error(err)
		}
	}
	return found
}

// fault is a place that does not keep to the seam.
type fault struct {
	at  token.Pos
	why string
}

// world are packages that reach around the seam.
var world = []string{"context", "math/rand", "net", "net/http", "os", "os/exec", "os/signal", "runtime", "sync", "sync/atomic", "syscall"}

// seamMay are packages of the world that a package on the seam may import all the same.
var seamMay = map[string][]string{
	"orac/appliance/core": {
		"context",     // the logger takes one
		"sync/atomic", // what readers outside of the seam see is published so
	},
}

// clocks are the functions of package time that ask the machine's clock or wait for it.
var clocks = []string{"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"}

// offSeam finds what a file may not do on the seam.
func offSeam(f *ast.File, info *types.Info, may []string) (list []fault) {
	say := func(n ast.Node, why string) { list = append(list, fault{n.Pos(), why}) }
	for _, imp := range f.Imports {
		if path := importPath(imp); slices.Contains(world, path) && !slices.Contains(may, path) {
			say(imp, "import of "+path+": ask the task")
		}
	}
	sorted := map[ast.Node]bool{} // calls whose order does not matter: they are sorted at once
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			say(n, "go: start a child task")
		case *ast.SelectStmt:
			say(n, "select: use rt.Select")
		case *ast.ChanType:
			say(n, "chan: use a mailbox")
		case *ast.RangeStmt:
			if over(info, n.X) && !orderless(info, n.Body.List, declared(info, n)) {
				say(n, "the order of a map changes from run to run: range over slices.Sorted(maps.Keys(m))")
			}
		case *ast.CallExpr:
			if of(info, n.Fun, "slices", "Sorted", "SortedFunc", "SortedStableFunc") {
				sorted[n.Args[0]] = true
			}
			if of(info, n.Fun, "maps", "All", "Keys", "Values") && !sorted[n] {
				say(n, "the order of a map changes from run to run: sort it at once")
			}
		case *ast.Ident:
			if f, ok := info.Uses[n].(*types.Func); ok && f.Pkg() != nil && f.Pkg().Path() == "math/rand/v2" && f.Signature().Recv() == nil && !strings.HasPrefix(f.Name(), "New") {
				say(n, "rand."+f.Name()+": draw from a stream of the task")
			}
			if of(info, n, "time", clocks...) {
				say(n, "time."+n.Name+": ask the task")
			}
		}
		return true
	})
	return list
}

// of tells whether an expression is one of the functions of a package, whatever the package is called in the file.
func of(info *types.Info, e ast.Expr, pkg string, names ...string) bool {
	switch x := e.(type) {
	case *ast.SelectorExpr:
		e = x.Sel
	case *ast.IndexExpr: // with a type argument
		return of(info, x.X, pkg, names...)
	}
	id, ok := e.(*ast.Ident)
	if !ok {
		return false
	}
	f, ok := info.Uses[id].(*types.Func)
	return ok && f.Pkg() != nil && f.Pkg().Path() == pkg && f.Signature().Recv() == nil && slices.Contains(names, f.Name())
}

// over tells whether a loop goes over a map.
func over(info *types.Info, e ast.Expr) bool {
	_, ok := info.TypeOf(e).Underlying().(*types.Map)
	return ok
}

// declared are the variables of a loop: they begin anew with each element.
func declared(info *types.Info, loop *ast.RangeStmt) map[types.Object]bool {
	vars := map[types.Object]bool{}
	ast.Inspect(loop, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && info.Defs[id] != nil {
			vars[info.Defs[id]] = true
		}
		return true
	})
	return vars
}

// orderless tells whether the statements of a loop come to the same in every order. They may skip, decide, delete from a map, set an
// element of a map, count, and set a variable to a constant, to true or false, or to the least or greatest value.
func orderless(info *types.Info, body []ast.Stmt, own map[types.Object]bool) bool {
	for _, s := range body {
		ok := false
		switch s := s.(type) {
		case *ast.IfStmt:
			ok = (s.Init == nil || orderless(info, []ast.Stmt{s.Init}, own)) && orderless(info, s.Body.List, own) &&
				(s.Else == nil || orderless(info, []ast.Stmt{s.Else}, own))
		case *ast.BlockStmt:
			ok = orderless(info, s.List, own)
		case *ast.BranchStmt:
			ok = s.Tok == token.CONTINUE && s.Label == nil
		case *ast.IncDecStmt:
			ok = true
		case *ast.ExprStmt:
			call, is := s.X.(*ast.CallExpr)
			ok = is && builtin(info, call.Fun, "delete")
		case *ast.AssignStmt:
			ok = true
			for i, to := range s.Lhs {
				ok = ok && settles(info, s, to, s.Rhs[min(i, len(s.Rhs)-1)], own)
			}
		}
		if !ok {
			return false
		}
	}
	return true
}

// settles tells whether an assignment ends with the same value in every order.
func settles(info *types.Info, s *ast.AssignStmt, to, value ast.Expr, own map[types.Object]bool) bool {
	if root := rootOf(to); root == nil || root.Name == "_" || own[info.ObjectOf(root)] {
		return root != nil
	}
	if at, ok := to.(*ast.IndexExpr); ok && over(info, at.X) {
		return true
	}
	if basic, ok := info.TypeOf(to).Underlying().(*types.Basic); ok && s.Tok == token.ADD_ASSIGN {
		return basic.Info()&types.IsInteger != 0 // a sum of floats or strings depends on the order
	}
	switch v := value.(type) {
	case *ast.CallExpr:
		return s.Tok == token.ASSIGN && builtin(info, v.Fun, "max", "min")
	case *ast.BinaryExpr:
		return s.Tok == token.ASSIGN && (v.Op == token.LOR || v.Op == token.LAND)
	}
	return s.Tok == token.ASSIGN && (info.Types[value].Value != nil)
}

// rootOf is the variable that a.b.c is in.
func rootOf(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		default:
			return nil
		}
	}
}

func builtin(info *types.Info, e ast.Expr, names ...string) bool {
	id, ok := e.(*ast.Ident)
	if !ok {
		return false
	}
	b, ok := info.Uses[id].(*types.Builtin)
	return ok && slices.Contains(names, b.Name())
}

type knownTypes map[string]*types.Package

func (k knownTypes) Import(path string) (*types.Package, error) { return k[path], nil }

// TestSeamFindsFaults under other names, too, and lets harmless loops be.
func TestSeamFindsFaults(t *testing.T) {
	known := knownTypes{}
	for _, p := range load(t, "maps", "math/rand/v2", "slices", "time") {
		known[p.PkgPath] = p.Types
	}
	for body, want := range map[string]string{
		`go func() {}()`:                                                     "go:",
		`select {}`:                                                          "select:",
		`var c chan int; _ = c`:                                              "chan:",
		`_ = clock.Now()`:                                                    "time.Now:",
		`f := clock.Sleep; _ = f`:                                            "time.Sleep:",
		`_ = IntN(7)`:                                                        "rand.IntN:",
		`_ = New(NewPCG(1, 2)).IntN(7)`:                                      "",
		`_ = clock.Time{}.After(at)`:                                         "",
		`for k := range m { say(k) }`:                                        "the order",
		`for range m { return }`:                                             "the order",
		`for k := range m { l = append(l, k) }`:                              "the order",
		`for k := range n { s += k }`:                                        "the order",
		`for _, v := range m { sum += v }`:                                   "the order",
		`for k, v := range m { last = v; _ = k }`:                            "the order",
		`for k := range maps.Keys(m) { say(k) }`:                             "the order",
		`l = slices.Collect(maps.Keys(m))`:                                   "the order",
		`for _, k := range slices.Sorted(maps.Keys(m)) { say(k) }`:           "",
		`for k, v := range m { if v > 0 { delete(m, k) } }`:                  "",
		`for k, v := range m { w := v * 2; o[k] = w }`:                       "",
		`for _, v := range m { high = max(high, v) }`:                        "",
		`for _, v := range m { any = any || v > 1; n["x"]++ }`:               "",
		`for _, v := range m { if v > 1 { any = true; continue }; count++ }`: "",
		`for i := range l { say(l[i]) }`:                                     "",
	} {
		src := `package x
import ("maps"; . "math/rand/v2"; "slices"; clock "time")
var m, o map[string]float64; var n map[string]int; var l []string; var s string; var sum, last, high float64; var any bool; var count int; var at clock.Time
func say(string) {}
var _ = maps.Keys[map[string]int]; var _ = slices.Sorted[string]; var _ *Rand
func f() { ` + body + ` }`
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, "x.go", src, 0)
		testkit.Must(t, err)
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
		_, err = (&types.Config{Importer: known}).Check("x", fset, []*ast.File{f}, info)
		testkit.Must(t, err)
		got := ""
		for _, fault := range offSeam(f, info, nil) {
			got += fault.why
		}
		if !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: %q", body, got)
		}
	}
}
