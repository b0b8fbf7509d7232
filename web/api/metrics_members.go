package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"orac/web/members"
)

var (
	memberUp     = prometheus.NewDesc("orac_member_up", "1 if a member of this issuer answers and lets it in.", []string{"member"}, nil)
	memberHealth = prometheus.NewDesc("orac_member_health", "What a member says of itself: 0 unhealthy, 1 degraded, 2 healthy. Missing before it has answered.", []string{"member"}, nil)
	memberGen    = prometheus.NewDesc("orac_member_generation", "The generation that runs at a member.", []string{"member"}, nil)
	memberDrift  = prometheus.NewDesc("orac_member_drift", "1 if the runbook of a member is not what it should be: its file is not what runs, or not what was pushed.", []string{"member", "kind"}, nil)
	memberClock  = prometheus.NewDesc("orac_member_clock_ahead_seconds", "How far the clock of a member is ahead.", []string{"member"}, nil)
	memberAudit  = prometheus.NewDesc("orac_member_audit_records", "Number of the newest record that was copied from a member's audit log.", []string{"member"}, nil)
	memberBroken = prometheus.NewDesc("orac_member_audit_broken", "1 if the audit log of a member contradicts its copy.", []string{"member"}, nil)
	pushRunning  = prometheus.NewDesc("orac_push_running", "1 while a push to members is carried out.", nil, nil)

	memberDescs = []*prometheus.Desc{memberUp, memberHealth, memberGen, memberDrift, memberClock, memberAudit, memberBroken, pushRunning}
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
