package members

import (
	"cmp"
	"context"

	"orac/appliance/health"
	"orac/appliance/rollout"
	"orac/web/audit"
)

// Remote is a member that can be asked for more than a roll-out needs. Who had the centre ask is noted in the context by audit.By.
type Remote interface {
	rollout.Remote
	// Chain returns the records of its audit log after a number, at most limit.
	Chain(ctx context.Context, after uint64, limit int) (audit.Chain, error)
}

// worst says which component of a member is worst, and why.
func worst(r health.Report) string {
	rank := map[health.Level]int{health.Healthy: 0, health.Degraded: 1}
	of := func(l health.Level) int {
		if n, ok := rank[l]; ok {
			return n
		}
		return 2
	}
	var found health.Component
	for _, c := range r.Components {
		if of(c.Level) > of(cmp.Or(found.Level, health.Healthy)) && c.Behind == "" {
			found = c
		}
	}
	if found.Name == "" {
		return ""
	}
	return rollout.Line(found.Name, 64) + ": " + rollout.Line(found.Why, 300)
}
