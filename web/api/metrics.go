package api

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"orac/appliance/act"
	"orac/appliance/health"
	"orac/appliance/status"
	"orac/web/acts"
	"orac/web/auth"
	"orac/web/schema"
)

// metrics are the values for Prometheus. Labels are names of routes, never addresses that somebody has
// typed.
type metrics struct {
	handler  http.Handler
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	denied   prometheus.Counter
	issuing  *issuing
}

func newMetrics(s *Server) *metrics {
	r := prometheus.NewRegistry()
	m := &metrics{
		registry: r,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orac_http_requests_total", Help: "Requests by route and status."}, []string{"route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "orac_http_request_seconds", Help: "How long requests took.", Buckets: []float64{.001, .0025, .005, .01, .02, .05, .1, .25, 1, 10},
		}, []string{"route"}),
		issuing: newIssuing(),
		denied:  prometheus.NewCounter(prometheus.CounterOpts{Name: "orac_http_denied_total", Help: "Refused logins, tokens, keys and sessions, and requests without the right to what they ask."}),
	}
	r.MustRegister(m.requests, m.took, m.denied, m.issuing, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collector{s}, acts.Collector{State: s.actingState})
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

func serveMetrics(c *Call, _ schema.None) (schema.None, error) {
	c.Server.metrics.handler.ServeHTTP(c.Streaming(), c.R)
	return schema.None{}, nil
}

// open tells whether a route answers without a login despite its role.
func (s *Server) open(r *Route) bool {
	return r.Role == auth.Nobody || r.Name == "metrics" && s.set.Load().rb.Web.Metrics == "open"
}

// actingState is the state of what acts; false while nothing does.
func (s *Server) actingState() (st act.CoreState, ok bool) {
	core := s.o.App.Acting.Acting()
	if core == nil {
		return st, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), stateTime)
	defer cancel()
	st, err := core.State(ctx)
	return st, err == nil
}

// collector reads values from the appliance when Prometheus asks.
type collector struct{ s *Server }

var (
	healthDesc   = prometheus.NewDesc("orac_component_health", "0 unhealthy, 1 degraded, 2 healthy.", []string{"component"}, nil)
	overallDesc  = prometheus.NewDesc("orac_health", "0 unhealthy, 1 degraded, 2 healthy.", nil, nil)
	restartsDesc = prometheus.NewDesc("orac_node_restarts", "Restarts in the last hour.", []string{"node"}, nil)
	takenDesc    = prometheus.NewDesc("orac_node_taken_total", "Values processed since the start.", []string{"node"}, nil)
	droppedDesc  = prometheus.NewDesc("orac_node_dropped_total", "Values dropped because the queue was full.", []string{"node"}, nil)
	waitingDesc  = prometheus.NewDesc("orac_spool_utterances", "Utterances waiting for delivery.", nil, nil)
	asideDesc    = prometheus.NewDesc("orac_spool_refused", "Utterances set aside because a service refused them.", nil, nil)
	spoolDesc    = prometheus.NewDesc("orac_spool_bytes", "Sound waiting for delivery.", []string{"where"}, nil)
	hookDesc     = prometheus.NewDesc("orac_webhook_events", "Events waiting for a webhook.", []string{"webhook"}, nil)
	hookAside    = prometheus.NewDesc("orac_webhook_aside", "Events set aside because a webhook refused them.", []string{"webhook"}, nil)
	tokenDesc    = prometheus.NewDesc("orac_login_token_seconds", "How long the token for an audience lives; 0 if there is none.", []string{"login", "audience"}, nil)
	loginDesc    = prometheus.NewDesc("orac_login_questions_total", "Questions to the issuer of a login since the start: token, away or refused.", []string{"login", "outcome"}, nil)
	residentDesc = prometheus.NewDesc("orac_memory_resident_bytes", "Resident memory of the appliance and its children.", nil, nil)
	engineDesc   = prometheus.NewDesc("orac_engine_resident_bytes", "Resident memory of an engine's process, which is not part of the appliance's.", []string{"engine"}, nil)
	engineReady  = prometheus.NewDesc("orac_engine_loaded", "1 if the engine's model is loaded.", []string{"engine"}, nil)
	genDesc      = prometheus.NewDesc("orac_generation", "The running generation.", nil, nil)
	mutedDesc    = prometheus.NewDesc("orac_muted", "1 if the listener does not listen, because somebody has muted it.", []string{"listener"}, nil)
	streamsDesc  = prometheus.NewDesc("orac_event_streams", "Open event streams.", nil, nil)
)

// Describe implements prometheus.Collector.
func (a collector) Describe(c chan<- *prometheus.Desc) {
	for _, d := range append([]*prometheus.Desc{healthDesc, overallDesc, restartsDesc, takenDesc, droppedDesc, waitingDesc, asideDesc, spoolDesc, hookDesc, hookAside, engineDesc, engineReady, tokenDesc, loginDesc, residentDesc, genDesc, mutedDesc, streamsDesc}, slices.Concat(memberDescs, stateDescs, slices.Collect(maps.Values(countDescs)))...) {
		c <- d
	}
}

var levels = map[health.Level]float64{health.Degraded: 1, health.Healthy: 2}

// Collect implements prometheus.Collector.
func (a collector) Collect(c chan<- prometheus.Metric) {
	st := a.s.o.App.Running.Status()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(overallDesc, levels[st.Health.Level])
	for _, part := range st.Health.Components {
		gauge(healthDesc, levels[part.Level], part.Name)
	}
	seen := map[string]bool{}
	for _, n := range st.Nodes {
		if seen[n.Address] { // an instance that hangs beside its successor
			continue
		}
		seen[n.Address] = true
		gauge(restartsDesc, float64(n.Restarts), n.Address)
		c <- prometheus.MustNewConstMetric(takenDesc, prometheus.CounterValue, float64(n.Taken), n.Address)
		c <- prometheus.MustNewConstMetric(droppedDesc, prometheus.CounterValue, float64(n.Dropped), n.Address)
	}
	gauge(waitingDesc, float64(st.Spool.Waiting))
	gauge(asideDesc, float64(st.Spool.Refused))
	gauge(spoolDesc, float64(st.Spool.DiskBytes), "disk")
	gauge(spoolDesc, float64(st.Spool.MemoryBytes), "memory")
	for _, h := range st.Hooks {
		gauge(hookDesc, float64(h.Waiting), h.Name)
		gauge(hookAside, float64(h.Aside), h.Name)
	}
	for _, e := range st.Engines {
		loaded := 0.0
		if e.State == "ready" || e.State == "busy" {
			loaded = 1
		}
		gauge(engineDesc, float64(e.Resident), e.Name)
		gauge(engineReady, loaded, e.Name)
	}
	for _, l := range st.Logins {
		for _, t := range l.Tokens {
			gauge(tokenDesc, max(0, time.Until(t.Until).Seconds()), l.Name, t.Audience)
		}
		for outcome, n := range map[string]int{"token": l.Fetched, "away": l.Failed, "refused": l.Refused} {
			c <- prometheus.MustNewConstMetric(loginDesc, prometheus.CounterValue, float64(n), l.Name, outcome)
		}
	}
	gauge(residentDesc, float64(st.Memory.Resident))
	for _, l := range a.s.o.App.Declared.Runbook().Listeners {
		muted := 0.0
		if status.IsMuted(st.Muted, l.Name) {
			muted = 1
		}
		gauge(mutedDesc, muted, l.Name)
	}
	gauge(genDesc, float64(st.Generation))
	gauge(streamsDesc, float64(a.s.streams.Taken()))
	a.members(gauge)
	a.state(c, st, gauge)
}
