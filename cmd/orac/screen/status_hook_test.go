package screen

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/status"
)

// TestStatusShowsWebhooks: what waits, what was set aside, and that a receiver is gone.
func TestStatusShowsWebhooks(t *testing.T) {
	for _, c := range []struct {
		hook status.Hook
		want string
	}{
		{status.Hook{Name: "house"}, "house: nothing waits"},
		{status.Hook{Name: "house", Waiting: 2, Aside: 1, Dropped: 3, Error: "no space left"},
			"house: 2 events waiting, 1 set aside (orac spool events), 3 lost: no space left"},
		{status.Hook{Name: "house", Waiting: 1, Gone: true}, "house: 1 event waiting, its receiver says that it is gone"},
	} {
		lines := NewStatus(New(io.Discard)).Lines(status.Status{Hooks: []status.Hook{c.hook}}, time.Unix(0, 0))
		if text := strings.Join(lines, "\n"); !strings.Contains(text, c.want) || !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "webhook") }) {
			t.Errorf("want %q in\n%s", c.want, text)
		}
	}
}
