package api

import (
	"time"

	"orac/appliance/health"
	"orac/web/auth"
	"orac/web/schema"
)

// healthOut is the health of a part or of everything: 503 if unhealthy.
type healthOut struct {
	Status     health.Level               `json:"status" doc:"healthy, degraded or unhealthy"`
	Timestamp  time.Time                  `json:"timestamp"`
	Components map[string]healthComponent `json:"components"`
}

type healthComponent struct {
	Status health.Level `json:"status"`
	// Details are for logged-in callers: causes may name addresses.
	Details string    `json:"details,omitempty" doc:"The reason, for logged-in callers."`
	Since   time.Time `json:"since,omitzero"`
	Behind  string    `json:"behind,omitempty" doc:"The component whose failure causes this one."`
}

func (h healthOut) StatusCode() int {
	if h.Status == health.Unhealthy {
		return 503
	}
	return 200
}

func systemHealth(c *Call, _ schema.None) (healthOut, error) {
	report := c.Server.o.App.Status().Health
	out := healthOut{Status: report.Level, Timestamp: time.Now().UTC(), Components: map[string]healthComponent{}}
	for _, part := range report.Components {
		out.Components[part.Name] = c.component(part)
	}
	return out, nil
}

func (c *Call) component(part health.Component) healthComponent {
	h := healthComponent{Status: part.Level, Since: part.Since, Behind: part.Behind}
	if c.Who.Role.Includes(auth.Viewer) {
		h.Details = part.Why
	}
	return h
}

type componentInput struct {
	Component string `path:"component" check:"pattern=node"`
}

func componentHealth(c *Call, in componentInput) (healthOut, error) {
	report := c.Server.o.App.Status().Health
	for _, part := range report.Components {
		if part.Name == in.Component {
			return healthOut{part.Level, time.Now().UTC(), map[string]healthComponent{part.Name: c.component(part)}}, nil
		}
	}
	return healthOut{}, schema.Fail(schema.NotFound, "There is no such component.")
}

type probeOut struct {
	Status    string    `json:"status"`
	Timestamp time.Time `json:"timestamp"`

	code int
}

func (p probeOut) StatusCode() int { return p.code }

// alive answers as long as the process does.
func alive(*Call, schema.None) (probeOut, error) {
	return probeOut{"alive", time.Now().UTC(), 200}, nil
}

// ready tells whether the appliance hears.
func ready(c *Call, _ schema.None) (probeOut, error) {
	select {
	case <-c.Server.o.App.Ready():
		if c.Server.o.App.Status().Health.Level != health.Unhealthy {
			return probeOut{"ready", time.Now().UTC(), 200}, nil
		}
	default:
	}
	return probeOut{"not_ready", time.Now().UTC(), 503}, nil
}

// oldHealth is GET /api/health of the existing service, which monitors call.
type oldHealth struct {
	Status    health.Level `json:"status"`
	Timestamp time.Time    `json:"timestamp"`
	Service   string       `json:"service"`
	Version   string       `json:"version"`
	Uptime    float64      `json:"uptime_seconds"`
}

func (h oldHealth) StatusCode() int { return healthOut{Status: h.Status}.StatusCode() }

func apiHealth(c *Call, _ schema.None) (oldHealth, error) {
	s := c.Server.o.App.Status()
	return oldHealth{s.Health.Level, time.Now().UTC(), "hey-orac", c.Server.o.Version, time.Since(s.Started).Seconds()}, nil
}
