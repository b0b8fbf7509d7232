package sttserver

import (
	"context"
	"net/http"
	"time"

	"orac/appliance/sttrole"
	"orac/web/peers"
	"orac/web/schema"
)

// state asks the appliance.
func (c *call) state() (sttrole.State, error) {
	role, err := c.role()
	if err != nil {
		return sttrole.State{}, err
	}
	ctx, cancel := context.WithTimeout(c.Context(), peers.StateTime)
	defer cancel()
	return role.State(ctx)
}

// judge says how well the engine is, in the words of the existing service. An engine that has let go of its model is peers.Healthy: it
// loads it when somebody speaks.
func judge(st sttrole.State, err error) string {
	switch {
	case err != nil || st.Engine.State == sttrole.EngineFailed:
		return peers.Unhealthy
	case st.Engine.State == sttrole.EngineLoading:
		return peers.Initializing
	}
	return peers.Healthy
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
	if !c.Legacy() {
		out["idempotent"] = st.Idempotent
		out["queue"] = map[string]int{"waiting": st.Queue.Waiting, "running": st.Queue.Running, "limit": st.Queue.Limit}
	}
	return c.JSON(c.Code(word, peers.Unhealthy), out)
}

// health tells how the server and its engine are.
func (c *call) health() error {
	st, err := c.state()
	word := judge(st, err)
	engine := word
	if word == peers.Initializing { // the server is well
		word = peers.Healthy
	}
	return c.JSON(c.Code(word, peers.Unhealthy), map[string]any{
		"status": word, "timestamp": time.Now().UTC().Format("2006-01-02T15:04:05.000000"), "version": c.server.Version,
		"checks": map[string]any{"api": peers.Healthy, "whisper_server": engine, "whisper_restart_count": 0, "whisper_consecutive_failures": st.Counts.Failed, "watchdog": peers.Healthy},
	})
}

// ready tells whether an utterance would be transcribed now.
func (c *call) ready() error { return c.Ready(judge(c.state()), peers.Unhealthy, peers.Initializing) }

// preload makes the engine load its model.
func (c *call) preload() error {
	role, err := c.role()
	if err == nil {
		err = role.Preload(c.Context())
	}
	switch {
	case err == nil:
		return c.JSON(http.StatusOK, map[string]string{"status": "success", "message": "The model is being loaded"})
	case c.Legacy():
		return schema.Because(schema.Internal, err, "Failed to load model: the engine is not there")
	}
	return err
}
