package console

import (
	"strings"
	"testing"

	"orac/web/auth"
)

// TestThePageOfVoiceServices: who is connected, and what was answered last; the menu leads to it while there is one.
func TestThePageOfVoiceServices(t *testing.T) {
	r := newRig(t, Options{})
	body := r.get(auth.Viewer, "/voice-services").Body.String()
	for _, want := range []string{
		":10300, announced on the network", "without a login and unencrypted", "2 of 32", "(1 of them sends sound)", "<q>javascript:x&#34;", "failed: javascript:x&#34;",
		`<a href="/voice-services" aria-current="page">Voice</a>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("there is no %q:\n%s", want, body)
		}
	}
	rb := *r.app.Book
	rb.Wyomings = nil
	r.app.Book = &rb
	body = r.get(auth.Viewer, "/voice-services").Body.String()
	if strings.Contains(body, `href="/voice-services"`) || !strings.Contains(body, "serves no voice") {
		t.Errorf("without a service:\n%s", body)
	}
}
