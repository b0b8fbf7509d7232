package sttserver

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"orac/runbook/testkit"
)

// TestTheReadmeHasEveryRoute: the table of README.md is made from the routes as they are served.
func TestTheReadmeHasEveryRoute(t *testing.T) {
	page, err := os.ReadFile("README.md")
	testkit.Must(t, err)
	const head = "| route | who | on record as | limits | |\n|---|---|---|---|---|\n"
	before, table, ok := strings.Cut(string(page), head)
	at := strings.Index(table, "\n\n")
	if strings.HasPrefix(table, "\n") {
		at = -1
	}
	if !ok {
		t.Fatal("README.md has no table of routes")
	}
	var b strings.Builder
	for _, r := range Routes() {
		method := r.Method
		if strings.Contains(r.Path, "/ws/") {
			method = "WS"
		}
		who := r.Right.String()
		if r.Right.Legacy {
			who += "; legacy peers"
		}
		fmt.Fprintf(&b, "| `%s %s` | %s | %s | %s | %s |\n", method, r.Path, who, r.Change, r.Limits, r.Doc)
	}
	testkit.Golden(t, "README.md", before+head+b.String()+table[at+1:])
}

// TestEveryRouteOfTheServerIsInTheTable: what is served is what the table says, and nothing else.
func TestEveryRouteOfTheServerIsInTheTable(t *testing.T) {
	r := newRig(t)
	if got, want := len(r.server.Patterns()), len(Routes()); got != want {
		t.Errorf("%d routes are served, %d are in the table", got, want)
	}
}
