// Package record has the rows of the history as values. Who writes or reads rows needs no database: package store keeps them.
package record

import "time"

// Detection is a wake word that was heard.
type Detection struct {
	ID        string // unique for ever
	At        time.Time
	Device    string
	Listener  string
	Model     string
	Class     string // of a model with several, such as "5_minute_timer"; else empty
	WakeWord  string
	Score     float64 // 0 to 1
	Threshold float64 // 0 to 1
}

// Utterance is a recording. Its sound is in the spool until delivered, never here.
type Utterance struct {
	ID          string // unique for ever
	DetectionID string
	Listener    string
	Started     time.Time
	Ended       time.Time // zero while recording
	Seconds     float64   // of sound, pre-roll included
	Why         string    // why the recording ended: "silence", "max", "device", …
	Lost        bool      // its sound was lost before any service had it
	Server      string    // of a peer's utterance: the stt_server block that was asked
	Peer        string    // who sent it; "" if this appliance heard it
}

// Outcome is how the delivery of an utterance to a service ended.
type Outcome string

const (
	Delivered Outcome = "delivered" // the service answered with text
	Empty     Outcome = "empty"     // the service answered that it heard no speech
	Failed    Outcome = "failed"    // given up: the service will not or cannot take it
	Dropped   Outcome = "dropped"   // the spool was full: the oldest was dropped
)

// Delivery is how the delivery of an utterance to one service ended.
type Delivery struct {
	UtteranceID string
	STT         string // the runbook's name of the service
	Outcome     Outcome
	Attempts    int
	Way         string // "http", "ws", "wyoming", "exec", "engine", or "peer" for what a peer sent
	At          time.Time
	Error       string  // the last one; empty if there was none
	Seconds     float64 // from the end of the recording to the answer; 0 if that is not known
}

// Transcript is what a service understood.
type Transcript struct {
	UtteranceID    string
	STT            string
	Text           string  // what was said; empty if nothing was
	Original       string  // the service's own text if it differs: with timestamps, names of speakers, descriptions of sounds
	Confidence     float64 // 0 to 1
	Language       string
	ProcessingTime time.Duration
}

// Told is an utterance with everything that is known of it.
type Told struct {
	Utterance
	Deliveries  []Delivery
	Transcripts []Transcript
	Commands    []Command // that came of it
}

// Command is a text that was acted on, or that could not be, and what came of it.
type Command struct {
	ID        string // under which it was asked for; unique within its topic
	Topic     string
	At        time.Time // when it came
	Utterance string    // ID of the recording that it was said in; "" for none
	From      string    // who asked
	Tier      string    // how it was understood: see act.Tier
	Result    string    // see act.Result
	Answer    []byte    // all that is known, an act.Answer as JSON; at most MaxAnswer
}

// Mute is that a listener, or all of them, stopped listening because somebody wanted it so, or listens again.
type Mute struct {
	At       time.Time
	Listener string    // "" for all of them
	Muted    bool      // false: it listens again
	By       string    // who wanted it so, as in status.Mute; "" if the time of the mute was over
	Until    time.Time // when it is to listen again; zero: when somebody unmutes it
}

// MaxAnswer bounds what is kept of a command, in bytes.
const MaxAnswer = 16 << 10

// Restart is a component that was restarted. (Incidents are kept as status.Incident.)
type Restart struct {
	ID        string        `json:"id"` // unique for ever
	Component string        `json:"component"`
	Reason    string        `json:"reason"`
	At        time.Time     `json:"at"`
	Duration  time.Duration `json:"duration_ns"` // from the old instance's end until the new one was at work
	// Age is how old the state directory was then (provenclock.Clock.Elapsed); 0 if that is not known.
	Age time.Duration `json:"-"`
}

// Row is one row: one of these, or a delivery with the transcript that it brought.
type Row struct {
	Detection  *Detection
	Utterance  *Utterance
	Delivery   *Delivery
	Transcript *Transcript
	Command    *Command
	Mute       *Mute
}
