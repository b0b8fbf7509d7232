package sttrole

import "time"

// States of an engine.
const (
	EngineIdle    = "idle" // its model is not loaded; it is when somebody speaks
	EngineLoading = "loading"
	EngineReady   = "ready"
	EngineBusy    = "busy"
	EngineFailed  = "failed"
)

// State is what a server knows of itself. Its lists are bounded and sorted: instances and topics by name, transcripts newest first.
type State struct {
	Name        string // of the block
	Engine      Engine
	Queue       Queue
	Counts      Counts
	Instances   []Instance
	Topics      []Topic
	Transcripts []Transcript
	Forwards    []Forward
	Idempotent  bool // a repeated utterance is answered as before
}

// Engine is what transcribes.
type Engine struct {
	Name  string // of the stt block
	Model string // as the runbook names it, or the protocol of a service elsewhere
	State string
	Cause string // why it failed; "" if it did not
}

// Queue is what waits for the engine.
type Queue struct {
	Waiting, Running, Limit int
}

// Counts are since the start of the process.
type Counts struct {
	Served   int // with a text
	Nothing  int // in which nothing was understood
	Failed   int // by the engine
	Busy     int // refused: the queue was full
	Refused  int // for their size or shape
	Repeated int // answered again
	Left     int // whose peer went away before the answer
}

// Instance is an appliance that sends heartbeats.
type Instance struct {
	InstanceID string
	Source     string
	Peer       Peer
	Age        time.Duration // of its last heartbeat
	Last       time.Time
	Models     []BeatModel
}

// Stale tells what the existing service calls so: an instance that is about to be forgotten.
func (i Instance) Stale(forget time.Duration) bool { return i.Age > forget }

// Topic is where texts go.
type Topic struct {
	Name      string
	Active    bool      // a living instance listens for it
	WakeWords []string  // at most MaxModels, by name
	Core      string    // name of the core block that its texts go to; "" for none
	Count     int       // utterances since the start
	Triggers  int       // as the instances count them
	Triggered time.Time // when an instance last heard one of its wake words
	Last      time.Time // when an utterance last came
}

// Transcript is an utterance that was answered.
type Transcript struct {
	Heard
	At       time.Time
	Peer     Peer
	Streamed bool
	Sound    bool   // Server.Sound has it
	Error    string // why it failed; "" if it did not
}

// Forward is how texts reach a Core.
type Forward struct {
	Core    string // name of the block
	Waiting int
	Aside   int
	Dropped int
	Error   string // why Core does not take them now; "" if it does, or none was sent yet
}
