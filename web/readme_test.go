package web

import (
	"os"
	"strings"
	"testing"

	"orac/web/api"
)

// TestTheReadmeHasEveryRoute: method, path, role and name as they are served.
func TestTheReadmeHasEveryRoute(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range api.Routes() {
		role := string(r.Role)
		if role == "" {
			role = "none"
		}
		want := "| `" + r.Method + " " + r.Path + "` | " + role + " | " + r.Name + " | " + r.Change + " |"
		if !strings.Contains(string(page), want) {
			t.Errorf("README.md lacks %s", want)
		}
	}
}
