package stt

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync/atomic"

	"orac/appliance/rt"
)

// OpenAI is a client of any server with OpenAI's interface for transcriptions: Client and Prober. It may be used by several tasks
// at once.
type OpenAI struct {
	*upload
	model, language, prompt string
	// plain tells that the server refuses the verbose form of an answer, which alone has probabilities.
	plain atomic.Bool
}

// NewOpenAI makes a client; it connects to nothing yet.
func NewOpenAI(c ServerConfig) (*OpenAI, error) {
	u, err := newUpload(c, "/v1/", "a server with OpenAI's interface")
	if err != nil {
		return nil, err
	}
	u.hints = map[int]string{
		http.StatusNotFound:        "check url and model",
		http.StatusPaymentRequired: "the account at the service has no credit left",
		http.StatusUnauthorized:    "check the token in the runbook",
	}
	return &OpenAI{upload: u, model: c.Model, language: twoLetters(c.Language), prompt: c.Prompt}, nil
}

// Transcribe implements Client. It asks for the verbose form of the answer first. Some models only have the plain form, and
// refuse the request: the plain form is then asked for at once, and from then on.
func (o *OpenAI) Transcribe(t *rt.Task, _ Utterance, pcm []int16) (Result, error) {
	if o.plain.Load() {
		return o.transcribe(t, pcm, "json")
	}
	r, err := o.transcribe(t, pcm, "verbose_json")
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Status != http.StatusBadRequest && e.Status != http.StatusUnprocessableEntity {
		return r, err
	}
	r, err = o.transcribe(t, pcm, "json")
	if err == nil {
		o.plain.Store(true)
	}
	return r, err
}

func (o *OpenAI) transcribe(t *rt.Task, pcm []int16, format string) (Result, error) {
	return o.send(t, o.base.HTTP(nil, "v1", "audio", "transcriptions"), pcm,
		field{"model", o.model}, field{"language", o.language}, field{"prompt", o.prompt}, field{"response_format", format})
}

// Health implements Prober by asking for the list of models, which such servers have, and which costs nothing.
func (o *OpenAI) Health(t *rt.Task) (Health, error) {
	return o.there(t, o.base.HTTP(nil, "v1", "models"))
}

// segment is a part of a transcription in its verbose form.
type segment struct {
	Start    *float64 `json:"start"` // s
	End      *float64 `json:"end"`
	LogProb  *float64 `json:"avg_logprob"`    // mean logarithm of the probabilities of its tokens
	NoSpeech *float64 `json:"no_speech_prob"` // probability that nobody spoke
}

// parseTranscription reads the answer of a server that follows OpenAI or whisper.cpp: {"text"}, or the verbose form. It returns an
// *engineError if the server failed; any other error says what is wrong with the answer. An empty text is silence: such servers
// report a failure as one.
func parseTranscription(data []byte) (Result, error) {
	var a struct {
		Error    json.RawMessage `json:"error"`
		Text     *string         `json:"text"`
		Language *string         `json:"language"`
		Duration json.RawMessage `json:"duration"` // s; some servers write it as text
		Segments []segment       `json:"segments"`
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return Result{}, fmt.Errorf("the answer is not the JSON of a transcription: %w", err)
	}
	if words := errorText(a.Error); words != "" {
		return Result{}, &engineError{words}
	}
	duration, err := number(a.Duration)
	if err != nil {
		return Result{}, err
	}
	r, err := (&answer{Text: a.Text, Language: a.Language, Duration: duration}).result()
	if err != nil {
		return Result{}, err
	}
	r.Confidence, r.Silence = confidenceOf(a.Segments), r.Text == ""
	return r, nil
}

// number reads a number, or a text that holds one; nil if there is none.
func number(raw json.RawMessage) (*float64, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		raw = json.RawMessage(text)
	}
	var n float64
	if err := json.Unmarshal(raw, &n); err != nil {
		return nil, fmt.Errorf("the answer's duration is not a number: %w", err)
	}
	return &n, nil
}

// confidenceOf is the mean probability of the tokens, times the probability that somebody spoke at all; each segment counts by its
// length. It is 0, which means "not said", if any segment lacks its probability.
func confidenceOf(segments []segment) float64 {
	sum, length := 0.0, 0.0
	for _, s := range segments {
		if s.LogProb == nil {
			return 0
		}
		weight := 0.01 // a segment without a length counts for something
		if s.Start != nil && s.End != nil {
			weight = max(weight, min(*s.End-*s.Start, maxSeconds))
		}
		p := math.Exp(min(0, *s.LogProb))
		if s.NoSpeech != nil {
			p *= 1 - min(1, max(0, *s.NoSpeech))
		}
		sum, length = sum+float64(p*weight), length+weight
	}
	if length == 0 {
		return 0
	}
	return sum / length
}
