package console

import (
	"strings"
	"testing"

	"orac/web/auth"
)

// TestThePageOfSTTServers: in the menu while there is one; sounds for those who may hear them.
func TestThePageOfSTTServers(t *testing.T) {
	r := newRig(t, Options{})
	const play = `data-play href="/api/stt-servers/house/transcripts/t1/audio"`
	for role, plays := range map[auth.Role]int{auth.Viewer: 0, auth.Operator: 1, auth.Admin: 1} {
		body := r.get(role, "/stt-servers").Body.String()
		for _, want := range []string{"port 7272, not encrypted", "Open without a login to <strong>old</strong>", "2 of 8 waiting", `<a href="/stt-servers" aria-current="page">STT server</a>`, "no login"} {
			if !strings.Contains(body, want) {
				t.Errorf("as %s there is no %q:\n%s", role, want, body)
			}
		}
		if got := strings.Count(body, play); got != plays {
			t.Errorf("as %s there are %d sounds", role, got)
		}
	}
	rb := *r.app.Book
	rb.STTServers = nil
	r.app.Book = &rb
	body := r.get(auth.Viewer, "/stt-servers").Body.String()
	if strings.Contains(body, `href="/stt-servers"`) || !strings.Contains(body, "does not understand speech for others") {
		t.Errorf("without a server:\n%s", body)
	}
}
