package main

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// saysWhat is how a mutex says what it is for: the state that it guards, or the work that one at a time may do.
var saysWhat = regexp.MustCompile(`\b(guards|held while)\b`)

// TestEveryMutexSaysWhatItGuards: beside its name, or above it.
func TestEveryMutexSaysWhatItGuards(t *testing.T) {
	seen := 0
	files := goFiles(t)
	for path, f := range files {
		check := func(what ast.Expr, names []*ast.Ident, comments ...*ast.CommentGroup) {
			if !isSelector(what, "sync", "Mutex", "RWMutex") {
				return
			}
			seen++
			says := func(c *ast.CommentGroup) bool {
				return c != nil && saysWhat.MatchString(strings.Join(strings.Fields(c.Text()), " "))
			}
			if !slices.ContainsFunc(comments, says) {
				t.Errorf("%s: say what the mutex %v guards", path, names)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field:
				check(n.Type, n.Names, n.Doc, n.Comment)
			case *ast.GenDecl:
				for _, s := range n.Specs {
					if v, ok := s.(*ast.ValueSpec); ok {
						check(v.Type, v.Names, n.Doc, v.Doc, v.Comment)
					}
				}
			}
			return true
		})
	}
	if seen < 30 {
		t.Errorf("only %d mutexes were found: the search is wrong", seen)
	}
}
