package peers

import (
	"net/http"
	"slices"
	"time"
)

// The words of the existing services for their health.
const (
	Healthy      = "healthy"
	Degraded     = "degraded"
	Initializing = "initializing"
	Unhealthy    = "unhealthy"
)

// StateTime is how long the appliance may take to tell its state: it waits for no engine and no backend.
const StateTime = 2 * time.Second

// WordOut is an answer of one word.
type WordOut struct {
	Status string `json:"status"`
}

// Code is the status of an answer about health: 503 for the bad words. A legacy peer gets 200, as it is used to; what the answer says is
// true all the same.
func (c *Call) Code(word string, bad ...string) int {
	if !c.Legacy() && slices.Contains(bad, word) {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// Live tells that the process is there.
func (c *Call) Live() error { return c.JSON(http.StatusOK, WordOut{"alive"}) }

// Ready tells whether what is sent now would be done: not with one of the bad words.
func (c *Call) Ready(word string, bad ...string) error {
	said := "ready"
	if slices.Contains(bad, word) {
		said = "not ready"
	}
	return c.JSON(c.Code(word, bad...), WordOut{said})
}
