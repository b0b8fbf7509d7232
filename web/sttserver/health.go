package sttserver

import (
	"context"
	"net/http"
	"time"

	"orac/appliance/sttrole"
	"orac/web/schema"
)

// The words of the existing service.
const (
	healthy      = "healthy"
	initializing = "initializing"
	unhealthy    = "unhealthy"
)

// state asks the appliance.
func (c *call) state() (sttrole.State, error) {
	role, err := c.role()
	if err != nil {
		return sttrole.State{}, err
	}
	ctx, cancel := context.WithTimeout(c.Context(), stateTime)
	defer cancel()
	return role.State(ctx)
}

// judge says how well the engine is, in the words of the existing service. An engine that has let go of its model is healthy: it
// loads it when somebody speaks.
func judge(st sttrole.State, err error) string {
	switch {
	case err != nil || st.Engine.State == sttrole.EngineFailed:
		return unhealthy
	case st.Engine.State == sttrole.EngineLoading:
		return initializing
	}
	return healthy
}

// code is the status of a health answer. A legacy peer gets 200, as it is used to; what the answer says is true all the same.
func (c *call) code(word string, bad ...string) int {
	for _, b := range bad {
		if word == b && !c.isLegacy() {
			return http.StatusServiceUnavailable
		}
	}
	return http.StatusOK
}

func loaded(st sttrole.State) bool {
	return st.Engine.State == sttrole.EngineReady || st.Engine.State == sttrole.EngineBusy
}

// sttHealth tells whether speech is understood, and how.
func (c *call) sttHealth() error {
	st, err := c.state()
	word := judge(st, err)
	out := map[string]any{
		"status": word, "model_loaded": loaded(st), "model_name": st.Engine.Model, "backend": st.Engine.Name, "device": "cpu",
		"streaming": map[string]any{"enabled": true, "buffer_threshold_ms": 500, "audio_format": "int16"},
	}
	if !c.isLegacy() {
		out["idempotent"] = st.Idempotent
		out["queue"] = map[string]int{"waiting": st.Queue.Waiting, "running": st.Queue.Running, "limit": st.Queue.Limit}
	}
	return c.json(c.code(word, unhealthy), out)
}

// health tells how the server and its engine are.
func (c *call) health() error {
	st, err := c.state()
	word := judge(st, err)
	engine := word
	if word == initializing { // the server is well
		word = healthy
	}
	return c.json(c.code(word, unhealthy), map[string]any{
		"status": word, "timestamp": time.Now().UTC().Format("2006-01-02T15:04:05.000000"), "version": c.server.o.Version,
		"checks": map[string]any{"api": healthy, "whisper_server": engine, "whisper_restart_count": 0, "whisper_consecutive_failures": st.Counts.Failed, "watchdog": healthy},
	})
}

// live tells that the process is there.
func (c *call) live() error { return c.json(http.StatusOK, map[string]string{"status": "alive"}) }

// ready tells whether an utterance would be transcribed now.
func (c *call) ready() error {
	word := judge(c.state())
	said := "ready"
	if word != healthy {
		said = "not ready"
	}
	return c.json(c.code(word, unhealthy, initializing), map[string]string{"status": said})
}

// preload makes the engine load its model.
func (c *call) preload() error {
	role, err := c.role()
	if err == nil {
		err = role.Preload(c.Context())
	}
	switch {
	case err == nil:
		return c.json(http.StatusOK, map[string]string{"status": "success", "message": "The model is being loaded"})
	case c.isLegacy():
		return schema.Because(schema.Internal, err, "Failed to load model: the engine is not there")
	}
	return err
}
