package api

import (
	"encoding/json"
	"slices"
	"testing"

	"orac/appliance/status"
	"orac/web/auth"
	"orac/web/schema"
)

// TestRecordingsThatWereSetAside are seen by viewers, tried again by operators, and deleted by admins alone.
func TestRecordingsThatWereSetAside(t *testing.T) {
	rig := newRig(t)
	var list []status.Utterance
	if w := rig.call(auth.Viewer, "GET", "/api/spool", nil); w.Code != 200 || json.Unmarshal(w.Body.Bytes(), &list) != nil || len(list) != 1 || list[0].State != "refused" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	rig.problem("a viewer retries", rig.call(auth.Viewer, "POST", "/api/spool/u1/retry", nil), schema.Forbidden)
	rig.problem("an operator deletes", rig.call(auth.Operator, "DELETE", "/api/spool/u1", nil), schema.Forbidden)
	rig.problem("there is none", rig.call(auth.Operator, "POST", "/api/spool/u2/retry", nil), schema.NotFound)
	if w := rig.call(auth.Operator, "POST", "/api/spool/u1/retry", nil); w.Code != 204 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := rig.call(auth.Admin, "DELETE", "/api/spool/u1", nil); w.Code != 204 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	want := []status.SpoolRequest{{Do: status.SpoolRetry, ID: "u1"}, {Do: status.SpoolDrop, ID: "u1"}}
	if !slices.Equal(rig.app.Spooled, want) {
		t.Errorf("done: %v, want %v", rig.app.Spooled, want)
	}
}
