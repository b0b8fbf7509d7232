package language

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

// plainMethods take text out of a value. They exist on values without marks only, so what they give may have come from anywhere.
var plainMethods = []string{"AsString", "AsBigFloat", "True", "AsValueMap", "AsValueSlice", "AsValueSet", "ElementIterator", "GoString", "Reveal"}

// quotedBy are the methods of quotable, which know whether a text may be shown.
var quotedBy = []string{"show", "quote", "describe", "meant", "showURL", "name"}

// errorMakers make what people read.
var errorMakers = []string{"fail", "warn", "say", "Problem", "Errorf", "misfit", "callError", "Diagnostic", "Error", "Hidden"}

// TestErrorsQuoteQuotablesOnly reads the code: no error is built from the text of a value, directly or by a variable of the same
// function, but by the methods of quotable.
func TestErrorsQuoteQuotablesOnly(t *testing.T) {
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	for _, name := range append(files, more...) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				for _, place := range unquoted(f) {
					t.Errorf("%s: the text of a value stands in an error; quote it by a quotable", set.Position(place))
				}
			}
		}
	}
	for src, want := range map[string]int{
		`func f(v cty.Value) { p.fail("", r, "is " + v.AsString(), "") }`:                          1,
		`func f(v cty.Value) { s := v.AsString(); p.fail("", r, fmt.Sprintf("%s", clip(s)), "") }`: 1,
		`func f(v cty.Value) { return &misfit{"is " + v.AsString(), ""} }`:                         1,
		`func f(v quotable) { s := v.AsString(); return &misfit{"is " + v.quote(s), ""} }`:         0,
	} {
		file, err := parser.ParseFile(set, "x.go", "package x\n"+src, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(unquoted(file.Decls[0].(*ast.FuncDecl))); got != want {
			t.Errorf("%s: %d are found, want %d", src, got, want)
		}
	}
}

// unquoted finds the places of a function where an error is built from the text of a value.
func unquoted(f *ast.FuncDecl) (found []token.Pos) {
	tainted := map[string]bool{}
	takes := func(n ast.Node) bool {
		taken := false
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok {
					if slices.Contains(quotedBy, sel.Sel.Name) {
						return false
					}
					taken = taken || slices.Contains(plainMethods, sel.Sel.Name)
				}
			case *ast.Ident:
				taken = taken || tainted[n.Name]
			}
			return !taken
		})
		return taken
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				id, ok := l.(*ast.Ident)
				from := n.Rhs[min(i, len(n.Rhs)-1)]
				if call, isCall := from.(*ast.CallExpr); isCall {
					if sel, method := call.Fun.(*ast.SelectorExpr); method && !slices.Contains(plainMethods, sel.Sel.Name) && !takes(sel.X) {
						continue // what a method makes of it is its own matter
					}
				}
				if ok && id.Name != "err" && id.Name != "ok" && takes(from) {
					tainted[id.Name] = true
				}
			}
		case *ast.CallExpr:
			if slices.Contains(errorMakers, lastName(n.Fun)) {
				for _, a := range n.Args {
					if takes(a) {
						found = append(found, a.Pos())
					}
				}
			}
		case *ast.CompositeLit:
			if n.Type != nil && slices.Contains(errorMakers, lastName(n.Type)) {
				for _, a := range n.Elts {
					if takes(a) {
						found = append(found, a.Pos())
					}
				}
			}
		}
		return true
	})
	return found
}

func lastName(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}

// TestQuotable: what is hidden is shown by no method.
func TestQuotable(t *testing.T) {
	for _, v := range []cty.Value{cty.StringVal("canary"), cty.NumberIntVal(4711), cty.True, cty.ListVal([]cty.Value{cty.StringVal("canary")}), cty.ObjectVal(map[string]cty.Value{"address": cty.StringVal("canary")}), cty.NullVal(cty.String), cty.UnknownVal(cty.Number)} {
		q := quotable{v, true}
		all := q.show() + q.describe() + q.quote("canary") + q.meant("canary", []string{"canaries"}, false) + q.part(cty.StringVal("canary")).show()
		if strings.Contains(strings.ReplaceAll(all, "canaries", ""), "canary") || strings.Contains(all, "4711") || strings.Contains(all, "true") || strings.Contains(all, "Did you mean") {
			t.Errorf("%#v: %s", v, all)
		}
		quotable{v, false}.describe() // of any value
	}
}
