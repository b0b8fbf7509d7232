package edge

import (
	"bytes"
	"net/http"
	"testing"
	"time"
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
	if n, err := NewPaced(w).Write(text); n != len(text) || err != nil || !bytes.Equal(w.text.Bytes(), text) {
		t.Errorf("%d, %v", n, err)
	}
	if w.most > piece || w.due == 0 {
		t.Errorf("a piece has %d bytes, and %d deadlines were set", w.most, w.due)
	}
}
