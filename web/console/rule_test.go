package console

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html/template"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"orac/runbook/testkit"
	"orac/web/api"
	"orac/web/auth"
)

// mayImport are the packages that the console is made of: they hold values, texts and forms. None of them reaches a disk, a
// network, a process, or the appliance.
var mayImport = []string{
	"bytes", "cmp", "compress/flate", "compress/gzip", "crypto/sha256", "embed", "encoding/base64", "encoding/hex", "encoding/json", "errors", "fmt", "html/template", "io", "io/fs", "maps",
	"math", "mime", "net/http", "net/url", "path", "regexp", "slices", "strconv", "strings", "sync", "time", "unicode", "unicode/utf8",
	"orac/appliance/amount", "orac/appliance/event", "orac/appliance/graph", "orac/appliance/health", "orac/appliance/status", "orac/runbook/edit", "orac/runbook/language", "orac/runbook/pattern", "orac/web/acts", "orac/web/api", "orac/web/audit", "orac/web/auth", "orac/web/npm", "orac/web/schema", "orac/web/simulations",
	"github.com/aymanbagabas/go-udiff", "github.com/yuin/goldmark", "github.com/yuin/goldmark/ast", "github.com/yuin/goldmark/extension", "github.com/yuin/goldmark/parser", "github.com/yuin/goldmark/text",
	"github.com/hashicorp/hcl/v2/hclwrite", "github.com/zclconf/go-cty/cty",
}

// Ways to reach around the API. Of a Call and of a Server: its appliance, itself, and records of changes that are no route's. Of
// packages that may be imported: what reads files, asks other hosts, or makes something that runs.
var (
	aroundCall    = []string{"App", "Server", "Events"} // of anything: what a Call gives may have got a name
	ownCall       = []string{"Audited", "Target", "Changed"}
	aroundPackage = []string{
		"http.Get", "http.Head", "http.Post", "http.PostForm", "http.NewRequest", "http.NewRequestWithContext", "http.Client", "http.DefaultClient", "http.Transport",
		"http.DefaultTransport", "http.ServeFile", "http.FileServer", "http.Dir", "http.ListenAndServe", "http.Server",
		"runbook.Load", "runbook.Parse", "runbook.Vocabulary", "language.Vocabulary", "graph.Compile", "appliance.Check", "core.New", "simulations.New", "simulations.Scenarios", "audit.In", "audit.Open", "auth.Open",
	}
)

// reaches returns what a selection reaches around the API by; empty if it does not.
func reaches(e *ast.SelectorExpr, packages map[string]bool) string {
	x, isName := e.X.(*ast.Ident)
	switch {
	case isName && packages[x.Name]:
		if what := x.Name + "." + e.Sel.Name; slices.Contains(aroundPackage, what) {
			return what
		}
	case slices.Contains(aroundCall, e.Sel.Name), isName && x.Name == "call" && slices.Contains(ownCall, e.Sel.Name):
		return "." + e.Sel.Name
	}
	return ""
}

// source is the code of this package.
type source struct {
	files map[string]*ast.File
	funcs map[string][]*ast.FuncDecl // by name; methods of any type, too
}

func readSource(t *testing.T) *source {
	t.Helper()
	s := &source{files: map[string]*ast.File{}, funcs: map[string][]*ast.FuncDecl{}}
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.files[path] = f
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				s.funcs[fn.Name.Name] = append(s.funcs[fn.Name.Name], fn)
			}
		}
	}
	if len(s.files) < 10 || len(s.funcs) < 50 {
		t.Fatalf("only %d files and %d functions were found", len(s.files), len(s.funcs))
	}
	return s
}

// asks are the operations that a function invokes, by itself and by those of this package that it names. It may name more than it
// calls: then it is said to ask more.
func (s *source) asks(t *testing.T, name string, seen map[string]bool, into map[string]bool) {
	if seen[name] {
		return
	}
	seen[name] = true
	for _, f := range s.funcs[name] {
		s.asksIn(t, f, seen, into)
	}
}

func (s *source) asksIn(t *testing.T, f *ast.FuncDecl, seen map[string]bool, into map[string]bool) {
	t.Helper()
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "api" {
				if op, ok := strings.CutPrefix(n.Sel.Name, "Op"); ok {
					into[strings.ToLower(op[:1])+op[1:]] = true
				}
			}
		case *ast.Ident:
			s.asks(t, n.Name, seen, into)
		}
		return true
	})
}

// selects tells whether an expression is of.name.
func selects(e ast.Expr, of, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == of
}

// shows is the name of the method that shows a page.
func (r route) shows() string {
	name := runtime.FuncForPC(reflect.ValueOf(r.show).Pointer()).Name()
	return name[strings.LastIndexByte(name, '.')+1:]
}

// TestEverythingThatTheConsoleDoesIsAnAPI: the console holds nothing and reaches nothing. Each of its pages is made of operations of the API,
// each page that changes anything of one that is audited, and of none that needs more than it asks of who opens it, unless that is
// refused or left out there.
func TestEverythingThatTheConsoleDoesIsAnAPI(t *testing.T) {
	console := reflect.TypeFor[Console]()
	if console.NumField() != 2 || console.Field(0).Type != reflect.TypeFor[[]route]() || console.Field(1).Type != reflect.TypeFor[map[string]func() *template.Template]() {
		t.Errorf("the console holds more than its table and its templates: %v", console)
	}
	s := readSource(t)
	s.reachesNothing(t)

	operations := map[string]*api.Route{}
	for _, r := range api.Routes() {
		operations[r.Name] = r
	}
	asked := map[string]map[string]bool{}
	routes := New().pages
	for _, p := range routes {
		at := p.method + " " + p.path
		ops := map[string]bool{}
		s.asks(t, p.shows(), map[string]bool{"allPages": true}, ops) // the table names all of them
		asked[at] = ops
		if len(ops) == 0 {
			t.Errorf("%s is made of nothing", at)
		}
		changes := false
		for op := range ops {
			r := operations[op]
			if r == nil {
				t.Errorf("%s invokes %s, which is no operation of the API", at, op)
				continue
			}
			changes = changes || r.Change != ""
			if r.Change != "" && p.method == http.MethodGet && r.Name != "audio" {
				t.Errorf("%s is read, and %s changes something", at, op)
			}
			if r.Role != auth.Nobody && !p.role.Includes(r.Role) {
				t.Errorf("%s is for %q, and %s for %q", at, p.role, op, r.Role)
			}
		}
		asksOnly := ops["plan"] || ops["planPush"] || ops["try"] || ops["validate"] || ops["verifyAudit"] || ops["login"] || ops["setup"] || ops["runbook"]
		if p.method == http.MethodPost && !changes && !asksOnly {
			t.Errorf("%s changes nothing that is audited: %v", at, slices.Sorted(maps.Keys(ops)))
		}
	}
	testkit.Golden(t, "PAGES.md", pageTable(routes, asked))
}

var scriptAddress = regexp.MustCompile("[\"`](/[a-z]{2}[a-z./-]*)")

// TestScriptsAskTheAPIAlone: every address in a script is that of an operation, or of a page, or begins as one.
func TestScriptsAskTheAPIAlone(t *testing.T) {
	known := []string{}
	for _, r := range api.Routes() {
		known = append(known, r.Path)
	}
	for _, p := range New().pages {
		known = append(known, p.path)
	}
	scripts, err := filepath.Glob("static/*.js")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range scriptAddress.FindAllStringSubmatch(string(text), -1) {
			found++
			if !slices.ContainsFunc(known, func(k string) bool { return k == m[1] || strings.HasSuffix(m[1], "/") && strings.HasPrefix(k, m[1]) }) {
				t.Errorf("%s asks %s, which is neither", path, m[1])
			}
		}
	}
	if found < 4 {
		t.Errorf("only %d addresses were found", found)
	}
}

// reachesNothing checks imports and calls.
func (s *source) reachesNothing(t *testing.T) {
	t.Helper()
	found := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		f, packages := s.files[name], map[string]bool{}
		for _, i := range f.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			packages[path[strings.LastIndex(path, "/")+1:]] = true
			if !slices.Contains(mayImport, path) {
				t.Errorf("%s imports %s", name, path)
			}
			if i.Name != nil && i.Name.Name != "_" {
				t.Errorf("%s imports %s under another name: nothing could be found here then", name, path)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field: // of a function, or a struct
				if star, ok := n.Type.(*ast.StarExpr); ok && selects(star.X, "api", "Call") && (len(n.Names) != 1 || n.Names[0].Name != "call") && name != "pages.go" {
					t.Errorf("%s has a Call that is not named call", name)
				}
			case *ast.GoStmt:
				t.Errorf("%s begins something that goes on beside requests", name)
			case *ast.SelectorExpr:
				if what := reaches(n, packages); what != "" {
					found[name+": "+what] = true
				}
			}
			return true
		})
	}
	for what := range found {
		t.Errorf("%s reaches around the API", what)
	}
}

// pageTable is PAGES.md.
func pageTable(routes []route, asked map[string]map[string]bool) []byte {
	var b bytes.Buffer
	b.WriteString("# Pages, and what they are made of\n\nEverything that the console does is an API: each page is made of operations of [openapi.json](../api/openapi.json),\n" +
		"under the role, the checks and the audit that they have for everybody. This page is read from the code by a test, which fails\nwhen a page does anything else. `go test ./web/console -update` writes it anew.\n\n| page | title | least role | operations |\n|---|---|---|---|\n")
	for _, p := range routes {
		role := string(p.role)
		if p.role == auth.Nobody {
			role = "none"
		}
		at := p.method + " " + p.path
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", at, p.title, role, strings.Join(slices.Sorted(maps.Keys(asked[at])), ", "))
	}
	return b.Bytes()
}
