package members

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"orac/appliance/rollout"
	"orac/runbook/language"
	"orac/web/audit"
)

// member is a member over HTTP, whose answers a test writes.
func member(t testing.TB, answer http.HandlerFunc) *HTTP {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return NewHTTP(s.URL, s.Client().Transport, func(by string, fresh bool) (string, error) { return fmt.Sprintf("token of %s %v", by, fresh), nil })
}

func says(w http.ResponseWriter, code int, kind, text string) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text)
}

const jsonType, problemType = "application/json", "application/problem+json"

// TestWhatAMemberIsAsked: each call is the request that the API of a member has, with a token in the name of whoever asks.
func TestWhatAMemberIsAsked(t *testing.T) {
	var got string
	m := member(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = fmt.Sprintf("%s %s %s %s", r.Method, r.URL, r.Header.Get("Authorization"), body)
		switch {
		case r.URL.Path == "/api/status":
			says(w, 200, jsonType, `{"appliance":"kitchen\u001b[31m","version":"1","generation":3,"health":{"status":"degraded","components":[{"name":"disk","status":"degraded","why":"full\nreally"}]},"more":1}`)
		case r.URL.Path == "/api/runbook":
			says(w, 200, jsonType, fmt.Sprintf(`{"source":"x","hash":%q,"applied":true}`, language.TextHash("x")))
		case strings.HasSuffix(r.URL.Path, "plan"):
			says(w, 200, jsonType, `{"hash":"h","changes":true,"components":[{"address":"trigger.a","action":"restart","because":[{"block":"model.a","name":"threshold","old":"0.5","new":"0.6"}]},{"address":"ring","action":"keep"}],"problems":[]}`)
		case r.URL.Path == "/api/audit/chain":
			says(w, 200, jsonType, `{"first":1,"last":2,"head":"x","lines":["a"]}`)
		default:
			says(w, 200, jsonType, `{"ok":true,"generation":4,"saved":true,"hash":"y"}`)
		}
	})
	ctx := audit.By(t.Context(), "anna", "push")
	for want, ask := range map[string]func() error{
		"GET /api/status Bearer token of  false ": func() error {
			s, err := m.Look(t.Context())
			if s.Appliance != "kitchen [31m" || s.Why != "disk: full really" || s.Generation != 3 || s.Clock.IsZero() {
				t.Errorf("%+v", s)
			}
			return err
		},
		"GET /api/runbook Bearer token of anna false ": func() error { _, err := m.Runbook(ctx); return err },
		`POST /api/runbook/plan Bearer token of anna false {"source":"x"}`: func() error {
			p, err := m.Plan(ctx, "x")
			if len(p.Lines) != 1 || p.Lines[0] != "restart trigger.a (model.a.threshold: 0.5 -> 0.6)" || p.Blocked != "" {
				t.Errorf("%+v", p)
			}
			return err
		},
		`POST /api/runbook/apply Bearer token of anna false {"base":"b","plan":"p","source":"x"}`: func() error {
			a, err := m.Apply(ctx, "x", "b", "p")
			if !a.OK || a.Generation != 4 || !a.Saved || a.Hash != "y" {
				t.Errorf("%+v", a)
			}
			return err
		},
		"GET /api/runbook/generations/2/plan Bearer token of anna false ":                                                       func() error { _, err := m.PlanBack(ctx, 2); return err },
		`POST /api/runbook/rollback Bearer token of anna false {"base":"b","generation":2,"plan":"p","running":4,"write":true}`: func() error { _, err := m.Back(ctx, 2, 4, "b", "p"); return err },
		`POST /api/mute Bearer token of anna false {"seconds":60}`:                                                              func() error { return m.Command(ctx, rollout.Command{Do: rollout.Mute, Seconds: 60}) },
		"DELETE /api/mute Bearer token of anna false ":                                                                          func() error { return m.Command(ctx, rollout.Command{Do: rollout.Unmute}) },
		"POST /api/restart Bearer token of anna false {}":                                                                       func() error { return m.Command(ctx, rollout.Command{Do: rollout.Restart}) },
		"GET /api/audit/chain?after=7&limit=2 Bearer token of anna false ":                                                      func() error { _, err := m.Chain(ctx, 7, 2); return err },
	} {
		if err := ask(); err != nil || got != want {
			t.Errorf("%v\n got %s\nwant %s", err, got, want)
		}
	}
}

// TestHostileMembers: whatever a member answers, it is one of the kinds of errors, said in one line, and read only so far.
func TestHostileMembers(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect is followed") }))
	t.Cleanup(elsewhere.Close)
	huge := strings.Repeat("x", maxAnswer)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		kind   rollout.Kind
	}{
		"redirect":       {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, 307) }, rollout.Nonsense},
		"a page":         {func(w http.ResponseWriter, r *http.Request) { says(w, 200, "text/html", "<h1>hello</h1>") }, rollout.Nonsense},
		"half a JSON":    {func(w http.ResponseWriter, r *http.Request) { says(w, 200, jsonType, `{"appliance":"k`) }, rollout.Nonsense},
		"another JSON":   {func(w http.ResponseWriter, r *http.Request) { says(w, 200, jsonType, `[1]`) }, rollout.Nonsense},
		"nothing":        {func(w http.ResponseWriter, r *http.Request) { says(w, 200, jsonType, "") }, rollout.Nonsense},
		"null":           {func(w http.ResponseWriter, r *http.Request) { says(w, 200, jsonType, "null") }, rollout.Nonsense},
		"too much":       {func(w http.ResponseWriter, r *http.Request) { says(w, 200, jsonType, `{"appliance":"`+huge+`"}`) }, rollout.Nonsense},
		"deep":           {func(w http.ResponseWriter, r *http.Request) { says(w, 200, jsonType, strings.Repeat("[", 100_000)) }, rollout.Nonsense},
		"a huge head":    {func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X", huge); says(w, 200, jsonType, "{}") }, rollout.Away},
		"it hangs up":    {func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, rollout.Away},
		"500 of a proxy": {func(w http.ResponseWriter, r *http.Request) { says(w, 502, "text/html", "bad gateway") }, rollout.Away},
		"no such route":  {func(w http.ResponseWriter, r *http.Request) { says(w, 404, "text/plain", "not found") }, rollout.Nonsense},
		"not let in": {func(w http.ResponseWriter, r *http.Request) {
			says(w, 403, problemType, `{"code":"forbidden","title":"No.","detail":"You need the role admin."}`)
		}, rollout.Denied},
		"unknown token": {func(w http.ResponseWriter, r *http.Request) {
			says(w, 401, problemType, `{"code":"unauthenticated","title":"Log in."}`)
		}, rollout.Denied},
		"a refusal": {func(w http.ResponseWriter, r *http.Request) {
			says(w, 409, problemType, `{"code":"conflict","detail":"Another\u202e one.\n`+strings.Repeat("y", 5000)+`"}`)
		}, rollout.Refused},
		"a broken refusal": {func(w http.ResponseWriter, r *http.Request) { says(w, 409, problemType, `{"code":`) }, rollout.Away},
		"a negative number": {func(w http.ResponseWriter, r *http.Request) {
			says(w, 200, jsonType, `{"appliance":"k","generation":-1}`)
		}, rollout.Nonsense},
	} {
		m := member(t, c.answer)
		over := m.Client.Transport.(*http.Transport).Clone()
		over.MaxResponseHeaderBytes = 16 << 10
		m.Client.Transport = over
		_, err := m.Look(t.Context())
		e, ok := errors.AsType[*rollout.Error](err)
		if !ok || e.Kind != c.kind || e.Told == "" || len(e.Told) > 500 || strings.ContainsAny(e.Told, "\n\x1b\u202e") || e.Unknown {
			t.Errorf("%s: %#v", name, err)
		}
	}
}

// TestWhatMayHaveBeenDone: after a change without a legible answer nobody knows; a refusal has done nothing.
func TestWhatMayHaveBeenDone(t *testing.T) {
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		unknown bool
	}{
		"hangs up": {func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, true},
		"nonsense": {func(w http.ResponseWriter, r *http.Request) { says(w, 200, jsonType, "{") }, true},
		"a proxy":  {func(w http.ResponseWriter, r *http.Request) { says(w, 504, "text/html", "") }, true},
		"it broke": {func(w http.ResponseWriter, r *http.Request) {
			says(w, 500, problemType, `{"code":"internal","title":"x"}`)
		}, true},
		"it refuses": {func(w http.ResponseWriter, r *http.Request) {
			says(w, 409, problemType, `{"code":"conflict","title":"x"}`)
		}, false},
		"it is denied": {func(w http.ResponseWriter, r *http.Request) {
			says(w, 403, problemType, `{"code":"forbidden","title":"x"}`)
		}, false},
	} {
		_, err := member(t, c.answer).Apply(t.Context(), "x", "b", "p")
		if e, ok := errors.AsType[*rollout.Error](err); !ok || e.Unknown != c.unknown {
			t.Errorf("%s: %#v", name, err)
		}
	}
	gone := NewHTTP("http://127.0.0.1:1", http.DefaultTransport, func(string, bool) (string, error) { return "", errors.New("no key") })
	if _, err := gone.Look(t.Context()); rollout.KindOf(err) != rollout.Denied {
		t.Error("without a token:", err)
	}
}

// TestATokenThatHasEnded is replaced once.
func TestATokenThatHasEnded(t *testing.T) {
	n := 0
	m := member(t, func(w http.ResponseWriter, r *http.Request) {
		if n++; !strings.HasSuffix(r.Header.Get("Authorization"), "true") {
			says(w, 401, problemType, `{"code":"unauthenticated","title":"x"}`)
			return
		}
		says(w, 200, jsonType, `{"ok":true}`)
	})
	if _, err := m.Apply(t.Context(), "x", "b", "p"); err != nil || n != 2 {
		t.Error(n, err)
	}
}

// TestAMemberThatNeverAnswers: the caller's time is what counts.
func TestAMemberThatNeverAnswers(t *testing.T) {
	stop := make(chan struct{})
	m := member(t, func(http.ResponseWriter, *http.Request) { <-stop })
	t.Cleanup(func() { close(stop) })
	ctx, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	if _, err := m.Look(ctx); rollout.KindOf(err) != rollout.Away {
		t.Error(err)
	}
}

// FuzzAnswer: no answer makes the centre panic or keep more than it may.
func FuzzAnswer(f *testing.F) {
	f.Add(200, jsonType, `{"appliance":"k","generation":1,"health":{"status":"healthy"}}`)
	f.Add(409, problemType, `{"code":"conflict"}`)
	f.Fuzz(func(t *testing.T, code int, kind, text string) {
		r, _ := http.NewRequest(http.MethodPost, "http://k.test/api/runbook/plan", nil)
		answer := &http.Response{StatusCode: code, Header: http.Header{"Content-Type": {kind}}}
		var out json.RawMessage
		if e, ok := errors.AsType[*rollout.Error](read(r, answer, []byte(text), &out)); ok && (len(e.Told) > 500 || strings.Contains(e.Told, "\n")) {
			t.Errorf("%q", e.Told)
		}
	})
}
