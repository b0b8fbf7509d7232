package console

import (
	"slices"
	"strings"
	"testing"

	"orac/appliance/status"
	"orac/web/auth"
)

// TestThePageOfWhatWasSetAside shows to each role what it may do, and does it.
func TestThePageOfWhatWasSetAside(t *testing.T) {
	r := newRig(t, simulated(t, "/bin/true"))
	for role, want := range map[auth.Role][2]bool{auth.Viewer: {false, false}, auth.Operator: {true, false}, auth.Admin: {true, true}} {
		body := r.get(role, "/spool").Body.String()
		if retry, drop := strings.Contains(body, "/spool/u1/retry"), strings.Contains(body, "/spool/u1/drop"); retry != want[0] || drop != want[1] || strings.Contains(body, "/spool/u2/drop") != want[1] {
			t.Errorf("%s: retry %v, drop %v", role, retry, drop)
		}
	}
	if w := r.post(auth.Viewer, "/spool/u1/retry", nil); w.Code != 403 {
		t.Errorf("a viewer retries: %d", w.Code)
	}
	if w := r.post(auth.Operator, "/spool/u1/retry", nil); w.Code != 303 || w.Header().Get("Location") != "/spool?done=retry" {
		t.Errorf("an operator retries: %d %s", w.Code, w.Body)
	}
	if w := r.post(auth.Admin, "/spool/u2/drop", nil); w.Code != 303 {
		t.Errorf("an admin deletes: %d %s", w.Code, w.Body)
	}
	if want := []status.SpoolRequest{{Do: status.SpoolRetry, ID: "u1"}, {Do: status.SpoolDrop, ID: "u2"}}; !slices.Equal(r.app.Spooled, want) {
		t.Errorf("done: %v", r.app.Spooled)
	}
}
