package control

import "testing"

// TestWhoIsBelieved: a client asks its own user's appliance and root's; root asks everybody's.
func TestWhoIsBelieved(t *testing.T) {
	for _, c := range []struct {
		user, own uint32
		want      bool
	}{{1000, 1000, true}, {0, 1000, true}, {1001, 1000, false}, {1000, 0, true}, {0, 0, true}} {
		if mayAnswer(c.user, c.own) != c.want {
			t.Errorf("user %d asks what answers as %d: %v", c.own, c.user, !c.want)
		}
	}
}
