package coreserver

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"orac/appliance/act"
)

// metrics are the values for Prometheus. Labels are names of routes, tiers and outcomes, never what somebody has sent.
type metrics struct {
	handler  http.Handler
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	denied   prometheus.Counter
	texts    *prometheus.CounterVec
	beats    *prometheus.CounterVec
}

func newMetrics(s *Server) *metrics {
	r := prometheus.NewRegistry()
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orac_core_requests_total", Help: "Requests by route and status."}, []string{"route", "status"}),
		took:     prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "orac_core_request_duration_seconds", Help: "How long requests took.", Buckets: []float64{.005, .01, .05, .1, .25, .5, 1, 2, 5, 10, 30}}, []string{"route"}),
		denied:   prometheus.NewCounter(prometheus.CounterOpts{Name: "orac_core_denied_total", Help: "Refused tokens and keys, and requests without the right to what they ask."}),
		texts:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orac_core_texts_total", Help: "Texts by how they were understood and what came of them."}, []string{"tier", "outcome"}),
		beats:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orac_core_heartbeats_total", Help: "Heartbeats by outcome."}, []string{"outcome"}),
	}
	r.MustRegister(m.requests, m.took, m.denied, m.texts, m.beats, collector{s})
	m.handler = promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: 2, Timeout: 5 * time.Second})
	return m
}

func (m *metrics) request(_ *http.Request, pattern string, status int, took time.Duration) {
	if pattern == "" {
		pattern = "none"
	}
	m.requests.WithLabelValues(pattern, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(pattern).Observe(took.Seconds())
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

func (m *metrics) beat(err error) {
	outcome := "ok"
	if err != nil {
		outcome = string(problemOf(err).Code)
	}
	m.beats.WithLabelValues(outcome).Inc()
}

// metrics serves the values.
func (c *call) metrics() error {
	c.server.metrics.handler.ServeHTTP(c.Streaming(), c.R)
	return nil
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
	core, ok := a.s.o.App.CoreServer(a.s.block)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(a.s.ctx, a.s.times.state)
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
