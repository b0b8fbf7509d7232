package api

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/health"
	"orac/appliance/record"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
	"orac/web/auth"
	"orac/web/schema"
)

// canary stands in every path, command line and URL of this runbook where only admins may read it.
const canary = "canary-7f3a"

const canaryRunbook = `appliance "test" {
  state_dir = "/srv/canary-7f3a/state"
  log_file  = "/srv/canary-7f3a/log dir/orac.log"
}

device "wav" "demo" {
  path = "/srv/canary-7f3a/a folder/speech.wav"
}

model "hey_jarvis" {
  source = "/srv/canary-7f3a/models/hey_jarvis.onnx"
}

stt "local" {
  protocol = "exec"
  command  = ["/opt/canary-7f3a/whisper", "--token", env("TOKEN"), "/srv/canary-7f3a/in dir/x", "{wav}"]
}

stt "remote" {
  url = "https://stt.example:7272/canary-7f3a/key"
}

heartbeat "core" {
  url   = "https://core.example/canary-7f3a/beat?key=canary-7f3a"
}

listener "kitchen" {
  device  = device.wav.demo
  models  = [model.hey_jarvis]
  deliver = [stt.local, stt.remote]
}

web {
  listen  = "127.0.0.1:7171"
  metrics = "open"
}
`

// TestWhatOnlyAdminsSee plants a canary in paths, commands, URLs, causes and evidence, and searches every answer that who is no
// admin can have for it.
func TestWhatOnlyAdminsSee(t *testing.T) {
	words := "exec /opt/canary-7f3a/whisper --token canary-7f3a-env /srv/canary-7f3a/in dir/x: open /srv/canary-7f3a/a folder/speech.wav: no such file; Post \"https://stt.example:7272/canary-7f3a/key?x=canary-7f3a\": refused"
	rig := newRigWith(t, func(rb *runbook.Runbook) {
		made, problems := runbook.Parse([]byte(canaryRunbook), "/srv/canary-7f3a/orac.hcl", language.Options{
			Env:    func(name string) (string, bool) { return "canary-7f3a-env", name == "TOKEN" },
			Secret: func(string) (string, error) { return "canary-7f3a-secret", nil },
		})
		if made == nil {
			t.Fatal(problems)
		}
		made.Users, made.ServiceAccounts, made.Web.Hosts = rb.Users, rb.ServiceAccounts, rb.Web.Hosts
		*rb = *made
	})
	dir := filepath.Join(rig.dir, canary) // the daemon's own names
	rig.must(os.Mkdir(dir, 0o700))
	rig.must(os.WriteFile(filepath.Join(dir, "orac.hcl"), []byte(canaryRunbook), 0o600))
	rig.app.File = filepath.Join(dir, "orac.hcl")
	rig.app.Health = health.Report{Level: health.Degraded, Components: []health.Component{healthPart("delivery.local", health.Degraded, words)}}
	rig.app.Nodes = []status.Node{{Address: "delivery.local", Kind: "delivery", State: "waiting", Error: words}}
	rig.app.More = status.Incident{ID: "i2", Component: "delivery.local", Cause: words, Actions: []string{words}, Evidence: words}
	rig.app.DiskErr = words
	rig.must(rig.app.Store.SaveUtterance(record.Utterance{ID: soundID, Started: time.Now()}))
	rig.must(rig.app.Store.SaveDelivery(record.Delivery{UtteranceID: soundID, STT: "local", Outcome: record.Failed, At: time.Now(), Error: words}, nil))
	page := "<!doctype html><style>p{color:red}</style><p title=\"open " + html.EscapeString(words) + "\">" + html.EscapeString(words) + "</p><code>/srv/canary-7f3a/(built in)</code>"
	document, err := json.Marshal(map[string]any{"scenarios": []any{map[string]any{"verdict": "kept", "file": "/srv/canary-7f3a/(built in)", "seen": words}}})
	rig.must(err)
	rig.must(os.WriteFile(filepath.Join(rig.dir, "simulations", "1.html"), []byte(page), 0o600))
	rig.must(os.WriteFile(filepath.Join(rig.dir, "simulations", "1.json"), document, 0o600))
	answers := 0
	for _, r := range rig.server.routes {
		if r.Method != http.MethodGet || r.Name == "events" || r.Name == "socket" {
			continue // streams: below
		}
		for _, role := range []auth.Role{auth.Nobody, auth.Viewer, auth.Operator} {
			path := pathOf(t, r, rig)
			if r.Name == "health component" || strings.HasPrefix(path, "/health/none") {
				path = "/health/delivery.local"
			}
			w := rig.call(role, r.Method, path, nil)
			if w.Code < 400 {
				answers++
			}
			if at := strings.Index(w.Body.String(), canary); at >= 0 {
				t.Errorf("%s as %q: …%s", path, role, w.Body.String()[max(0, at-60):min(w.Body.Len(), at+60)])
			}
		}
	}
	if answers < 40 {
		t.Errorf("only %d answers were searched", answers)
	}
	if text := rig.call(auth.Viewer, http.MethodGet, "/api/status", nil).Body.String(); !strings.Contains(text, "whisper") || !strings.Contains(text, "speech.wav") || !strings.Contains(text, "https://stt.example:7272") {
		t.Errorf("nobody can tell what is wrong: %s", text)
	}
	if text := rig.call(auth.Admin, http.MethodGet, "/api/simulations/1/report", nil).Body.String(); text != page {
		t.Errorf("an admin does not see the report as it is: %s", text)
	}
	if text := rig.call(auth.Operator, http.MethodGet, "/api/simulations/1/report", nil).Body.String(); !strings.HasPrefix(text, page[:45]) || !strings.HasSuffix(text, "<code>(built in)</code>") {
		t.Errorf("the report is another one: %s", text)
	}
	if text := rig.call(auth.Admin, http.MethodGet, "/api/runbook", nil).Body.String(); !strings.Contains(text, canary) {
		t.Errorf("an admin does not see the runbook: %s", text)
	}
	stream := rig.server.o.Events.Open(nil, 0)
	defer stream.Close()
	rig.server.o.Events.Publish(
		event.Event{Node: "source.demo", Body: event.DeviceOpened{Device: "device.wav.demo", Identity: "/srv/canary-7f3a/a folder/speech.wav"}},
		event.Event{Node: "source.demo", Body: event.DeviceLost{Device: "device.wav.demo", Cause: words, Evidence: words}},
	)
	for _, f := range (<-stream.C).Frames {
		if text := string(f.JSON); strings.Contains(text, canary) || !strings.Contains(text, "speech.wav") {
			t.Errorf("an event tells %s", text)
		}
	}
}

// TestErrorsAreVeiled: what a change is refused for may quote the runbook's file, which is for admins. Who is none learns that it was
// refused; the log and the audit log say why.
func TestErrorsAreVeiled(t *testing.T) {
	dearly(t)
	rig := declaring(t)
	for name, fail := range map[string]error{
		"a refusal":     &status.Refusal{Code: status.Invalid, Message: "orac.hcl has problems", Detail: "orac.hcl:3: command = [\"/opt/canary-7f3a/x\", \"canary-7f3a\"]"},
		"a wrapped one": fmt.Errorf("apply: %w", &status.Refusal{Code: status.OutOfStep, Message: "it cannot be applied: canary-7f3a"}),
		"a problem":     schema.Fail(schema.Unavailable, "open /srv/canary-7f3a/secrets/x: refused"),
	} {
		rig.app.Apply = func(status.ApplyRequest) (status.Applied, error) { return status.Applied{}, fail }
		body := map[string]string{"current_password": password, "password": password + "!"}
		w := rig.call(auth.Viewer, http.MethodPut, "/api/users/viewer/password", body)
		if w.Code < 400 || strings.Contains(w.Body.String(), canary) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if records := rig.records("user.password"); len(records) == 0 || !strings.Contains(records[0].Why, canary) {
			t.Errorf("%s: the audit log does not say why: %+v", name, records)
		}
	}
}
