package edge

import (
	"net"
	"strings"
	"testing"
)

// TestHeldWritesAreOne: what is held comes in one piece and in order; what is not, at once.
func TestHeldWritesAreOne(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	c := &Corked{Conn: near}
	go func() {
		_, _ = c.Write([]byte("one"))
		c.Hold()
		_, _ = c.Write([]byte("two "))
		_, _ = c.Write([]byte(strings.Repeat("x", 2*maxHeld)))
		if err := c.Release(); err != nil || cap(c.held) > maxHeld {
			t.Errorf("%v, %d are kept", err, cap(c.held))
		}
		if err := c.Release(); err != nil {
			t.Error(err)
		}
		_, _ = c.Write([]byte("three"))
	}()
	buf := make([]byte, 3*maxHeld)
	for _, want := range []string{"one", "two " + strings.Repeat("x", 2*maxHeld), "three"} {
		n, err := far.Read(buf)
		if err != nil || string(buf[:n]) != want {
			t.Fatalf("%.20q, %v; want %.20q", buf[:n], err, want)
		}
	}
}
