package web

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"

	"orac/runbook/testkit"
	"orac/web/api"
)

// TestTheReadmeHasEveryRoute: the table of README.md is made from the routes as they are served.
func TestTheReadmeHasEveryRoute(t *testing.T) {
	page, err := os.ReadFile("README.md")
	testkit.Must(t, err)
	const head = "| route | least role | name | audit | limits | |\n|---|---|---|---|---|---|\n"
	before, table, ok := strings.Cut(string(page), head)
	_, after, ends := strings.Cut(table, "\n\n")
	if !ok || !ends {
		t.Fatal("README.md has no table of routes")
	}
	var b strings.Builder
	for _, r := range api.Routes() {
		fmt.Fprintf(&b, "| `%s %s` | %s | %s | %s | %s | %s |\n", r.Method, r.Path, cmp.Or(string(r.Role), "none"), r.Name, r.Change, limits(r), strings.ReplaceAll(r.Doc, "|", "\\|"))
	}
	for _, r := range api.OAuthRoutes() {
		fmt.Fprintf(&b, "| `%s %s` | none | %s |  |  | %s |\n", r.Method, r.Path, r.Standard, r.Doc)
	}
	testkit.Golden(t, "README.md", before+head+b.String()+"\n"+after)
}

// limits says what holds for a route beside what holds for all.
func limits(r *api.Route) string {
	var list []string
	for _, l := range []struct {
		holds bool
		words string
	}{{r.Change != "", "changes"}, {r.Costly, "turns"}, {r.Shared, "shared"}, {r.Long, "no deadline"}} {
		if l.holds {
			list = append(list, l.words)
		}
	}
	return strings.Join(list, ", ")
}
