package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"orac/appliance/status"
	"orac/web/api"
	"orac/web/auth"
	"orac/web/fake"
)

// quiet is an appliance whose state is its own.
type quiet struct{ fake.Evil }

func (q quiet) Status() status.Status { return q.Appliance.Status() }

// TestTheMuteButton: who may, mutes; everybody sees who has done it, on every page.
func TestTheMuteButton(t *testing.T) {
	r := newRigOf(t, Options{}, func(e fake.Evil) api.Whole { return quiet{e} })
	if body := r.get(auth.Viewer, "/").Body.String(); strings.Contains(body, `action="/mute"`) {
		t.Error("a viewer may mute")
	}
	if body := r.get(auth.Operator, "/").Body.String(); !strings.Contains(body, `<option value="3600">for an hour</option>`) || strings.Contains(body, "Unmute") {
		t.Errorf("an operator may not mute:\n%s", body)
	}
	if w := r.post(auth.Operator, "/mute", url.Values{"seconds": {"3600"}}); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, page := range []string{"/", "/graph", "/parts/health", "/parts/mute"} {
		if body := r.get(auth.Viewer, page).Body.String(); !strings.Contains(body, "muted until ") || !strings.Contains(body, "by operator") {
			t.Errorf("%s does not say that it is muted, and by whom:\n%s", page, body)
		}
	}
	if w := r.post(auth.Operator, "/mute", url.Values{"seconds": {"soon"}}); w.Code < 400 {
		t.Errorf("%d", w.Code)
	}
	if w := r.post(auth.Viewer, "/unmute", nil); w.Code != http.StatusForbidden {
		t.Errorf("a viewer may unmute: %d", w.Code)
	}
	if w := r.post(auth.Operator, "/unmute", url.Values{"listener": {""}}); w.Code != http.StatusSeeOther {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if body := r.get(auth.Viewer, "/").Body.String(); strings.Contains(body, "muted until ") {
		t.Error("it is still muted")
	}
}

// TestOneListenerIsMuted, for a time that somebody chose, and its own state says so; the others listen.
func TestOneListenerIsMuted(t *testing.T) {
	r := newRigOf(t, Options{}, func(e fake.Evil) api.Whole { return quiet{e} })
	if w := r.post(auth.Operator, "/mute", url.Values{"seconds": {"600"}, "listener": {"kitchen"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	body := r.get(auth.Operator, "/").Body.String()
	if n := strings.Count(body, `class="level degraded deaf"`); n != 1 {
		t.Errorf("%d listeners say that they are muted:\n%s", n, body)
	}
	if !strings.Contains(body, "kitchen does not listen.") || !strings.Contains(body, `aria-label="Unmute kitchen"`) {
		t.Errorf("who does not listen?\n%s", body)
	}
	if w := r.post(auth.Operator, "/mute", url.Values{"seconds": {"999999"}}); w.Code < 400 {
		t.Errorf("longer than a week: %d", w.Code)
	}
}

// TestTheRestartButton is for admins, and says what comes.
func TestTheRestartButton(t *testing.T) {
	r := newRig(t, Options{})
	if body := r.get(auth.Operator, "/system").Body.String(); strings.Contains(body, `action="/restart"`) {
		t.Error("an operator is shown it")
	}
	if body := r.get(auth.Admin, "/system").Body.String(); !strings.Contains(body, `action="/restart"`) {
		t.Errorf("an admin is not shown it:\n%s", body)
	}
	if w := r.post(auth.Operator, "/restart", nil); w.Code != http.StatusForbidden {
		t.Errorf("an operator restarts it: %d", w.Code)
	}
	w := r.post(auth.Admin, "/restart", nil)
	if w.Code != http.StatusSeeOther || !strings.Contains(r.get(auth.Admin, w.Header().Get("Location")).Body.String(), "ORAC restarts") {
		t.Errorf("%d %s", w.Code, w.Header())
	}
}
