package console

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"orac/runbook"
	"orac/web/auth"
)

// TestACodeForAnAppliance is shown once, with the command that uses it, and can be ended. Only admins make one.
func TestACodeForAnAppliance(t *testing.T) {
	o := issues("https://core.local:7171", "https://kitchen.local:7171")
	r := newRig(t, Options{Runbook: func(rb *runbook.Runbook) {
		o.Runbook(rb)
		rb.Web.TLS.SelfSigned = true
	}})
	if w := r.post(auth.Operator, "/members/code", url.Values{"name": {"hall"}}); w.Code != http.StatusForbidden {
		t.Errorf("an operator: %d", w.Code)
	}
	w := r.post(auth.Admin, "/members/code", url.Values{"name": {"hall"}, "url": {"https://hall.local:7171"}})
	command := regexp.MustCompile(`orac join https://core\.local:7171 [0-9A-Z]{4}(-[0-9A-Z]{4}){3}`).FindString(w.Body.String())
	if w.Code != http.StatusOK || command == "" {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	code := command[strings.LastIndexByte(command, ' ')+1:]
	again := r.get(auth.Admin, "/members/code").Body.String()
	if strings.Contains(again, code) || !strings.Contains(again, "hall") {
		t.Errorf("afterwards: %s", again)
	}
	if w := r.post(auth.Admin, "/members/code", url.Values{"name": {"no name"}}); w.Code < 400 || !strings.Contains(w.Body.String(), "name") {
		t.Errorf("a bad name: %d", w.Code)
	}
	if w := r.post(auth.Admin, "/members/code/hall/end", url.Values{}); w.Code != http.StatusSeeOther {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
	if w := r.post(auth.Admin, "/members/code/hall/end", url.Values{}); w.Code != http.StatusNotFound {
		t.Errorf("ended twice: %d", w.Code)
	}
}
