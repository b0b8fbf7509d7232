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

// TestReportsAreBounded: each is in memory while it is sent, and who reads slowly leaves room for others.
func TestReportsAreBounded(t *testing.T) {
	rig := newRig(t)
	other := auth.Identity{Kind: auth.User, Name: "slow", Role: auth.Operator}
	mine := auth.Identity{Kind: auth.User, Name: "operator", Role: auth.Operator}
	for _, end := range []string{"report", "report.json"} {
		path := fmt.Sprint("/api/simulations/1/", end)
		if !rig.server.reports.take(other, maxReports, 1) || rig.server.reports.take(other, maxReports, 1) {
			t.Error("one has more than one report, or none")
		}
		if w := rig.call(auth.Operator, "GET", path, nil); w.Code != 200 || rig.server.reports.taken() != 1 {
			t.Errorf("%s beside a slow reader: %d, %d are being sent", path, w.Code, rig.server.reports.taken())
		}
		if !rig.server.reports.take(mine, maxReports, 1) {
			t.Error("there is no second one")
		}
		rig.problem(path, rig.call(auth.Operator, "GET", path, nil), Unavailable)
		if w := rig.call(auth.Admin, "GET", path, nil); w.Code != 200 {
			t.Errorf("%s: an admin gets none: %d", path, w.Code)
		}
		rig.server.reports.leave(other)
		rig.server.reports.leave(mine)
	}
}
