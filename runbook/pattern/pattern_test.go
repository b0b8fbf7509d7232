package pattern

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestLazy(t *testing.T) {
	if p := Lazy(`^a+$`); !p().MatchString("aa") || p().MatchString("b") || p() != p() {
		t.Error("it is not the pattern that it was made of")
	}
	broken := Lazy(`(`)
	defer func() {
		if recover() == nil {
			t.Error("what is no pattern was compiled")
		}
	}()
	broken()
}

// TestAllPatternsCompile: the whole module's, which nothing else compiles before they are needed.
func TestAllPatternsCompile(t *testing.T) {
	found := 0
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 || d.Name() == "node_modules"):
			return filepath.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, is := n.(*ast.CallExpr)
			if !is {
				return true
			}
			to, is := call.Fun.(*ast.SelectorExpr)
			if !is || to.Sel.Name != "Lazy" {
				return true
			}
			if of, is := to.X.(*ast.Ident); !is || of.Name != "pattern" {
				return true
			}
			text, known := constant(call.Args[0])
			if !known {
				return true // made of others: the tests of its package use it
			}
			found++
			if _, err := regexp.Compile(text); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			return true
		})
		return nil
	})
	if err != nil || found < 40 {
		t.Errorf("%d patterns, %v", found, err)
	}
}

// constant returns the text of a literal.
func constant(e ast.Expr) (string, bool) {
	l, is := e.(*ast.BasicLit)
	if !is {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}
