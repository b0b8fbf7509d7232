package stt

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"orac/appliance/stt/spoken"
	"orac/appliance/stt/wire"
)

// failedText is the text in which ORAC STT hides a failure of its engine.
const failedText = "[transcription failed"

// maxSeconds bounds a duration in an answer; a day is more than any service needs.
const maxSeconds = 86400

// maxLanguage bounds the name of a language, in bytes.
const maxLanguage = 64

// engineError is a failure that the service itself reported. Its words are foreign text.
type engineError struct{ words string }

func (e *engineError) Error() string { return "the service says: " + e.words }

// answer is a transcription as both protocols write it. Pointers distinguish absent from zero.
type answer struct {
	Type           string   `json:"type"`
	Error          string   `json:"error"`
	Text           *string  `json:"text"`
	Confidence     *float64 `json:"confidence"`
	Language       *string  `json:"language"`
	Duration       *float64 `json:"duration"` // s
	ProcessingTime *float64 `json:"processing_time"`
	Final          *bool    `json:"is_final"`
}

// parseResult reads the JSON of a transcription. It returns an *engineError if the service failed; any other error says
// what is wrong with the answer.
func parseResult(data []byte) (Result, error) {
	var a answer
	if err := json.Unmarshal(data, &a); err != nil {
		return Result{}, fmt.Errorf("the answer is not the JSON of a transcription: %w", err)
	}
	return a.result()
}

func (a *answer) result() (Result, error) {
	if a.Error != "" {
		return Result{}, &engineError{a.Error}
	}
	if a.Text == nil {
		return Result{}, errors.New("the answer has no text")
	}
	r := Result{Text: wire.CleanText(*a.Text)}
	if hidesFailure(r.Text) {
		return Result{}, &engineError{r.Text}
	}
	// An unreadable or too long file has no duration; sound without speech has one.
	if r.Text == "" && a.Duration != nil && *a.Duration == 0 {
		return Result{}, &engineError{"no text and duration 0: it could not read the sound"}
	}
	if a.Confidence != nil {
		r.Confidence = math.Min(1, math.Max(0, *a.Confidence))
	}
	if a.Language != nil {
		r.Language = wire.CleanText((*a.Language)[:min(len(*a.Language), maxLanguage)])
	}
	var err error
	if r.Duration, err = span("duration", a.Duration); err != nil {
		return Result{}, err
	}
	if r.ProcessingTime, err = span("processing_time", a.ProcessingTime); err != nil {
		return Result{}, err
	}
	return r, nil
}

// hidesFailure tells whether a text is that of a failed engine, possibly after a timestamp or a speaker.
func hidesFailure(text string) bool {
	return strings.HasPrefix(strings.ToLower(spoken.Strip(text, spoken.All&^spoken.Sounds)), failedText)
}

func span(name string, seconds *float64) (time.Duration, error) {
	if seconds == nil {
		return 0, nil
	}
	if *seconds < 0 || *seconds > maxSeconds {
		return 0, fmt.Errorf("the answer's %s is %g s", name, *seconds)
	}
	return time.Duration(*seconds * float64(time.Second)), nil
}

// parseHealth reads the answer to a health check. It ignores a value of streaming in a form that ORAC STT does not use.
func parseHealth(data []byte) (Health, error) {
	var a struct {
		Status    string          `json:"status"`
		Streaming json.RawMessage `json:"streaming"`
		Once      any             `json:"idempotent"`
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return Health{}, err
	}
	var streaming struct {
		Enabled *bool `json:"enabled"`
	}
	if len(a.Streaming) > 0 && json.Unmarshal(a.Streaming, &streaming) != nil {
		streaming.Enabled = nil
	}
	return Health{Status: a.Status, Streaming: streaming.Enabled, Idempotent: a.Once == true}, nil
}
