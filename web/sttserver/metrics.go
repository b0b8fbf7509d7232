package sttserver

import (
	"context"
	"orac/web/peers"

	"github.com/prometheus/client_golang/prometheus"

	"orac/appliance/sttrole"
)

// metrics are the values for Prometheus. Labels are names of routes and outcomes, never what somebody has sent.
type metrics struct {
	streams    prometheus.Gauge
	utterances *prometheus.CounterVec
	sound      prometheus.Histogram
	processing prometheus.Histogram
}

func newMetrics(s *Server) *metrics {
	seconds := []float64{.05, .1, .25, .5, 1, 2, 5, 10, 30}
	m := &metrics{
		streams:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "orac_stt_active_streams", Help: "Open streams of sound."}),
		utterances: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orac_stt_utterances_total", Help: "Utterances by how they came and how they ended."}, []string{"way", "outcome"}),
		sound:      prometheus.NewHistogram(prometheus.HistogramOpts{Name: "orac_stt_audio_duration_seconds", Help: "Length of the sounds.", Buckets: []float64{.5, 1, 2, 3, 5, 8, 15, 30, 60}}),
		processing: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "orac_stt_processing_duration_seconds", Help: "How long the engine took, without the queue.", Buckets: seconds}),
	}
	s.Metrics.Registry.MustRegister(m.streams, m.utterances, m.sound, m.processing, collector{s})
	return m
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
	role, ok := a.s.app.STTServer(a.s.Address)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(a.s.Context, peers.StateTime)
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
