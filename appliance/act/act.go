// Package act says what it is to act on a text, as values: what a home consists of, what somebody wants of it, which calls carry that
// out, and what truly came of them. Who reads sentences (act/sentence), who calls backends (act/home and its neighbours), the nodes and
// the network side all speak in these values, and know nothing of each other.
//
// Guarantees:
//
//   - An Answer never says that something was done which no backend has confirmed: Executed, Verified and Reason are kept apart.
//   - A Request is acted on once. The same ID is answered as before, also after a restart.
//   - Whatever is too large or too much is refused with an error that names the limit.
package act

import (
	"cmp"
	"context"
	"time"

	"orac/appliance/thread"
)

// Limits of what people and peers send. The network side refuses what is larger before it reads it; the graph checks it again.
const (
	MaxText     = 2000 // bytes of a text
	MaxID       = 200  // bytes of an ID
	MaxName     = 100  // bytes of the name of a topic, an instance, a slot
	MaxCommands = 8    // in one text
	MaxTargets  = 200  // of one command
)

// Request is a text to act on.
type Request struct {
	ID      string // the utterance's, or the caller's Idempotency-Key; "" is always new
	Topic   string
	Text    string
	From    string    // who asks: a listener, an account, a person
	Session string    // within which "it" and "there" keep their meaning: an instance or a login; "" has none
	Area    string    // where the speaker is; "" if unknown
	Said    time.Time // when the last word was spoken; zero: now
	Undated bool      // the clock was set back since, so that nobody knows how long ago that is
	Trace   string    // the request ID that goes on to backends and into logs
	Parent  string    // the step that asks, as a traceparent: see thread; "" if nobody told
	DryRun  bool      // say what would be done, and do nothing

	Utterance string // ID of the recording that it was said in; "" for none
}

// Thread is what the request belongs to: the ID goes on to backends and into logs.
func (r Request) Thread() thread.Thread {
	return thread.Thread{ID: cmp.Or(r.Trace, r.ID), Parent: r.Parent}
}

// Tier is how a text was understood. The first that matches wins.
type Tier string

// The tiers, in their order.
const (
	Correction Tier = "correction" // "that was wrong"
	Sentence   Tier = "sentence"   // a template, word by word
	Near       Tier = "near"       // a template, with names that sound or look alike
	Learnt     Tier = "learnt"     // a language model understood it before
	ByModel    Tier = "model"      // a language model chose among what is possible
	Handed     Tier = "handed"     // the conversation of a backend was handed the text
	NoTier     Tier = ""           // not understood
)

// Tiers are all of them in their order, without NoTier.
var Tiers = []Tier{Correction, Sentence, Near, Learnt, ByModel, Handed}

// Command is one thing that somebody wants.
type Command struct {
	Intent  string   // of an intent block, or of the English that ORAC brings: see sentence.English
	Backend string   // name of the backend block that carries it out; "" for what ORAC does itself (time, date)
	Targets []string // IDs of the entities that are meant, sorted; none for what has no entity
	Slots   []Slot   // in the order of the words
	Words   string   // the part of the text
}

// Slot is a value that was said.
type Slot struct {
	Name  string
	Value Value
	Words string // as they were said
}

// Value is a string, a number with its unit, or a duration: exactly one is set.
type Value struct {
	Text   string
	Number *float64
	Unit   string // "%", "°C", "s", "" …; only beside Number
}

// Reading is what a text was understood as.
type Reading struct {
	Tier     Tier
	Commands []Command
	Changes  int      // letters by which the words differ from the template's; 0 but for Near
	Score    float64  // 0 to 1; 1 for Sentence
	Why      string   // why nothing was understood; "" if something was
	Near     []string // what may have been meant, for people; at most 3
}

// Call is a request to a backend. It says the same in a dry run, in the history and on the wire.
type Call struct {
	Backend string
	Intent  string
	Service string         // "light.turn_on", an MQTT topic, a URL's path, a program
	Targets []string       // entities
	Data    map[string]any // JSON: strings, float64, bool, lists and maps of them
	// Payload is what is sent instead of Data; "" sends Data. Arguments are those of a program.
	Payload   string
	Arguments []string
	Asks      bool          // it reads a state and changes nothing
	Expect    []Expectation // what proves it; empty: nothing can
}

// Expectation is a state that proves a call. Without State and Attribute any change of the entity after the call does.
type Expectation struct {
	Entity    string   // for MQTT: a topic
	State     []string // one of these; empty: any
	Attribute string   // "" for none
	Text      string   // of the attribute, if it is no number
	Value     float64  // of the attribute, within Within
	Within    float64
}

// Verdict is what is known of what a call did.
type Verdict string

// What may be known.
const (
	Proven   Verdict = "proven"    // the states that came back show it
	Already  Verdict = "already"   // it was so before; a success
	Unproven Verdict = "unproven"  // accepted, and nothing can or did prove it within the deadline
	Failed   Verdict = "failed"    // refused, or the states show otherwise
	Unknown  Verdict = "unknown"   // the backend may have done it: its answer did not come. It is never sent again
	NotTried Verdict = "not tried" // an earlier one failed, it expired, or it was a dry run
)

// Good tells whether a verdict is a success.
func (v Verdict) Good() bool { return v == Proven || v == Already }

// Outcome is what came of a call.
type Outcome struct {
	Call     Call
	Verdict  Verdict
	Reason   string // in plain words; "" if there is nothing to say
	Entities []EntityOutcome
	Reply    string    // what a conversation or a question was answered, for people
	Sent     time.Time // zero if it was not
	Answered time.Time
	Proof    time.Time
	Number   int `json:"-"` // among the calls that were made for its request, from 1; 0 if it was not made
}

// EntityOutcome is what came of a call for one entity.
type EntityOutcome struct {
	Entity        string
	Before, After State
	Verdict       Verdict
	Reason        string
}

// Answer is the truth about a request.
type Answer struct {
	ID         string
	Topic      string
	Text       string
	Understood bool
	Executed   bool // the backend has accepted all of it
	Verified   bool // all of it is proven, or was so already
	Reason     string
	Speech     string // one sentence for people; never says more than is verified
	Reading    Reading
	Outcomes   []Outcome
	Undone     []Outcome     // what a correction restored
	Repeated   bool          // it was answered before, under the same ID
	Refused    bool          // it was not acted on, for the Reason
	Expired    *ExpiredError `json:",omitempty"` // why it was not: it came too late
	Model      string        // name of the language model that was asked; "" for none

	Said, Came, ReadAt, ExecutedAt, VerifiedAt time.Time // zero: not reached
}

// Home is the vocabulary of a backend: what there is, and how people call it. It is immutable; another one has another Version. Lists
// are sorted by ID.
type Home struct {
	Backend  string
	Version  string // hash of everything that sentences can name
	Entities []Entity
	Areas    []Area
	Floors   []Floor
	Services map[string]bool // "light.turn_on"; nil: not known
}

// Entity is a thing that can be switched, set or asked.
type Entity struct {
	ID       string // "light.kitchen"
	Domain   string // light, switch, cover, climate, fan, media_player, scene, lock, vacuum, sensor, binary_sensor, …
	Class    string // device_class: garage, door, temperature, …; "" for none
	Name     string
	Aliases  []string
	Area     string   // ID; "" for none
	Members  []string // entities of a group
	Unit     string
	Features uint32 // supported_features of Home Assistant
	Enabled  bool   // sentences may name it
}

// Area is a room.
type Area struct {
	ID, Name, Floor string
	Aliases         []string
}

// Floor is a storey.
type Floor struct {
	ID, Name string
	Level    int
	Aliases  []string
}

// State is how an entity is.
type State struct {
	Entity  string
	State   string             // "on", "off", "open", "21.5", "unavailable", …
	Numbers map[string]float64 // brightness, current_position, temperature, volume_level, percentage, …
	Texts   map[string]string  // hvac_mode, source, …
	Changed time.Time
}

// Core is the acting side of an appliance. Its methods may be called from anywhere.
type Core interface {
	// Ask acts on a text and returns what came of it. Its error is a *BusyError, *amount.TooMuchError, *TopicError, *ExpiredError, a
	// *status.Refusal while the appliance stops, or that of ctx. A text that is not understood, and a device that fails, are no
	// errors: the Answer says so. When ctx ends after a call has gone out, the answer is kept under its ID.
	Ask(ctx context.Context, r Request) (Answer, error)
	// Beat takes a heartbeat of topics. It never waits for a backend.
	Beat(ctx context.Context, b Beat) (BeatAnswer, error)
	// State is everything that is known of topics, backends, language models and the last commands.
	State(ctx context.Context) (CoreState, error)
	// Home is the vocabulary of a backend with the present states; ErrNoBackend if there is none of that name.
	Home(ctx context.Context, backend string) (*Home, []State, error)
	// Commands are the last answers, the newest first; at most limit. topic "" is all.
	Commands(ctx context.Context, topic string, limit int) ([]Answer, error)
	// Forget removes learnt answers: of one text, or of all if text is "". It returns how many.
	Forget(ctx context.Context, topic, text string) (int, error)
	// Learnt are the learnt answers.
	Learnt(ctx context.Context) ([]LearntAnswer, error)
	// Refresh fetches the vocabulary of a backend anew.
	Refresh(ctx context.Context, backend string) error
}

// Beat is which topics an instance listens for.
type Beat struct {
	From       string
	InstanceID string
	Source     string
	Topics     []BeatTopic // at most 100
}

// BeatTopic is one of them.
type BeatTopic struct {
	Name     string
	Status   string // "active", "idle"
	WakeWord string
	Triggers int
}

// BeatAnswer counts what a heartbeat named.
type BeatAnswer struct{ Processed, Created int }

// LearntAnswer is what a language model understood once, and what proved right.
type LearntAnswer struct {
	Topic, Text string
	Area        string // where it was said: it counts there alone
	Commands    []Command
	Version     string // of the vocabulary: with another one it counts no more
	Hits        int
	Made, Used  time.Time
	Expires     time.Time
}

// CoreState is a view of the acting side. Lists are bounded and sorted by name.
type CoreState struct {
	Topics   []TopicState
	Backends []BackendState
	Models   []ModelState
	Counts   Counts
	Waiting  int // requests
	Last     *Answer
}

// TopicState is a topic that is declared, or that heartbeats name.
type TopicState struct {
	Name     string
	Declared bool
	Enabled  bool
	Backends []string
	Model    string   // of the language_model block; "" for none
	Intents  int      // templates that it understands
	Problems []string // of its sentences, with the present vocabulary; at most 20
	Version  string
	WakeWord string
	Triggers int
	First    time.Time
	Used     time.Time
	Beat     time.Time
	Count    int

	Waiting    int    // requests
	Learnt     int    // answers
	Remembered int    // requests, in the journal
	Damaged    int    // files of the journal that were set aside
	Error      string // why the journal cannot be written
	Tally      Tally
}

// BackendState is how a backend is.
type BackendState struct {
	Name      string
	Protocol  string
	Connected bool
	Version   string // of the program
	Error     string
	Entities  int
	Enabled   int
	Areas     int
	Synced    time.Time
	Calls     Counts
}

// ModelState is how a language model is.
type ModelState struct {
	Name, URL string
	Waiting   int
	Error     string
	Asked     int
	Rejected  int // answers that named something which does not exist
}

// Counts are since the start of the process.
type Counts struct {
	Asked, Understood, NotUnderstood, Executed, Verified, Failed, Unproven, Unknown, Expired, Repeated int
}
