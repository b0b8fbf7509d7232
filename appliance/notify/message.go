package notify

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"

	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"orac/runbook"
	"orac/runbook/hook"
	"orac/runbook/language"
)

// Hook sends to a webhook.
type Hook interface {
	Send(t *rt.Task, m Message) error
}

// Message is a request to a webhook.
type Message struct {
	ID          string // of the event
	Method, URL string
	ContentType string // empty: the request has no body
	Body        []byte
}

// Form says how a webhook wants its events.
type Form struct {
	URL, Body language.Template
	Method    string
	HeyORAC   bool // wakes are sent as Hey ORAC sends them
}

// FormOf returns the form of a webhook block.
func FormOf(w runbook.Webhook) Form {
	return Form{URL: w.URL, Body: w.Body, Method: w.Method, HeyORAC: len(w.Events) == 0}
}

// Make makes the request for an event. It fails for an event that the templates turn into something that cannot be sent; it
// would fail again. The error quotes nothing of the event.
func (f Form) Make(e hook.Event) (Message, error) {
	m := Message{ID: hook.HeadOf(e).ID, Method: f.Method}
	words := map[string]cty.Value{"event": hook.Value(e)}
	var err error
	if m.URL, err = f.URL.Eval(words); err != nil {
		return m, &Error{Op: "webhook", Address: "url", Kind: wire.Refused, Cause: err}
	}
	if f.Method == "GET" {
		return m, nil
	}
	m.ContentType, m.Body = "application/json", nil
	switch w, wake := e.(*hook.Wake); {
	case f.Body.IsSet():
		text, err := f.Body.Eval(words)
		if err != nil {
			return m, &Error{Op: "webhook", Address: "body", Kind: wire.Refused, Cause: err}
		}
		m.Body = []byte(text)
		if begins := strings.TrimSpace(text); !strings.HasPrefix(begins, "{") && !strings.HasPrefix(begins, "[") || !json.Valid(m.Body) {
			m.ContentType = "text/plain; charset=utf-8"
		}
	case f.HeyORAC && wake:
		m.Body = heyORAC(w)
	default:
		m.Body = hook.Encode(e)
	}
	return m, nil
}

// heyORAC is a wake as Hey ORAC's webhook has it.
func heyORAC(w *hook.Wake) []byte {
	at, _ := time.Parse(time.RFC3339Nano, w.Timestamp) // we made it ourselves
	scores := w.Scores
	if scores == nil {
		scores = map[string]float64{}
	}
	return encode(struct {
		WakeWord     string             `json:"wake_word"`
		Confidence   float64            `json:"confidence"`
		Threshold    float64            `json:"threshold"`
		Timestamp    float64            `json:"timestamp"` // seconds since 1970
		ModelName    string             `json:"model_name"`
		AllScores    map[string]float64 `json:"all_scores"`
		MultiTrigger bool               `json:"multi_trigger"`
	}{w.WakeWord, w.Score, w.Threshold, float64(at.UnixMicro()) / 1e6, w.Model, scores, w.MultiTrigger})
}
