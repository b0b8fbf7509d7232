package sttserver

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"orac/appliance/sttrole"
)

// metrics are the values for Prometheus. Labels are names of routes and outcomes, never what somebody has sent.
type metrics struct {
	handler    http.Handler
	requests   *prometheus.CounterVec
	took       *prometheus.HistogramVec
	denied     prometheus.Counter
	streams    prometheus.Gauge
	utterances *prometheus.CounterVec
	sound      prometheus.Histogram
	processing prometheus.Histogram
	beats      *prometheus.CounterVec
}

func newMetrics(s *Server) *metrics {
	r := prometheus.NewRegistry()
	seconds := []float64{.05, .1, .25, .5, 1, 2, 5, 10, 30}
	m := &metrics{
		requests:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orac_stt_requests_total", Help: "Requests by route and status."}, []string{"route", "status"}),
		took:       prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "orac_stt_request_duration_seconds", Help: "How long requests took.", Buckets: seconds}, []string{"route"}),
		denied:     prometheus.NewCounter(prometheus.CounterOpts{Name: "orac_stt_denied_total", Help: "Refused tokens and keys, and requests without the right to what they ask."}),
		streams:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "orac_stt_active_streams", Help: "Open streams of sound."}),
		utterances: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orac_stt_utterances_total", Help: "Utterances by how they came and how they ended."}, []string{"way", "outcome"}),
		sound:      prometheus.NewHistogram(prometheus.HistogramOpts{Name: "orac_stt_audio_duration_seconds", Help: "Length of the sounds.", Buckets: []float64{.5, 1, 2, 3, 5, 8, 15, 30, 60}}),
		processing: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "orac_stt_processing_duration_seconds", Help: "How long the engine took, without the queue.", Buckets: seconds}),
		beats:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orac_stt_heartbeats_total", Help: "Heartbeats by outcome."}, []string{"outcome"}),
	}
	r.MustRegister(m.requests, m.took, m.denied, m.streams, m.utterances, m.sound, m.processing, m.beats, collector{s})
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

func (m *metrics) utterance(h sttrole.Hearing, heard sttrole.Heard, err error) {
	way, outcome := "request", "text"
	if h.Streamed {
		way = "stream"
	}
	switch {
	case err != nil:
		outcome = string(problemOf(err).Code)
	case heard.Text == "":
		outcome = "nothing"
	}
	m.utterances.WithLabelValues(way, outcome).Inc()
	m.sound.Observe(length(len(h.PCM)).Seconds())
	if err == nil {
		m.processing.Observe(heard.Processing.Seconds())
	}
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
	queueDesc     = prometheus.NewDesc("orac_stt_queue", "Utterances that wait for the engine.", nil, nil)
	limitDesc     = prometheus.NewDesc("orac_stt_queue_limit", "How many may wait.", nil, nil)
	engineDesc    = prometheus.NewDesc("orac_stt_engine", "1 for the state that the engine is in.", []string{"state"}, nil)
	instancesDesc = prometheus.NewDesc("orac_stt_instances", "Appliances that send heartbeats.", nil, nil)
	coreDesc      = prometheus.NewDesc("orac_stt_forward_waiting", "Texts that wait for a Core.", []string{"core"}, nil)
)

// Describe implements prometheus.Collector.
func (a collector) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{queueDesc, limitDesc, engineDesc, instancesDesc, coreDesc} {
		c <- d
	}
}

// Collect implements prometheus.Collector.
func (a collector) Collect(c chan<- prometheus.Metric) {
	role, ok := a.s.o.App.STTServer(a.s.block)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(a.s.ctx, stateTime)
	defer cancel()
	st, err := role.State(ctx)
	if err != nil {
		return
	}
	gauge := func(d *prometheus.Desc, v int, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	gauge(queueDesc, st.Queue.Waiting)
	gauge(limitDesc, st.Queue.Limit)
	gauge(engineDesc, 1, st.Engine.State)
	gauge(instancesDesc, len(st.Instances))
	for _, f := range st.Forwards {
		gauge(coreDesc, f.Waiting, f.Core)
	}
}
