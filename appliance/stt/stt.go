// Package stt sends recorded speech to speech-to-text services and returns their text.
//
// Guarantees:
//
//   - Every call ends: with a Result, with an *Error, or with rt.ErrStopped once its task was told to stop. Whatever the service
//     does, the call keeps to the client's timeout until the service has all of the sound, and to the bounds of a vigil after
//     that. It holds at most a bounded piece of an answer in memory.
//   - Error.Doubt tells whether the service may act on an utterance although the call has failed.
//   - A nil error means that the service really transcribed: an engine failure that the service hides in a 200 is an *Error.
//     Result.Spoken tells speech from silence and from markers that the service added.
//   - Any failure in Stream leaves the utterance undelivered: the same sound may be sent again by Transcribe.
//   - Nothing continues after a call has returned: no goroutine, no child process, no temporary file.
//   - A token or secret reaches only the configured host; no error holds it.
//
// The wire is described in README.md in this folder.
package stt

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"orac/appliance/audio"
	"orac/appliance/rt"
	"orac/appliance/stt/spoken"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
)

// MaxSpeech is the longest utterance that ORAC STT transcribes; it answers a longer one with an empty text.
const MaxSpeech = 15 * time.Second

// Utterance is what is known about a recording. Times are of the wall clock, in any zone.
type Utterance struct {
	ID       string
	Topic    string // of ORAC Core; empty means "general"
	WakeWord string
	Wake     time.Time // when the wake word was heard; zero if none was
	End      time.Time // when the recording ended; zero while the person still speaks
	PreRoll  int       // samples before the one at which the wake word was recognised; 0 if that is not known
	Parent   string    // the step of the trace that it is sent in: see thread; "" for none
	Cut      string    // why the recording was cut off, such as "stopped"; empty if it was not, or that is not known yet

	// Sending is called by the task of the call before the service can have all of the utterance: before the end of a stream, and
	// before the body of a request, once it is connected. An error ends the call. Nil: nothing is called.
	Sending func(*rt.Task) error
	// Partial is called by the task of a stream with what was understood so far, whenever that changes. Nil: nobody asks.
	Partial func(t *rt.Task, text string)
}

// Thread is what the utterance belongs to.
func (u Utterance) Thread() thread.Thread { return thread.Thread{ID: u.ID, Parent: u.Parent} }

// Result is what a service understood.
type Result struct {
	Text           string
	Confidence     float64       // 0 to 1; 0 if the service does not say
	Language       string        // as the service names it; empty if it does not
	Duration       time.Duration // of the sound, as the service measured it
	ProcessingTime time.Duration
	// Silence tells, for an empty text, that the service has listened and heard nobody: it answers differently when its
	// engine fails. Without Silence, an empty text may mean either.
	Silence bool
	// Nothing is why there is no text, in the words of an engine that listens to the sound and judges its own text: "noise". Such
	// an answer is final: the same engine gives it again. Empty where nobody says.
	Nothing string
}

// Spoken is the text without the markers that the service wrote into it, except those of the kinds to keep. It is "" if
// the service transcribed and heard no speech, as Whisper says with "[BLANK_AUDIO]": the delivery is done, and there is
// nothing to act upon.
func (r Result) Spoken(keeps spoken.Marks) string {
	return strings.TrimSpace(spoken.Strip(r.Text, spoken.All&^keeps))
}

// Empty tells that the text is empty or contains only markers.
func (r Result) Empty() bool { return r.Spoken(0) == "" }

// Chunk is at most a hop of sound on its way to a Streamer.
type Chunk struct {
	N   int // samples used, 0 to 1280
	PCM [audio.HopSamples]int16
}

// Client transcribes whole utterances: 16 kHz mono.
type Client interface {
	Transcribe(t *rt.Task, u Utterance, pcm []int16) (Result, error)
}

// Streamer is a Client that can also listen while the person still speaks. Chunks come from the mailbox, pre-roll first,
// until it is closed; the first is sent as soon as the service is connected. After an error nobody reads the mailbox: a
// caller that continues to write must use Push or TrySend, or close it.
type Streamer interface {
	Client
	Stream(t *rt.Task, u Utterance, chunks *rt.Mailbox[Chunk]) (Result, error)
}

// Checker is a Client whose empty answers can hide a failure of its engine.
type Checker interface {
	// Check asks about the same sound in a way in which silence and failure differ, and nothing acts on the answer: an
	// *Error, or a Result with a text or with Silence, if the service keeps to its protocol.
	Check(t *rt.Task, u Utterance, pcm []int16) (Result, error)
}

// States of a service, in its own words.
const (
	Initializing = "initializing" // it is there, and does not transcribe yet
	Degraded     = "degraded"     // it transcribes, and something else is not well
)

// Health is what a service says about itself.
type Health struct {
	Status    string // its own word for its state; empty if it said none
	Streaming *bool  // whether it accepts streams; nil if it does not say
	// Idempotent tells that it recognises utterances by their ID: it answers a repeated one as before, and acts on it
	// only once.
	Idempotent bool
}

// Prober is a Client whose service can be asked for its health.
type Prober interface {
	// Health returns what the service said, even with an error; err is nil if its state is one of healthy, ready and
	// initializing.
	Health(t *rt.Task) (Health, error)
}

// The failures of a client, under the names that its callers use.
type (
	Error = wire.Error
	Kind  = wire.Kind
	Retry = wire.Retry
	Doubt = wire.Doubt
)

const (
	Unreachable  = wire.Unreachable
	Timeout      = wire.Timeout
	Unauthorised = wire.Unauthorised
	Refused      = wire.Refused
	Busy         = wire.Busy
	Engine       = wire.Engine
	Protocol     = wire.Protocol

	NoDoubt  = wire.NoDoubt
	Acted    = wire.Acted
	UnderWay = wire.UnderWay

	RetryForever = wire.RetryForever
	RetryBounded = wire.RetryBounded
	GiveUp       = wire.GiveUp
)

// RetryOf returns what to do with the same utterance after a client's err. If err is not an *Error, such as
// rt.ErrStopped, the utterance is not at fault: RetryForever.
func RetryOf(err error) Retry {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Retry()
	}
	return RetryForever
}

// MayMeanNoStreams tells whether a refused stream may mean that the service accepts no streams: any 4xx except 401, which is
// about the token.
func MayMeanNoStreams(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status/100 == 4 && e.Status != http.StatusUnauthorized
}
