package api

import (
	"testing"

	"orac/web/auth"
)

// TestSatellites: what the runbook declares, with what the satellites say of themselves.
func TestSatellites(t *testing.T) {
	rig := newRig(t)
	list := get[[]SatelliteOut](rig, rig.call(auth.Viewer, "GET", "/api/satellites", nil), 200)
	if len(list) != 1 {
		t.Fatalf("%+v", list)
	}
	s := list[0]
	if s.Name != "home" || s.Device != "orac-test" || s.Listen != ":6053" || !s.Exposed || !s.Advertised || s.Encryption != "key" || !s.Running || !s.Home || s.Phase != "speaking" ||
		s.Connections != 2 || s.Limit != 8 || s.LastWake != "hey jarvis" || s.LastText != "is the door locked" || s.LastAnswer != "The door is locked." {
		t.Errorf("%+v", s)
	}
	rb := *rig.app.Book
	rb.ESPHomes = nil
	rig.app.Book = &rb
	if list := get[[]SatelliteOut](rig, rig.call(auth.Viewer, "GET", "/api/satellites", nil), 200); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}
