package api

import (
	"fmt"
	"strings"
	"testing"

	"orac/runbook"
	"orac/web/auth"
	"orac/web/schema"
)

// TestSTTServers: what a viewer sees of them, who may listen, and that it is on record.
func TestSTTServers(t *testing.T) {
	rig := newRig(t)
	w := rig.call(auth.Viewer, "GET", "/api/stt-servers", nil)
	list := get[[]STTServerOut](rig, w, 200)
	if len(list) != 1 || !list[0].Running || list[0].Engine.Model != "moonshine_tiny" || fmt.Sprint(list[0].Legacy) != "[old]" {
		t.Fatalf("%+v", list)
	}
	if i := list[0].Instances[0]; i.ID != "barn" || !i.Stale || fmt.Sprint(i.Models) != "[hey jarvis]" || strings.Contains(w.Body.String(), "192.0.2.9") {
		t.Errorf("%+v", i)
	}
	if tr := list[0].Transcripts[0]; tr.Text != "turn on the lights" || tr.Seconds != 2 || !tr.Sound {
		t.Errorf("%+v", tr)
	}
	path := "/api/stt-servers/house/transcripts/" + soundID + "/audio"
	w = rig.call(auth.Operator, "GET", path, nil)
	if w.Code != 200 || !strings.HasPrefix(w.Body.String(), "RIFF") || w.Header().Get("Content-Type") != "audio/wav" {
		t.Errorf("%d %s", w.Code, w.Header())
	}
	if got := rig.records("stt.listen"); len(got) != 2 || got[0].Target != "stt_server.house "+soundID || got[0].Who != "operator" {
		t.Errorf("%+v", got)
	}
	rig.problem("as a viewer", rig.call(auth.Viewer, "GET", path, nil), schema.Forbidden)
	rig.problem("another", rig.call(auth.Operator, "GET", strings.Replace(path, soundID, "none", 1), nil), schema.NotFound)
	rig.problem("of another server", rig.call(auth.Operator, "GET", strings.Replace(path, "house", "barn", 1), nil), schema.NotFound)
	rb := *rig.app.Book
	rb.STTServers = []runbook.STTServer{}
	rig.app.Book = &rb
	if list := get[[]STTServerOut](rig, rig.call(auth.Viewer, "GET", "/api/stt-servers", nil), 200); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}
