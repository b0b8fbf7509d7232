package stttest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// beat is the body of a heartbeat as the original requires it.
type beat struct {
	InstanceID *string `json:"instance_id"`
	Source     *string `json:"source"`
	Timestamp  *string `json:"timestamp"`
	Models     []struct {
		Name          *string         `json:"name"`
		Topic         *string         `json:"topic"`
		Type          string          `json:"type"`
		Status        string          `json:"status"`
		WakeWord      *string         `json:"wake_word"`
		TriggerCount  *int            `json:"trigger_count"`
		LastTriggered json.RawMessage `json:"last_triggered"`
		Metadata      map[string]any  `json:"metadata"`
	} `json:"models"`
	Metrics map[string]any `json:"metrics"`
}

func (s *Server) heartbeat(x exchange, w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if err != nil {
		return
	}
	x.note(func(h *Heard) { h.Body, h.Whole = data, true })
	var b beat
	if err = json.Unmarshal(data, &b); err == nil {
		err = b.check()
	}
	if err != nil {
		x.refuse(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	if !x.gate() || x.misbehave(w, r) {
		return
	}
	if x.Do == EngineError {
		x.answer(w, map[string]any{"status": "error", "message": "the registry is gone"})
		return
	}
	active := 0
	for _, m := range b.Models {
		if m.Status == "active" {
			active++
		}
	}
	x.answer(w, map[string]any{"status": "ok", "message": fmt.Sprintf("Processed %d active models", active), "topics_processed": active})
}

func (b *beat) check() error {
	switch {
	case b.InstanceID == nil || *b.InstanceID == "":
		return fmt.Errorf("instance_id: Field required")
	case b.Source == nil:
		return fmt.Errorf("source: Field required")
	case b.Timestamp == nil:
		return fmt.Errorf("timestamp: Field required")
	case b.Models == nil:
		return fmt.Errorf("models: Field required")
	}
	if _, err := time.Parse("2006-01-02T15:04:05Z", *b.Timestamp); err != nil {
		return fmt.Errorf("timestamp: Invalid datetime format")
	}
	for i, m := range b.Models {
		if m.Name == nil || m.Topic == nil || m.WakeWord == nil || m.TriggerCount == nil || m.Type != "wake_word" {
			return fmt.Errorf("models.%d: Field required", i)
		}
		if at := string(m.LastTriggered); at != "null" {
			if _, err := time.Parse(`"2006-01-02T15:04:05"`, at); err != nil {
				return fmt.Errorf("models.%d.last_triggered: Invalid datetime format", i)
			}
		}
	}
	return nil
}

func (s *Server) health(x exchange, w http.ResponseWriter, r *http.Request) {
	if !x.gate() || x.misbehave(w, r) {
		return
	}
	status := "healthy"
	if x.Do == EngineError {
		status = "unhealthy"
	}
	body := map[string]any{"status": status, "streaming": map[string]any{"enabled": x.Do != NoStream}}
	if x.Do == Once { // the original does not have it
		body["idempotent"] = true
	}
	x.answer(w, body)
}

func (s *Server) webhook(x exchange, w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if err != nil {
		return
	}
	x.note(func(h *Heard) { h.Body, h.Whole = data, true })
	if !json.Valid(data) {
		x.refuse(w, http.StatusUnprocessableEntity, "not JSON")
		return
	}
	if x.gate() && !x.misbehave(w, r) {
		x.answer(w, map[string]any{"ok": true})
	}
}
