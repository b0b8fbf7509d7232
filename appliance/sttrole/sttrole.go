// Package sttrole says what an STT server of ORAC is asked, and what it answers, as values. The network side (web/sttserver) asks;
// the graph answers. Neither knows the other.
//
// Guarantees:
//
//   - Every call ends: with an answer, with one of the errors of this package, or when its context does.
//   - A call whose context has ended costs nothing: its work is taken out of the queue. What was handed on to be forwarded is
//     forwarded.
//   - An utterance that a peer sends again under the same ID is answered as before and acted on once.
//   - Whatever is too large or too much is refused with an error that names the limit; nothing is cut short silently.
package sttrole

import (
	"context"
	"time"
)

// Limits of what peers send. The network side refuses what is larger before it reads it; the graph checks it again.
const (
	Rate = 16000 // samples a second, mono

	MaxID        = 200 // bytes of an utterance's ID, or of an instance's
	MaxName      = 100 // bytes of the name of a model, a topic, a wake word, a source
	MaxModels    = 100 // of a heartbeat
	MaxSamples   = 60 * Rate
	GeneralTopic = "general" // the topic of what names none, or one that cannot be
)

// Server is an STT server of the runbook. Its methods may be called from anywhere.
type Server interface {
	// Transcribe returns what was said. Its error is a *BusyError, *TooLongError, *amount.TooMuchError, *ReusedError, *EngineError, a
	// *status.Refusal while the appliance stops, or that of ctx. An utterance in which nobody spoke is no error: see
	// Heard.Nothing.
	Transcribe(ctx context.Context, h Hearing) (Heard, error)
	// Beat takes a heartbeat. It never waits for the engine or for a Core. Its error is a *amount.TooMuchError or that of ctx.
	Beat(ctx context.Context, b Beat) (BeatAnswer, error)
	// Preload makes the engine load its model, and returns at once. The state tells when it has.
	Preload(ctx context.Context) error
	// State is everything that the server knows of itself.
	State(ctx context.Context) (State, error)
	// Sound is the sound of a kept transcript, as a WAV file; ErrNoSound if there is none.
	Sound(ctx context.Context, id string) ([]byte, error)
}

// Peer is who asks, as the gate has found out.
type Peer struct {
	Name    string // of the service account, the API key or the runbook's peer block
	Address string // its IP address, without a port
	Legacy  bool   // the runbook lets it in by its address alone
}

// Hearing is an utterance to be transcribed.
type Hearing struct {
	ID       string // the peer's own name for it (Idempotency-Key); "" if it has none: then it is always new
	Trace    string // ID of the request that it came with: it goes on to Core
	Parent   string // the step of the peer's trace that it belongs to, as a traceparent: see thread; "" if the peer told none
	Peer     Peer
	Topic    string // as the peer wrote it: see TopicOf
	WakeWord string // if the peer says it; otherwise heartbeats tell it
	Language string // that the peer asks for; "" leaves it to the engine
	Task     string // transcribe, translate, or ""
	// ForwardToCore is what the peer asks for; nil leaves it to the runbook.
	ForwardToCore *bool
	Wake          time.Time // when the wake word was heard; zero if the peer did not say
	End           time.Time // when the recording ended; zero if the peer did not say
	Cut           string    // why the recording was cut off (X-Recording-Cut); "" if it was not
	Streamed      bool      // it came while the person spoke, not in one request
	PCM           []int16   // 16 kHz mono, whole; the caller does not change it any more
}

// Heard is what was said.
type Heard struct {
	ID         string // of the transcript, for Server.Sound
	Text       string // "" if nothing was understood: Nothing tells why
	Original   string // before wake words were stripped from it
	Topic      string // that it counts for
	Confidence float64
	Language   string
	Duration   time.Duration // of the sound
	Processing time.Duration // of the engine, without the time in the queue
	Nothing    string        // why there is no text: silence, noise, loop, …; "" if there is one
	Repeated   bool          // it was answered before, under the same ID
	Forward    Forwarding
}

// Forwarding tells what becomes of a text after the answer.
type Forwarding string

// What may become of a text.
const (
	NotForwarded Forwarding = ""        // no Core is declared, or the peer wants none
	Blank        Forwarding = "nothing" // there is no text that Core could act on
	Queued       Forwarding = "queued"  // it is on the disk, and will be sent to Core
)

// Beat is a heartbeat: which wake words listen somewhere.
type Beat struct {
	Peer           Peer
	InstanceID     string
	Source         string
	At             time.Time // as the sender says; zero if it does not
	Models         []BeatModel
	Activations1h  int
	LastActivation time.Time
}

// BeatModel is a wake word that listens for an instance.
type BeatModel struct {
	Name          string
	Topic         string
	Type          string
	Status        string // only "active" counts
	WakeWord      string
	TriggerCount  int
	LastTriggered time.Time
}

// Active tells whether the model counts.
func (m BeatModel) Active() bool { return m.Status == "active" }

// BeatAnswer is what a heartbeat is told.
type BeatAnswer struct {
	Active int // models that count
	Topics int // that they belong to
}

// TopicOf is the topic that a name from the network counts for: existing servers send other characters than letters, digits and _
// to general. ok is false if the name was replaced.
func TopicOf(name string) (topic string, ok bool) {
	if name == "" {
		return GeneralTopic, true
	}
	if len(name) > MaxName {
		return GeneralTopic, false
	}
	for _, r := range []byte(name) {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' {
			return GeneralTopic, false
		}
	}
	return name, true
}
