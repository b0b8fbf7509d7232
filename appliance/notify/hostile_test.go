package notify

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"orac/appliance/rt"
	"orac/appliance/stt/stttest"
	"orac/appliance/stt/wire"
	"orac/runbook"
	"orac/runbook/hook"
	"orac/runbook/language"
)

// wantFailed checks that a call has failed in time, with an error that is short, one line of plain text, and holds no secret.
func wantFailed(t *testing.T, began time.Time, err error) {
	t.Helper()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	if _, ok := errors.AsType[*Error](err); !ok {
		t.Fatalf("%v is no *Error", err)
	}
	text := err.Error()
	if len(text) > 1000 || strings.Contains(text, "hush") || strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
	}) {
		t.Errorf("unfit to be shown (%d bytes): %.300q", len(text), text)
	}
}

// never are answers that are no yes to anything.
var never = map[string]stttest.Act{
	"switching protocols": stttest.Holds("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"),
	"103 for ever":        stttest.Floods("", "HTTP/1.1 103 X\r\n\r\n"),
	"header for ever":     stttest.Floods("HTTP/1.1 200 OK\r\n", "X: y\r\n"),
	"header and escape":   stttest.Says("HTTP/1.1 200 OK\r\n\x1b[31m hush-head\r\n\r\n"),
	"redirect":            stttest.Says("HTTP/1.1 307 X\r\nLocation: http://elsewhere.example/hush-key\r\nContent-Length: 0\r\n\r\n"),
	"404 for ever":        stttest.Floods("HTTP/1.1 404 X\r\n\r\n", "no such path: /services/hush-key?token=hush-token "),
	"404 and a path":      stttest.Says("HTTP/1.1 404 X\r\n\r\nCannot POST /services/hush-key?token=hush-token \x1b[31m with hush-head"),
	"silence":             stttest.Holds(""),
	"a byte now and then": stttest.Drips("HTTP/1.1 200 OK\r\nX: ", "y"),
}

// TestAHostileHook: a webhook that answers anything holds nobody up, and what it says is fit to be shown.
func TestAHostileHook(t *testing.T) {
	for name, bad := range never {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			err := fire(t, WebhookConfig{URL: stttest.Hostile(t, bad).URL() + "/services/hush-key?token=hush-token", Timeout: patience,
				Headers: map[string]wire.Secret{"Authorization": secret("hush-head")}}, &hook.Wake{})
			wantFailed(t, began, err)
		})
	}
	for name, yes := range map[string]stttest.Act{
		"a body for ever":        stttest.Floods("HTTP/1.1 200 OK\r\n\r\n", "x"),
		"a body that never ends": stttest.Holds("HTTP/1.1 204 X\r\nContent-Length: 1000\r\n\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := fire(t, WebhookConfig{URL: stttest.Hostile(t, yes).URL(), Timeout: Timeout}, &hook.Wake{}); err != nil {
				t.Errorf("a yes is taken for a no: %v", err)
			}
		})
	}
}

// TestAReceiverThatRepeatsTheBody: a secret in it is not shown, however it is written.
func TestAReceiverThatRepeatsTheBody(t *testing.T) {
	for name, answer := range map[string]string{
		"as it is":     "HTTP/1.1 400 X\r\n\r\nbad token hush-body",
		"as base64":    "HTTP/1.1 500 X\r\n\r\nbad token aHVzaC1ib2R5",
		"as a status":  "HTTP/1.1 hush-body\r\n\r\n",
		"as a version": "aHVzaC1ib2R5\r\n\r\n",
		"as a header":  "HTTP/1.1 200 OK\r\nhush-body aHVzaC1ib2R5\r\n\r\n",
		"as a place":   "HTTP/1.1 302 X\r\nLocation: http://hush-body.example/aHVzaC1ib2R5\r\nContent-Length: 0\r\n\r\n",
	} {
		err := send(t, WebhookConfig{URL: stttest.Hostile(t, stttest.Says(answer)).URL(), Timeout: patience, Hush: true},
			Message{ID: "id", Method: "POST", URL: stttest.Hostile(t, stttest.Says(answer)).URL(), Body: []byte("hush-body")})
		if err == nil || strings.Contains(err.Error(), "hush-body") || strings.Contains(err.Error(), "aHVzaC1ib2R5") {
			t.Errorf("%s: %v", name, err)
		}
	}
	w, _ := runbook.Parse([]byte("appliance \"a\" {}\nlocals { k = secret(\"k\") }\n"+`
		webhook "fixed" {
		  url  = "http://a.local"
		  body = "x ${local.k}"
		}
		webhook "made" {
		  url    = "http://a.local"
		  events = ["wake"]
		  body   = jsonencode({ model = event.model, key = local.k })
		}
		webhook "open" {
		  url    = "http://a.local"
		  events = ["wake"]
		  body   = event.model
		}`), "x.hcl", language.Options{Secret: func(string) (string, error) { return "hush", nil }})
	for i, want := range []bool{true, true, false} {
		if got := w.Webhooks[i].Body.HasSecret(); got != want {
			t.Errorf("%s: %v", w.Webhooks[i].Name, got)
		}
	}
}

// TestAHostileHeart: as for a webhook; what a heartbeat is answered is judged, too.
func TestAHostileHeart(t *testing.T) {
	acts := map[string]stttest.Act{"body for ever": stttest.Floods("HTTP/1.1 200 OK\r\n\r\n", "x")}
	for name, body := range map[string]string{
		"deep JSON":          strings.Repeat("[", 60000),
		"many topics":        `{"status":"ok","topics_processed":1e999}`,
		"negative topics":    `{"status":"ok","topics_processed":-1}`,
		"many digits":        `{"status":"ok","topics_processed":` + strings.Repeat("9", 60000) + `}`,
		"status and escapes": `{"status":"\u001b[31mhush-head\u202e"}`,
		"error and escapes":  `{"status":"error","message":"\u001b[31mhush-head\u202e\u0000"}`,
		"no status":          `{}`,
		"null":               `null`,
	} {
		acts[name] = stttest.Says(stttest.Body(body))
	}
	for name, bad := range never {
		if !strings.HasPrefix(name, "404") && name != "redirect" { // they say what is no secret of a heartbeat
			acts[name] = bad
		}
	}
	for name, bad := range acts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, err := NewHeartbeat(HeartbeatConfig{URL: stttest.Hostile(t, bad).URL(), Token: secret("hush-head"), Timeout: patience})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			n, err := do(t, func(task *rt.Task) (int, error) { return h.Beat(task, beat) })
			if n != 0 {
				t.Errorf("%d topics beside the error", n)
			}
			wantFailed(t, began, err)
			if retry := fmt.Sprint(err.(*Error).Retry()); retry == "give up" {
				t.Error("a heartbeat is given up")
			}
		})
	}
}
