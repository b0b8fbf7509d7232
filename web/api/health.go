package api

import (
	"time"

	"orac/appliance/health"
	"orac/appliance/status"
	"orac/web/auth"
	"orac/web/schema"
)

// Running is the state of the appliance.
type Running interface {
	// Status returns a snapshot. It answers at once.
	Status() status.Status
	// Ready is closed when the appliance can answer and be changed.
	Ready() <-chan struct{}
}

// HealthOut is the health of a part or of everything: 503 if unhealthy.
type HealthOut struct {
	Status     health.Level               `json:"status" doc:"healthy, degraded or unhealthy"`
	Timestamp  time.Time                  `json:"timestamp"`
	Components map[string]HealthComponent `json:"components"`
	Muted      bool                       `json:"muted,omitempty" doc:"Whether a listener does not listen, because somebody has muted it. That is no failure."`
}

type HealthComponent struct {
	Status health.Level `json:"status"`
	// Details are for logged-in callers: causes may name addresses.
	Details string    `json:"details,omitempty" doc:"The reason, for logged-in callers."`
	Since   time.Time `json:"since,omitzero"`
	Behind  string    `json:"behind,omitempty" doc:"The component whose failure causes this one."`
}

func (h HealthOut) StatusCode() int {
	if h.Status == health.Unhealthy {
		return 503
	}
	return 200
}

func systemHealth(c *Call, _ schema.None) (HealthOut, error) {
	st := c.Server.o.App.Running.Status()
	report := st.Health
	out := HealthOut{Status: report.Level, Timestamp: time.Now().UTC(), Components: map[string]HealthComponent{}, Muted: len(st.Muted) > 0}
	for _, part := range report.Components {
		out.Components[part.Name] = c.component(part)
	}
	return out, nil
}

func (c *Call) component(part health.Component) HealthComponent {
	h := HealthComponent{Status: part.Level, Since: part.Since, Behind: part.Behind}
	if c.Who.Role.Includes(auth.Viewer) {
		h.Details = part.Why
	}
	return h
}

type ComponentInput struct {
	Component string `path:"component" check:"pattern=node"`
}

func componentHealth(c *Call, in ComponentInput) (HealthOut, error) {
	report := c.Server.o.App.Running.Status().Health
	for _, part := range report.Components {
		if part.Name == in.Component {
			return HealthOut{Status: part.Level, Timestamp: time.Now().UTC(), Components: map[string]HealthComponent{part.Name: c.component(part)}}, nil
		}
	}
	return HealthOut{}, schema.Fail(schema.NotFound, "There is no such component.")
}

type ProbeOut struct {
	Status    string    `json:"status"`
	Timestamp time.Time `json:"timestamp"`
	// Muted is what only people may want to know: a muted appliance does its work, so it is ready.
	Muted bool `json:"muted,omitempty" doc:"Whether a listener does not listen, because somebody has muted it."`

	code int
}

func (p ProbeOut) StatusCode() int { return p.code }

// alive answers as long as the process does.
func alive(*Call, schema.None) (ProbeOut, error) {
	return ProbeOut{Status: "alive", Timestamp: time.Now().UTC(), code: 200}, nil
}

// ready tells whether the appliance hears. While it is muted it is ready: it does what it was told.
func ready(c *Call, _ schema.None) (ProbeOut, error) {
	select {
	case <-c.Server.o.App.Running.Ready():
		if st := c.Server.o.App.Running.Status(); st.Health.Level != health.Unhealthy {
			return ProbeOut{"ready", time.Now().UTC(), len(st.Muted) > 0, 200}, nil
		}
	default:
	}
	return ProbeOut{Status: "not_ready", Timestamp: time.Now().UTC(), code: 503}, nil
}

// OldHealth is GET /api/health of the existing service, which monitors call.
type OldHealth struct {
	Status    health.Level `json:"status"`
	Timestamp time.Time    `json:"timestamp"`
	Service   string       `json:"service"`
	Version   string       `json:"version"`
	Uptime    float64      `json:"uptime_seconds"`
	Muted     bool         `json:"muted,omitempty" doc:"Whether a listener does not listen, because somebody has muted it. That is no failure."`
}

func (h OldHealth) StatusCode() int { return HealthOut{Status: h.Status}.StatusCode() }

func apiHealth(c *Call, _ schema.None) (OldHealth, error) {
	s := c.Server.o.App.Running.Status()
	return OldHealth{s.Health.Level, time.Now().UTC(), "hey-orac", c.Server.o.Version, time.Since(s.Started).Seconds(), len(s.Muted) > 0}, nil
}
