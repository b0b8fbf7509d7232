package library

import (
	"strings"
	"testing"
	"time"
)

func TestQuietLog(t *testing.T) {
	var b strings.Builder
	q := NewQuietLog(&b)
	for range 1000 {
		q.Line("the same again\n")
	}
	if n := strings.Count(b.String(), "\n"); n != quietLines {
		t.Errorf("%d lines came through", n)
	}
	q.since = q.since.Add(-2 * time.Second)
	q.Line("and now this")
	if !strings.HasSuffix(b.String(), "audio library: (980 lines left out)\naudio library: and now this\n") {
		t.Errorf("later it says %q", b.String()[b.Len()-60:])
	}
}
