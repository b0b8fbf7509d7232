package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"orac/appliance/rt"
	"orac/appliance/stt/wire"
)

const (
	// Timeout is how long Hey ORAC waits for the answer to a heartbeat or webhook.
	Timeout = 5 * time.Second
	// beatTime and beatLocal are how Hey ORAC writes times in a heartbeat: UTC with Z for the beat itself, local time
	// without zone for a model's last trigger.
	beatTime  = "2006-01-02T15:04:05Z"
	beatLocal = "2006-01-02T15:04:05"
	// maxTopics bounds the number in an answer.
	maxTopics = 1 << 20
)

// HeartbeatConfig makes a Heartbeat. All fields except URL may be zero.
type HeartbeatConfig struct {
	URL     string        // of ORAC STT, with or without /stt/v1/…
	Timeout time.Duration // 0 means Timeout
	Token   wire.Secret   // bearer token
	Tokens  wire.Tokens   // of a service account, instead of Token
	TLS     wire.TLS
}

// Heartbeat is a Heart. It may be used by several tasks at once.
type Heartbeat struct {
	to     string
	client *wire.Client
}

// NewHeartbeat makes a client; it connects to nothing yet.
func NewHeartbeat(c HeartbeatConfig) (*Heartbeat, error) {
	base, err := wire.ParseBase(c.URL)
	if err != nil {
		return nil, fmt.Errorf("heartbeat: %w", err)
	}
	client, err := wire.NewClient(wire.Options{Timeout: orDefault(c.Timeout), Token: c.Token, Tokens: c.Tokens, TLS: c.TLS})
	if err != nil {
		return nil, fmt.Errorf("heartbeat %s: %w", base, err)
	}
	return &Heartbeat{base.HTTP(nil, "stt", "v1", "heartbeat"), client}, nil
}

func orDefault(d time.Duration) time.Duration {
	if d <= 0 {
		return Timeout
	}
	return d
}

// Beat implements Heart.
func (h *Heartbeat) Beat(t *rt.Task, b Beat) (topics int, err error) {
	const op = "heartbeat"
	answer, err := h.client.Do(t, wire.Request{Op: op, Method: http.MethodPost, URL: h.to, ContentType: "application/json", Body: encodeBeat(b)})
	if err != nil {
		return 0, late(err)
	}
	topics, words, err := parseBeat(answer)
	if err != nil {
		return 0, &Error{Op: op, Address: h.to, Kind: wire.Protocol, Cause: h.client.Redacted(err), Hint: "is this an ORAC STT?"}
	}
	if words != "" {
		return 0, h.client.Said(op, h.to, wire.Engine, words)
	}
	return topics, nil
}

// late tells whether the time ran out without an outage: the server answers both kinds of request only after others
// have answered it.
func late(err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == wire.Timeout {
		e.Kind = wire.Late
	}
	return err
}

// beatBody is a heartbeat on the wire.
type beatBody struct {
	InstanceID string      `json:"instance_id"`
	Source     string      `json:"source"`
	Timestamp  string      `json:"timestamp"`
	Models     []modelBody `json:"models"`
	Metrics    metricsBody `json:"metrics"`
}

type modelBody struct {
	Name          string       `json:"name"`
	Topic         string       `json:"topic"`
	Type          string       `json:"type"`
	Status        string       `json:"status"`
	WakeWord      string       `json:"wake_word"`
	TriggerCount  int          `json:"trigger_count"`
	LastTriggered *string      `json:"last_triggered"`
	Metadata      metadataBody `json:"metadata"`
}

type metadataBody struct {
	WakeWord      string  `json:"wake_word"`
	TriggerPhrase string  `json:"trigger_phrase"`
	Sensitivity   float64 `json:"sensitivity"`
}

type metricsBody struct {
	Activations1h  int     `json:"activations_1h"`
	LastActivation *string `json:"last_activation"`
}

func encodeBeat(b Beat) []byte {
	body := beatBody{
		InstanceID: b.InstanceID,
		Source:     "hey_orac",
		Timestamp:  b.At.UTC().Format(beatTime),
		Models:     []modelBody{}, // an empty list, never null
		Metrics:    metricsBody{b.Activations1h, stamp(b.LastActivation.UTC(), beatTime)},
	}
	for _, m := range b.Models {
		topic := m.Topic
		if topic == "" {
			topic = "general"
		}
		body.Models = append(body.Models, modelBody{
			Name: m.Name, Topic: topic, Type: "wake_word", Status: "active", WakeWord: m.WakeWord, TriggerCount: m.TriggerCount,
			LastTriggered: stamp(m.LastTriggered.Local(), beatLocal),
			Metadata:      metadataBody{m.WakeWord, m.WakeWord, finite(m.Threshold)},
		})
	}
	return encode(body)
}

// stamp is nil for the zero time: null on the wire.
func stamp(at time.Time, layout string) *string {
	if at.IsZero() {
		return nil
	}
	s := at.Format(layout)
	return &s
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return b
}

// parseBeat reads the answer to a heartbeat. words are what the server says if it failed.
func parseBeat(answer []byte) (topics int, words string, err error) {
	var a struct {
		Status  string `json:"status"`
		Message string `json:"message"`
		Topics  *int   `json:"topics_processed"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return 0, "", fmt.Errorf("the answer is not the JSON of a heartbeat: %w", err)
	}
	switch {
	case a.Status == "error":
		return 0, "status error: " + a.Message, nil
	case a.Status != "ok":
		return 0, "", fmt.Errorf("the answer's status is %.40q, not ok", a.Status)
	case a.Topics == nil:
		return 0, "", nil
	case *a.Topics < 0 || *a.Topics > maxTopics:
		return 0, "", fmt.Errorf("the answer's topics_processed is %d", *a.Topics)
	}
	return *a.Topics, "", nil
}

// finite keeps a broken model's NaN from breaking the JSON.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}
