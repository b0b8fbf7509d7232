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
	if body := r.get(auth.Operator, "/").Body.String(); !strings.Contains(body, "Mute for an hour") || strings.Contains(body, "Unmute") {
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
