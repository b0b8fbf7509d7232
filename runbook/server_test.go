package runbook

import "testing"

// TestOverlap: a port is one server's where both listen, and every address leaves none of them to another.
func TestOverlap(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"127.0.0.1:8000", "127.0.0.1:8000", true},
		{":8000", "127.0.0.1:8000", true},
		{"192.0.2.3:8000", "0.0.0.0:8000", true},
		{"[::]:8000", "[::1]:8000", true},
		{"127.0.0.1:8000", "192.0.2.3:8000", false},
		{":8000", ":8001", false},
		{"", ":8000", false},
	} {
		if got := overlap(c.a, c.b); got != c.want {
			t.Errorf("%q, %q: %v", c.a, c.b, got)
		}
		if got := overlap(c.b, c.a); got != c.want {
			t.Errorf("%q, %q: %v", c.b, c.a, got)
		}
	}
}
