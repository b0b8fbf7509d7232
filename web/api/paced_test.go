package api

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"
	"time"

	"orac/web/auth"
)

// pieces takes what is written, and when each piece must have been read.
type pieces struct {
	http.ResponseWriter
	text bytes.Buffer
	most int
	due  int
}

func (p *pieces) Write(b []byte) (int, error) {
	p.most = max(p.most, len(b))
	return p.text.Write(b)
}

func (p *pieces) SetWriteDeadline(time.Time) error { p.due++; return nil }

func TestLongAnswersAreSentInPieces(t *testing.T) {
	w, text := &pieces{}, bytes.Repeat([]byte("orac"), 100_000)
	if n, err := newPaced(w).Write(text); n != len(text) || err != nil || !bytes.Equal(w.text.Bytes(), text) {
		t.Errorf("%d, %v", n, err)
	}
	if w.most > piece || w.due == 0 {
		t.Errorf("a piece has %d bytes, and %d deadlines were set", w.most, w.due)
	}
}

// TestReportsAreBounded: each is in memory while it is sent.
func TestReportsAreBounded(t *testing.T) {
	rig := newRig(t)
	for _, end := range []string{"report", "report.json"} {
		path := fmt.Sprint("/api/simulations/1/", end)
		rig.server.reports.Store(maxReports)
		rig.problem(path, rig.call(auth.Operator, "GET", path, nil), Unavailable)
		rig.server.reports.Store(0)
		if w := rig.call(auth.Operator, "GET", path, nil); w.Code != 200 || rig.server.reports.Load() != 0 {
			t.Errorf("%s: %d, %d are being sent", path, w.Code, rig.server.reports.Load())
		}
	}
}
