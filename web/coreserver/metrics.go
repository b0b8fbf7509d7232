package coreserver

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"orac/appliance/act"
	"orac/web/acts"
	"orac/web/peers"
)

// metrics are the values for Prometheus. Labels are names of routes, tiers and outcomes, never what somebody has sent.
type metrics struct {
	texts *prometheus.CounterVec
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		texts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orac_core_texts_total", Help: "Texts by how they were understood and what came of them."}, []string{"tier", "outcome"}),
	}
	s.Metrics.Registry.MustRegister(m.texts, acts.Collector{State: s.state})
	return m
}

func (m *metrics) text(a act.Answer, err error) {
	outcome := string(a.Result())
	if err != nil {
		outcome = string(problemOf(err).Code)
	}
	m.texts.WithLabelValues(string(a.Reading.Tier), outcome).Inc()
}

// state is the state of what acts; false while the runbook in force has no such server.
func (s *Server) state() (st act.CoreState, ok bool) {
	core, ok := s.app.CoreServer(s.Address)
	if !ok {
		return st, false
	}
	ctx, cancel := context.WithTimeout(s.Context, peers.StateTime)
	defer cancel()
	st, err := core.State(ctx)
	return st, err == nil
}
