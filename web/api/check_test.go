package api

import (
	"math"
	"strings"
	"testing"

	"orac/web/auth"
	"orac/web/gate"
	"orac/web/schema"
)

// TestAPageIsCheckedAsARequestIs: what a form carries meets the same schema, and what a request may leave out a form may, too.
func TestAPageIsCheckedAsARequestIs(t *testing.T) {
	r := newRig(t)
	yes := true
	for _, c := range []struct {
		route string
		in    any
		good  bool
	}{
		{"createKey", KeyInput{"nightly", "viewer", 30}, true},
		{"createKey", KeyInput{"nightly", "root", 30}, false},
		{"createKey", KeyInput{"a\nb", "viewer", 30}, false},
		{"createKey", KeyInput{"", "viewer", 30}, false},
		{"createKey", KeyInput{"nightly", "viewer", math.NaN()}, false},
		{"createKey", KeyInput{"nightly", "viewer", 5000}, false},
		{"judge", JudgeInput{ID: "20261124T224451.120-1", FalseWake: &yes}, true},
		{"judge", JudgeInput{ID: "../orac", FalseWake: &yes}, false},
		{"judge", JudgeInput{ID: "i1"}, false},
		{"detections", PageInput{}, true},
		{"detections", PageInput{Limit: 5000}, false},
		{"logoutUser", UserInput{Name: "anna"}, true},
		{"logoutUser", UserInput{Name: "anna", Kind: "root"}, false},
		{"validate", SourceInput{"appliance \"x\" {}\n"}, true},
		{"validate", SourceInput{strings.Repeat("x", 262145)}, false},
		{"audit", AuditInput{Who: strings.Repeat("x", 200)}, false},
	} {
		if err := r.server.byName[c.route].Check(c.in); (err == nil) != c.good {
			t.Errorf("%s %.80v: %v", c.route, c.in, err)
		}
	}
	page := &Call{Server: r.server, Call: r.server.gate.Call(gate.Call{R: r.request(auth.Nobody, "GET", "/", nil), Who: auth.Identity{Kind: auth.User, Name: "admin", Role: auth.Admin}})}
	if _, err := OpCreateKey.Call(page, KeyInput{"nightly", "root", 30}); schema.ProblemOf(err).Code != schema.InvalidInput || len(r.records("key.create")) != 0 {
		t.Errorf("a page makes what a request may not: %v", err)
	}
}
