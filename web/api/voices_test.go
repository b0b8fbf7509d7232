package api

import (
	"testing"

	"orac/web/auth"
)

// TestVoiceServices: what the runbook declares, with what the services say of themselves.
func TestVoiceServices(t *testing.T) {
	rig := newRig(t)
	list := get[[]VoiceServiceOut](rig, rig.call(auth.Viewer, "GET", "/api/voice-services", nil), 200)
	if len(list) != 1 {
		t.Fatalf("%+v", list)
	}
	s := list[0]
	if s.Name != "ears" || s.Serves != "stt" || !s.Running || !s.Exposed || !s.Advertised || s.Engine != "local" || s.Connections != 2 || s.Streams != 1 || s.Limit != 32 {
		t.Errorf("%+v", s)
	}
	if len(s.Answers) != 2 || s.Answers[0].Text != "turn off the fan" || s.Answers[1].Error == "" {
		t.Errorf("%+v", s.Answers)
	}
	rb := *rig.app.Book
	rb.Wyomings = nil
	rig.app.Book = &rb
	if list := get[[]VoiceServiceOut](rig, rig.call(auth.Viewer, "GET", "/api/voice-services", nil), 200); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}
