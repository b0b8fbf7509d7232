package health

import "time"

// Level is how well a component is.
type Level string

// The levels, best first.
const (
	Healthy   Level = "healthy"
	Degraded  Level = "degraded"
	Unhealthy Level = "unhealthy"
)

// Component is the health of one component.
type Component struct {
	Name   string    `json:"name"`
	Level  Level     `json:"status"`
	Since  time.Time `json:"since"`
	Why    string    `json:"why,omitempty"`
	Behind string    `json:"behind,omitempty"` // the component whose failure this is a symptom of
}

// Report is the health of an appliance.
type Report struct {
	Level      Level       `json:"status"`
	At         time.Time   `json:"timestamp"`
	Components []Component `json:"components"`
}
