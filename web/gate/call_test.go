package gate

import (
	"errors"
	"log/slog"
	"net/http/httptest"
	"testing"

	"orac/web/audit"
	"orac/web/auth"
)

// TestARefusalCountsOnce, whether it comes before a change or while it is under way; another failure is no refusal.
func TestARefusalCountsOnce(t *testing.T) {
	counted := 0
	log := audit.In(t.TempDir())
	g := &Gate{Audit: log, Log: slog.New(slog.DiscardHandler), Refused: NewDenials(t.Context(), log, slog.New(slog.DiscardHandler)), Denied: func() { counted++ }}
	c := g.Call(Call{R: httptest.NewRequest("POST", "/", nil)})
	for name, x := range map[string]struct {
		do   func()
		want int
	}{
		"before":     {func() { c.Denied("x.y", "the role is too low") }, 1},
		"a token":    {func() { c.Refuse(&auth.Denied{Reason: "token: expired"}) }, 1},
		"under way":  {func() { _ = c.Audited("x.y", func() error { return &auth.Denied{Reason: "the role was taken away"} }) }, 1},
		"a failure":  {func() { _ = c.Audited("x.y", func() error { return errors.New("the disk is full") }) }, 0},
		"no failure": {func() { _ = c.Audited("x.y", func() error { return nil }) }, 0},
	} {
		was := counted
		if x.do(); counted-was != x.want {
			t.Errorf("%s: it counts %d times", name, counted-was)
		}
	}
}
