package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/record"
	"orac/appliance/status"
	"orac/web/audit"
	"orac/web/auth"
	"orac/web/fake"
)

// evilText is what somebody would be called who wants to be taken for something else: HTML, a script, an order to a terminal, a
// line of another log, event, metric or header, a template, a formula of a spreadsheet.
const evilText = "=1+1\"'`><svg onload=x></script>]]>javascript:{{7*7}}${x}\x1b[2J\x00\u009b\u202e\u2028\r\nevent: end\ndata: {}\n# HELP orac_x\norac_x 1\nX-Evil: 1\r\n\r\n<evil>"

// evilRig is a rig whose every stored name is evil, as far as anybody can store it.
func evilRig(t *testing.T) *rig {
	r := newRig(t)
	const e = evilText
	at := time.Now().Add(-time.Minute)
	r.must(r.app.Store.AddDetection(record.Detection{ID: soundID, At: at, Device: e, Listener: e, Model: e, Class: e, WakeWord: e, Score: 0.6, Threshold: 0.5}))
	r.must(r.app.Store.SaveUtterance(record.Utterance{ID: soundID, DetectionID: soundID, Listener: e, Started: at, Ended: at, Seconds: 1, Why: e}))
	r.must(r.app.Store.SaveDelivery(record.Delivery{UtteranceID: soundID, STT: e, Outcome: record.Delivered, Way: e, At: at, Error: e}, &record.Transcript{UtteranceID: soundID, STT: e, Text: e, Language: e}))
	r.must(r.app.Store.AddMute(record.Mute{At: at, Listener: e, Muted: true, By: e}))
	evil := fake.Evil{Word: e}.Acting().(*fake.Deeds)
	for i := range evil.Past {
		evil.Past[i].ID = soundID
	}
	r.must(evil.Keep(r.app.Store))
	_, _, err := r.guard.DB.CreateKey("for a test", auth.Viewer, time.Hour)
	r.must(err)
	r.must(r.audit.Append(audit.Record{Who: e, Role: e, Way: e, From: e, Request: e, Action: e, Target: e, Outcome: audit.Done, Why: e, Before: e, After: map[string]any{e: e}}))
	for name, text := range map[string]map[string]any{
		"1.run": {"number": 1, "scenario": e, "seeds": 3, "who": e, "state": "ended", "verdict": e, "report": true, "output": e},
	} {
		b, err := json.Marshal(text)
		r.must(err)
		r.must(os.WriteFile(filepath.Join(r.dir, "simulations", name), b, 0o600))
	}
	r.app.Base += "# " + e
	r.app.Problems = []string{e}
	r.app.Refuses = &status.Refusal{Code: status.Stuck, Message: e, Detail: e, Hint: e}
	r.server.o.App = AppOf(fake.Evil{Appliance: r.app, Word: e})
	return r
}

// metric is a line of the exposition format of Prometheus.
var metric = regexp.MustCompile(`^(# (HELP|TYPE) [a-z_]+ .*|[a-z_]+(\{[a-z_]+="(\\.|[^"\\])*"(,[a-z_]+="(\\.|[^"\\])*")*\})? [0-9.eE+NaInf-]+)$`)

// TestEveryAnswerEscapesWhatIsStored reads every route as an admin while every stored name is evil: each answer stays what its type
// says, in one piece, and no header is anybody's but ours.
func TestEveryAnswerEscapesWhatIsStored(t *testing.T) {
	r := evilRig(t)
	shown := 0
	check := func(what string, code int, h http.Header, body string) {
		t.Helper()
		if code >= 500 && !strings.Contains(what, "/health") {
			t.Errorf("%s: %d: %.200s", what, code, body)
		}
		for name, values := range h {
			for _, v := range values {
				if strings.ContainsAny(v, "\r\n\x00\x1b") || strings.Contains(name, "Evil") {
					t.Errorf("%s: header %s: %q", what, name, v)
				}
			}
		}
		kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
		switch kind {
		case "application/json", "application/problem+json", "application/x-ndjson":
			for line := range strings.Lines(body) {
				if kind == "application/x-ndjson" && !json.Valid([]byte(line)) {
					t.Errorf("%s: %.200q is no JSON", what, line)
				}
			}
			if kind != "application/x-ndjson" && !json.Valid([]byte(body)) {
				t.Errorf("%s is no JSON: %.300q", what, body)
			}
			if strings.ContainsAny(body, "\x00\x1b\u2028") || h.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s: raw text, or it may be taken for something else (%v)", what, h)
			}
		case "text/plain":
			for line := range strings.Lines(body) {
				if strings.HasSuffix(what, "/metrics") && !metric.MatchString(strings.TrimSuffix(line, "\n")) {
					t.Errorf("%s: %q is no metric", what, line)
				}
			}
		case "text/html":
			if strings.Contains(body, "<svg onload") || strings.Contains(body, "<evil") {
				t.Errorf("%s is taken for HTML", what)
			}
		}
		shown += strings.Count(body, "=1+1")
	}
	for _, route := range Routes() {
		if route.Method != http.MethodGet || strings.Contains(route.Path, "events") || route.Name == "socket" {
			continue
		}
		w := r.call(auth.Admin, "GET", pathOf(t, route, r), nil)
		check("GET "+route.Path, w.Code, w.Header(), w.Body.String())
	}
	for path, body := range map[string]any{
		"/api/auth/login":         map[string]any{"username": evilText, "password": evilText},
		"/api/runbook/plan":       SourceInput{testRunbook},
		"/api/runbook/check":      SourceInput{"model \"" + evilText + "\" {}"},
		"/api/users":              map[string]any{"name": evilText, "role": evilText, "password": evilText},
		"/api/keys":               map[string]any{"name": evilText, "role": evilText},
		"/api/simulations":        map[string]any{"scenario": evilText, "seeds": 1},
		"/api/generations/2/plan": map[string]any{},
		"/api/runbook/edit":       map[string]any{evilText: evilText},
	} {
		w := r.call(auth.Admin, "POST", path, body)
		check("POST "+path, w.Code, w.Header(), w.Body.String())
	}
	req := r.request(auth.Admin, "GET", "/api/status", nil)
	req.Header["X-Request-Id"] = []string{evilText}
	req.Header["User-Agent"] = []string{evilText}
	w := r.do(req)
	check("a request's own name", w.Code, w.Header(), w.Body.String())
	for line := range bytes.Lines(r.log.Bytes()) {
		if !json.Valid(line) || bytes.ContainsAny(line, "\x1b\x00") {
			t.Errorf("a line of the log is broken: %.200q", line)
		}
	}
	if shown < 60 {
		t.Errorf("the texts are shown only %d times: the test looks at too little", shown)
	}
}

// TestEventsEscapeWhatIsSaid: an event stays one frame, whatever its texts hold, by both streams.
func TestEventsEscapeWhatIsSaid(t *testing.T) {
	const e = evilText
	h := NewHub()
	s := h.Open(nil, 0)
	defer s.Close()
	h.Publish(
		event.Event{Node: e, Body: event.Delivered{Utterance: e, STT: e, Way: e, Text: e, Language: e, Cause: e, Outcome: e}},
		event.Event{Node: e, Body: event.DeviceOpened{Device: e, Identity: e}},
		event.Event{Node: e, Body: event.WebhookFailed{Webhook: e, Event: e, Type: e, Cause: e}},
	)
	b := <-s.C
	text := string(b.sse())
	if n := strings.Count(text, "\ndata: "); n != 3 || strings.Count(text, "\n\n") != 3 || strings.Contains(text, "\nevent: end") || strings.ContainsAny(text, "\r\x00\x1b\u2028") {
		t.Errorf("%d frames: %q", n, text)
	}
	for _, f := range b.Frames {
		if !json.Valid(f.JSON) || bytes.ContainsAny(f.JSON, "\r\n\x00\x1b<\u2028") {
			t.Errorf("a frame: %q", f.JSON)
		}
	}
}
