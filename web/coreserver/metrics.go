package coreserver

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"orac/appliance/act"
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
	s.Metrics.Registry.MustRegister(m.texts, collector{s})
	return m
}

func (m *metrics) text(a act.Answer, err error) {
	outcome := "verified"
	switch {
	case err != nil:
		outcome = string(problemOf(err).Code)
	case !a.Understood:
		outcome = "not understood"
	case !a.Executed:
		outcome = "failed"
	case !a.Verified:
		outcome = "unproven"
	}
	m.texts.WithLabelValues(string(a.Reading.Tier), outcome).Inc()
}

// collector reads values from the appliance when Prometheus asks.
type collector struct{ s *Server }

var (
	waitingDesc   = prometheus.NewDesc("orac_core_waiting", "Texts that wait.", nil, nil)
	connectedDesc = prometheus.NewDesc("orac_core_backend_connected", "Whether a backend is connected.", []string{"backend"}, nil)
	entitiesDesc  = prometheus.NewDesc("orac_core_backend_entities", "Entities that sentences may name.", []string{"backend"}, nil)
	callsDesc     = prometheus.NewDesc("orac_core_calls_total", "Calls by backend and verdict.", []string{"backend", "verdict"}, nil)
	rejectedDesc  = prometheus.NewDesc("orac_core_language_model_rejected_total", "Answers of a language model that named something which does not exist.", []string{"model"}, nil)
)

// Describe implements prometheus.Collector.
func (a collector) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{waitingDesc, connectedDesc, entitiesDesc, callsDesc, rejectedDesc} {
		c <- d
	}
}

// Collect implements prometheus.Collector.
func (a collector) Collect(c chan<- prometheus.Metric) {
	core, ok := a.s.app.CoreServer(a.s.Address)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(a.s.Context, peers.StateTime)
	defer cancel()
	st, err := core.State(ctx)
	if err != nil {
		return
	}
	gauge := func(d *prometheus.Desc, v int, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	count := func(d *prometheus.Desc, v int, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge(waitingDesc, st.Waiting)
	for _, b := range st.Backends { // names of blocks
		connected := 0
		if b.Connected {
			connected = 1
		}
		gauge(connectedDesc, connected, b.Name)
		gauge(entitiesDesc, b.Enabled, b.Name)
		count(callsDesc, b.Calls.Verified, b.Name, "verified")
		count(callsDesc, b.Calls.Unproven, b.Name, "unproven")
		count(callsDesc, b.Calls.Failed, b.Name, "failed")
		count(callsDesc, b.Calls.Unknown, b.Name, "unknown")
	}
	for _, m := range st.Models {
		count(rejectedDesc, m.Rejected, m.Name)
	}
}
