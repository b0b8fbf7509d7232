package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"orac/web/members"
)

// members are the values of an issuer's members. Their names are those of the runbook.
func (a collector) members(gauge func(*prometheus.Desc, float64, ...string)) {
	flag := map[bool]float64{true: 1}
	list := a.s.o.Members.List()
	for _, m := range list {
		gauge(memberUp, flag[m.Presence == members.Here], m.Name)
		gauge(memberAudit, float64(m.Audit.Last), m.Name)
		gauge(memberBroken, flag[m.Audit.Problem != ""], m.Name)
		if m.LastSeen.IsZero() {
			continue
		}
		gauge(memberHealth, levels[m.Seen.Health], m.Name)
		gauge(memberGen, float64(m.Seen.Generation), m.Name)
		gauge(memberClock, m.Skew, m.Name)
		if m.Drift.Known {
			gauge(memberDrift, flag[m.Drift.File], m.Name, "file")
			gauge(memberDrift, flag[m.Drift.Pushed], m.Name, "pushed")
		}
	}
	if len(list) > 0 {
		gauge(pushRunning, flag[a.s.o.Members.Active()])
	}
}
