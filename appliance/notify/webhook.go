package notify

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"orac/appliance/rt"
	"orac/appliance/stt/wire"
)

// WebhookConfig makes a Webhook. All but URL may be zero.
type WebhookConfig struct {
	URL     string        // whole; path and query are sent, and shown nowhere: services hide a key in them
	Timeout time.Duration // 0 means Timeout
	Headers map[string]wire.Secret
}

// Webhook is a Hook. It may be used by several tasks at once.
type Webhook struct {
	to     string
	client *wire.Client
}

// NewWebhook makes a client; it connects to nothing yet.
func NewWebhook(c WebhookConfig) (*Webhook, error) {
	to, err := wire.ParseURL(c.URL)
	if err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	client, err := wire.NewClient(wire.Options{Timeout: orDefault(c.Timeout), Headers: c.Headers, Hidden: wire.Keys(to)})
	if err != nil {
		return nil, fmt.Errorf("webhook %s: %w", wire.Origin(c.URL), err)
	}
	return &Webhook{to.String(), client}, nil
}

// firingBody is a detection on the wire.
type firingBody struct {
	WakeWord     string             `json:"wake_word"`
	Confidence   float64            `json:"confidence"`
	Threshold    float64            `json:"threshold"`
	Timestamp    float64            `json:"timestamp"` // seconds since 1970
	ModelName    string             `json:"model_name"`
	AllScores    map[string]float64 `json:"all_scores"`
	MultiTrigger bool               `json:"multi_trigger"`
}

// Fire implements Hook. Any status from 200 to 299 is a yes, whatever the body says.
func (w *Webhook) Fire(t *rt.Task, d Firing) error {
	_, err := w.client.Do(t, wire.Request{Op: "webhook", Method: http.MethodPost, URL: w.to, ContentType: "application/json", Body: encodeFiring(d), Unread: true})
	if e, ok := errors.AsType[*wire.Error](err); ok {
		e.Address = wire.Origin(w.to)
	}
	return late(err)
}

func encodeFiring(d Firing) []byte {
	scores := make(map[string]float64, len(d.AllScores)) // {} and never null
	for model, score := range d.AllScores {
		scores[model] = finite(score)
	}
	return encode(firingBody{
		WakeWord: d.WakeWord, Confidence: finite(d.Score), Threshold: finite(d.Threshold),
		Timestamp: float64(d.At.UnixMicro()) / 1e6, ModelName: d.Model, AllScores: scores, MultiTrigger: d.MultiTrigger,
	})
}

// finite keeps a broken model's NaN from breaking the JSON.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}
