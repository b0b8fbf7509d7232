package peers

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the values for Prometheus that all servers have; each type adds its own. Labels are names of routes and outcomes, never
// what somebody has sent.
type Metrics struct {
	Registry *prometheus.Registry

	handler  http.Handler
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	denied   prometheus.Counter
	beats    *prometheus.CounterVec
}

// Seconds are the buckets of durations.
func Seconds() []float64 { return []float64{.005, .01, .05, .1, .25, .5, 1, 2, 5, 10, 30} }

func newMetrics(prefix string) *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + "_requests_total", Help: "Requests by route and status."}, []string{"route", "status"}),
		took:     prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: prefix + "_request_duration_seconds", Help: "How long requests took.", Buckets: Seconds()}, []string{"route"}),
		denied:   prometheus.NewCounter(prometheus.CounterOpts{Name: prefix + "_denied_total", Help: "Refused tokens and keys, and requests without the right to what they ask."}),
		beats:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + "_heartbeats_total", Help: "Heartbeats by outcome."}, []string{"outcome"}),
	}
	m.Registry.MustRegister(m.requests, m.took, m.denied, m.beats)
	m.handler = promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2, Timeout: 5 * time.Second})
	return m
}

func (m *Metrics) request(_ *http.Request, pattern string, status int, took time.Duration) {
	if pattern == "" {
		pattern = "none"
	}
	m.requests.WithLabelValues(pattern, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(pattern).Observe(took.Seconds())
}

// Beat counts a heartbeat.
func (c *Call) Beat(err error) {
	outcome := "ok"
	if err != nil {
		outcome = string(c.server.Problem(c, err).Code)
	}
	c.server.Metrics.beats.WithLabelValues(outcome).Inc()
}

// Metrics serves the values.
func (c *Call) Metrics() error {
	c.server.Metrics.handler.ServeHTTP(c.Streaming(), c.R)
	return nil
}
