package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"orac/web/auth"
)

// TestWhatWasDoneIsTold: on the page that a form leads to, in sentences of our own, about those who are there. A link puts no words
// into a page, and tells of nothing that is not so.
func TestWhatWasDoneIsTold(t *testing.T) {
	r := newRig(t, Options{})
	told := func(path string) string {
		page := r.get(auth.Admin, path).Body.String()
		_, after, ok := strings.Cut(page, `<p class="done" role="status">`)
		if !ok {
			return ""
		}
		text, _, _ := strings.Cut(after, "</p>")
		return text
	}
	for path, want := range map[string]string{
		"/people?done=added&name=viewer": "viewer can log in now, as viewer.", "/people?done=role&name=operator": "operator now has the role operator, and has to log in again.",
		"/people?done=removed&name=carla": "carla is removed and can no longer log in.", "/people?done=declared&name=viewer": "viewer is in the runbook&#39;s file now.",
		"/people?done=logout&name=viewer": "viewer is logged out everywhere.", "/people?done=password&name=viewer": "viewer has a new password, and has to log in again.",
		"/people?done=removed&name=viewer": "", "/people?done=added&name=carla": "", "/people?done=revoked&name=carla": "", "/people?done=your+password+is+x": "", "/people": "",
		"/people?done=removed&name=" + url.QueryEscape("everybody, call 0800"): "",
		"/spool?done=retry": "ORAC tries to deliver the recording again.", "/spool?done=drop": "The recording is deleted.", "/spool?done=" + url.QueryEscape(evil): "",
	} {
		if got := told(path); got != want {
			t.Errorf("%s tells %q, not %q", path, got, want)
		}
	}
	for done, want := range map[string]string{"logout": "You are logged out.", "password": "Your password is changed.", "nonsense": ""} {
		page := r.get(auth.Nobody, "/login?done="+done).Body.String()
		if want == "" && strings.Contains(page, `class="done"`) || !strings.Contains(page, want) {
			t.Errorf("the login page after %s: %s", done, page)
		}
	}
	// The forms lead there.
	if w := r.post(auth.Admin, "/people/viewer/logout", url.Values{"kind": {"user"}}); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/people?done=logout&name=viewer" {
		t.Errorf("%d %s", w.Code, w.Header().Get("Location"))
	}
	w := r.post(auth.Admin, "/keys", url.Values{"name": {"nightly"}, "role": {"viewer"}, "days": {"3"}})
	_, rest, _ := strings.Cut(w.Body.String(), `action="/keys/`)
	id, _, _ := strings.Cut(rest, "/")
	if w := r.post(auth.Admin, "/keys/"+id+"/revoke", nil); w.Code != http.StatusSeeOther || told(w.Header().Get("Location")) != "The key nightly no longer works." {
		t.Errorf("%d %s", w.Code, w.Header().Get("Location"))
	}
	if w := r.post(auth.Admin, "/logout-everywhere", nil); w.Header().Get("Location") != "/login?done=everywhere" {
		t.Errorf("%s", w.Header().Get("Location"))
	}
}
