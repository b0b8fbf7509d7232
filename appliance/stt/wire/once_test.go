package wire

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// TestWhatWasReadMayHaveBeenSent: once the last byte of a body is on its way, the peer may have all of the request. It may reset the
// connection before the trace of the request says so. A body that is read anew, for another connection, is not sent yet.
func TestWhatWasReadMayHaveBeenSent(t *testing.T) {
	var g gate
	var sent atomic.Bool
	req, err := http.NewRequest(http.MethodPost, "http://127.0.0.1/", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	g.hold(t.Context(), req, []byte("abc"), &sent)
	close(g.open)
	part := make([]byte, 2)
	if n, err := req.Body.Read(part); n != 2 || err != nil || sent.Load() {
		t.Errorf("%d bytes, %v: sent %v", n, err, sent.Load())
	}
	if _, err := io.ReadAll(req.Body); err != nil || !sent.Load() {
		t.Errorf("all of it was read (%v), and it counts as not sent", err)
	}
	if _, err := req.GetBody(); err != nil || sent.Load() {
		t.Errorf("it is read anew (%v), and counts as sent", err)
	}
}
