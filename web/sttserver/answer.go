package sttserver

import (
	"cmp"
	"context"
	"errors"
	"math"
	"time"

	"orac/appliance/amount"
	"orac/appliance/status"
	"orac/appliance/sttrole"
	"orac/web/schema"
)

// transcription is the answer to an utterance. The first five fields are those of the existing service; a legacy peer gets no others.
type transcription struct {
	Text       string  `json:"text"`
	Confidence float64 `json:"confidence"`
	Language   string  `json:"language"`
	Duration   float64 `json:"duration"`        // seconds
	Processing float64 `json:"processing_time"` // seconds

	ID       string `json:"id,omitempty"`
	Topic    string `json:"topic,omitempty"`
	Nothing  string `json:"nothing,omitempty"` // why there is no text
	Repeated bool   `json:"repeated,omitempty"`
	Forward  string `json:"forward,omitempty"`
}

// unknown is the language of an answer without one: the existing service says so when its engine has failed.
const unknown = "unknown"

// transcriptionOf is the answer for what was heard.
func (c *call) transcriptionOf(h sttrole.Hearing, heard sttrole.Heard) transcription {
	t := transcription{
		Text: heard.Text, Confidence: share(heard.Confidence), Language: cmp.Or(heard.Language, h.Language, "en"),
		Duration: length(len(h.PCM)).Seconds(), Processing: max(0, heard.Processing.Seconds()),
	}
	if !c.Legacy() {
		t.ID, t.Topic, t.Nothing, t.Repeated, t.Forward = heard.ID, heard.Topic, heard.Nothing, heard.Repeated, string(heard.Forward)
	}
	return t
}

// share makes any number one of 0 to 1.
func share(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return min(1, max(0, f))
}

// failed is what the existing service answers when something goes wrong: as if nobody had spoken. duration is 0 for a sound that it
// could not read.
func (c *call) failed(duration time.Duration) transcription {
	return transcription{Language: unknown, Duration: duration.Seconds(), Processing: time.Since(c.Begun).Seconds()}
}

// problemOf converts what the appliance answers into a problem.
func problemOf(err error) *schema.Problem {
	var busy *sttrole.BusyError
	var long *sttrole.TooLongError
	var much *amount.TooMuchError
	var reused *sttrole.ReusedError
	var engine *sttrole.EngineError
	var refusal *status.Refusal
	switch {
	case errors.As(err, &busy):
		return schema.Because(schema.QueueFull, err, "%s", schema.Sentence(busy.Cause)).After(max(time.Second, busy.RetryAfter))
	case errors.As(err, &long):
		return schema.Fail(schema.TooLarge, "%s", schema.Sentence(long.Error()))
	case errors.As(err, &much):
		return schema.Fail(schema.Unusable, "%s", schema.Sentence(much.Error()))
	case errors.As(err, &reused):
		return schema.Fail(schema.Unusable, "Another utterance was sent under the same ID. Give each its own.")
	case errors.As(err, &engine) && engine.Away:
		return schema.Because(schema.Unavailable, err, "The speech-to-text engine is not there now.").After(max(time.Second, engine.RetryAfter))
	case errors.As(err, &engine) && errors.Is(err, context.DeadlineExceeded):
		return schema.Because(schema.TooLate, err, "The speech-to-text engine did not answer in time.")
	case errors.As(err, &engine):
		p := schema.Because(schema.EngineFailed, err, "")
		if engine.RetryAfter > 0 {
			p = p.After(engine.RetryAfter)
		}
		return p
	case errors.As(err, &refusal): // the server is being stopped or changed
		return schema.Because(schema.Stopping, err, "").After(time.Second)
	case errors.Is(err, sttrole.ErrNoSound):
		return schema.Fail(schema.NotFound, "There is no such recording.")
	}
	return schema.ProblemOf(err)
}
