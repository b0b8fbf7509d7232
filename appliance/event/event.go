// Package event holds what happens in an appliance, as values. Nodes publish them; the store, the terminal, health and the
// console read them. An event is a report: nothing in the path from sound to delivery depends on one being read.
//
// Kinds is the one table of the kinds. Whoever shows, logs, sends, reads or judges events asks the table instead of keeping a
// list. The package guarantees that an event survives its JSON (except for Origin, which is not in it), and that reading JSON
// from outside returns an event of the table or an error.
package event

import (
	"fmt"
	"math"
	"time"

	"orac/appliance/amount"
)

// Event is something that happened.
type Event struct {
	At   time.Time // time of day
	Node string    // address of the node that reports it
	Body Body
}

// Body is what happened; its Kind is stable, lower-case, and names the Go type.
type Body interface{ Kind() string }

// Origin is where an utterance comes from, for nodes that report it to others. It is not part of an event's
// JSON.
type Origin struct {
	Wake     string // ID of the detection
	Device   string
	Listener string
	WakeWord string
	Topic    string
}

// DeviceOpened: sound is expected from a device.
type DeviceOpened struct {
	Device   string `json:"device"`
	Identity string `json:"identity"`
	Opens    int    `json:"opens"` // how often it was opened since the start
	Hop      int64  `json:"hop"`   // the number of the first hop that it will send
}

// Listening: the first hop of a listener was scored.
type Listening struct {
	Listener string   `json:"listener"`
	Models   []string `json:"models"`
}

// DeviceLost: no sound comes from a device until the next DeviceOpened.
type DeviceLost struct {
	Device string `json:"device"`
	Cause  string `json:"cause"`
	Retry  string `json:"retry"` // when the next try is made
	// Evidence is what was known of the device, its process and the last hops before it was closed by force.
	Evidence string `json:"evidence,omitempty"`
}

// DeviceEnded: the sound of a file is over.
type DeviceEnded struct {
	Device string `json:"device"`
}

// Level is the loudness of one hop.
type Level struct {
	Device string  `json:"device"`
	RMS    float32 `json:"rms"` // int16 scale
	Peak   int     `json:"peak"`
}

// Score is what a model said about one hop.
type Score struct {
	Device string  `json:"device"`
	Model  string  `json:"model"`
	Score  float32 `json:"score"`
}

// Wake: a model fired.
type Wake struct {
	ID        string  `json:"id"`
	Device    string  `json:"device"`
	Listener  string  `json:"listener"`
	Model     string  `json:"model"`
	Class     string  `json:"class,omitempty"`
	WakeWord  string  `json:"wake_word"`
	Topic     string  `json:"topic"`
	Score     float32 `json:"score"`
	Threshold float32 `json:"threshold"`
	Hop       int64   `json:"hop"`
}

// RecordingStarted: an utterance is being recorded.
type RecordingStarted struct {
	Utterance string `json:"utterance"`
	Wake      string `json:"wake"`
	Listener  string `json:"listener"`
	Of        Origin `json:"-"`
}

// RecordingEnded: an utterance is complete.
type RecordingEnded struct {
	Utterance string  `json:"utterance"`
	Wake      string  `json:"wake"`
	Listener  string  `json:"listener"`
	Seconds   float64 `json:"seconds"`
	Why       string  `json:"why"`           // silence, limit, device lost, the sound is over, stopped, restarted, cut by a restart, kept in part
	Cut       bool    `json:"cut,omitempty"` // it was cut off: the person may have continued to speak
	Of        Origin  `json:"-"`
}

// Spooled: what happened to an utterance's copy on disk.
type Spooled struct {
	Utterance string `json:"utterance"`
	Where     string `json:"where"` // disk, memory
	Cause     string `json:"cause,omitempty"`
}

// Salvaged: an utterance was found in the spool at the start.
type Salvaged struct {
	Utterance string  `json:"utterance"`
	Seconds   float64 `json:"seconds"`
	Cut       bool    `json:"cut"` // its recording had not ended
	Why       string  `json:"why"` // see RecordingEnded
	Of        Origin  `json:"-"`
}

// Dropped: an utterance was lost, and why.
type Dropped struct {
	Utterance string `json:"utterance"`
	Cause     string `json:"cause"`
	Of        Origin `json:"-"`
}

// DeliveryStarted: an utterance is on its way to a speech-to-text service.
type DeliveryStarted struct {
	Utterance string `json:"utterance"`
	STT       string `json:"stt"`
	By        string `json:"by,omitempty"` // the service that stands in for it: see Fallback
	Way       string `json:"way"`          // ws, http, exec, engine; check: asked for proof that nobody spoke
	Attempt   int    `json:"attempt"`
}

// DeliveryFailed: an attempt failed; the utterance stays in the spool.
type DeliveryFailed struct {
	Utterance string `json:"utterance"`
	STT       string `json:"stt"`
	By        string `json:"by,omitempty"` // the service that stands in for it: see Fallback
	Way       string `json:"way"`
	Attempt   int    `json:"attempt"`
	Cause     string `json:"cause"`
	Retry     string `json:"retry"`            // what comes next
	Denied    bool   `json:"denied,omitempty"` // the service does not recognise us, or rejects us
	Of        Origin `json:"-"`
}

// DeliveryRepeated: an utterance is sent again although the service may have acted on it. The service may have received all of
// it, and its answer did not come, or could not be read.
type DeliveryRepeated struct {
	Utterance string  `json:"utterance"`
	STT       string  `json:"stt"`
	Attempt   int     `json:"attempt"`
	Waited    float64 `json:"waited"` // seconds, until nothing of it can be under way any more
	Cause     string  `json:"cause"`
}

// Delivered: the service answered; the utterance has left the spool.
type Delivered struct {
	Utterance  string  `json:"utterance"`
	STT        string  `json:"stt"`
	By         string  `json:"by,omitempty"` // the service that stands in for it: see Fallback
	Way        string  `json:"way"`
	Attempts   int     `json:"attempts"`
	Outcome    string  `json:"outcome"`            // delivered, empty, failed
	Text       string  `json:"text"`               // what was said, without the markers of the service
	Original   string  `json:"original,omitempty"` // the service's own text, if it differs
	Confidence float64 `json:"confidence"`
	Language   string  `json:"language,omitempty"`
	Seconds    float64 `json:"seconds"`       // from the end of the recording to the answer
	Cut        bool    `json:"cut,omitempty"` // the recording was cut off: the text may lack its end
	Why        string  `json:"why,omitempty"` // why it was cut off; see RecordingEnded
	Cause      string  `json:"cause,omitempty"`
	Repeated   bool    `json:"repeated,omitempty"` // see DeliveryRepeated: it may have been acted on more than once
	Of         Origin  `json:"-"`
}

// STTHealth: whether a service answers its health check, on each change.
type STTHealth struct {
	STT    string `json:"stt"`
	OK     bool   `json:"ok"`
	Status string `json:"status"`
	Denied bool   `json:"denied,omitempty"` // see DeliveryFailed
}

// Streaming: whether utterances are streamed to a service that could accept streams, on each change. While they are not
// streamed, they are sent by HTTP.
type Streaming struct {
	STT string `json:"stt"`
	On  bool   `json:"on"`
	Why string `json:"why,omitempty"` // it is off
}

// Fallback: which of the services of one element of deliver gets utterances, on each change.
type Fallback struct {
	STT   string `json:"stt"`             // the first of them
	By    string `json:"by,omitempty"`    // the one that stands in for it; absent once the first answers again
	Cause string `json:"cause,omitempty"` // why the first does not
}

// Partial: what an engine has understood so far, while the person still speaks. The text may still change.
type Partial struct {
	Utterance string `json:"utterance"`
	STT       string `json:"stt"`
	Text      string `json:"text"`
	Of        Origin `json:"-"`
}

// Engine: what the process of an engine does, on each change.
type Engine struct {
	STT     string  `json:"stt"`
	Model   string  `json:"model"`
	State   string  `json:"state"`                  // loading, ready, let go, failed
	Cause   string  `json:"cause,omitempty"`        // why it failed, or was let go
	Retry   string  `json:"retry,omitempty"`        // when it is started again
	Seconds float64 `json:"seconds,omitempty"`      // that loading took
	Memory  int64   `json:"memory_bytes,omitempty"` // of its process, when it was ready
}

// Heartbeat: whether the server accepts heartbeats, on each change. A failed heartbeat was tried
// twice.
type Heartbeat struct {
	Endpoint string `json:"endpoint"`
	OK       bool   `json:"ok"`
	Topics   int    `json:"topics"`
	Cause    string `json:"cause,omitempty"`
	Late     bool   `json:"late,omitempty"`   // the answer did not come in time: the server waits for others
	Retry    string `json:"retry,omitempty"`  // "every 30s"
	Denied   bool   `json:"denied,omitempty"` // see DeliveryFailed
}

// WebhookFailed: a webhook did not accept an event, which now waits.
type WebhookFailed struct {
	Webhook string `json:"webhook"`
	Event   string `json:"event"` // ID
	Type    string `json:"type"`  // wake, transcript, …
	Attempt int    `json:"attempt"`
	Cause   string `json:"cause"`
	Denied  bool   `json:"denied,omitempty"` // the credentials or the address are wrong: it stays so until a person fixes it
	Gone    bool   `json:"gone,omitempty"`   // the receiver no longer exists: nothing is sent to it
}

// WebhookTaken: a webhook has accepted an event.
type WebhookTaken struct {
	Webhook  string `json:"webhook"`
	Event    string `json:"event"`
	Type     string `json:"type"`
	Attempts int    `json:"attempts"`
}

// WebhookAside: an event was set aside because the webhook does not accept it.
type WebhookAside struct {
	Webhook string `json:"webhook"`
	Event   string `json:"event"`
	Type    string `json:"type"`
	Cause   string `json:"cause"`
	InARow  int    `json:"in_a_row"` // how many were set aside since one was accepted
}

// WebhookDropped: an event was lost: it was too old, there was no room, or a person dropped it.
type WebhookDropped struct {
	Webhook string `json:"webhook"`
	Event   string `json:"event"`
	Type    string `json:"type"`
	Cause   string `json:"cause"`
}

// Served: an STT server answered an utterance of another machine, or could not.
type Served struct {
	Server     string  `json:"server"`
	Utterance  string  `json:"utterance,omitempty"` // the ID of the transcript
	Peer       string  `json:"peer"`                // who sent it: a service account, an API key, or a peer without a login
	Address    string  `json:"address"`
	Topic      string  `json:"topic"`
	Text       string  `json:"text"`               // empty: nothing was understood, or it failed
	Original   string  `json:"original,omitempty"` // before the wake word was removed
	Confidence float64 `json:"confidence"`
	Language   string  `json:"language,omitempty"`
	Seconds    float64 `json:"seconds"` // of sound
	Took       float64 `json:"took"`    // seconds that the engine needed
	Waited     float64 `json:"waited"`  // seconds that the utterance waited for the engine
	Streamed   bool    `json:"streamed"`
	Nothing    string  `json:"nothing,omitempty"`  // why there is no text
	Cause      string  `json:"cause,omitempty"`    // why it failed
	InARow     int     `json:"in_a_row,omitempty"` // failures of the engine since it worked
	Busy       bool    `json:"busy,omitempty"`     // the queue was full; the peer was told to come back
}

// Instance: another appliance has begun to send heartbeats to an STT server, or has sent none for so long that it is forgotten.
type Instance struct {
	Server   string `json:"server"`
	Instance string `json:"instance"`
	Source   string `json:"source,omitempty"`
	Peer     string `json:"peer"`
	Address  string `json:"address"`
	Models   int    `json:"models"` // that are active
	Present  bool   `json:"present"`
}

// Forwarded: what became of a text for a Core.
type Forwarded struct {
	Core     string `json:"core"`
	Event    string `json:"event"`   // the ID of the text in its queue
	Outcome  string `json:"outcome"` // done, waiting (tried again), aside (set aside for people), lost
	Cause    string `json:"cause,omitempty"`
	Attempts int    `json:"attempts,omitempty"`
	Denied   bool   `json:"denied,omitempty"`   // Core will refuse until a person changes something
	Unknown  bool   `json:"unknown,omitempty"`  // Core may have acted on it, so it is not sent again
	InARow   int    `json:"in_a_row,omitempty"` // how many were set aside since Core accepted one
}

// DoorOpened: a service for other programs is offered on the network.
type DoorOpened struct {
	Listen string `json:"listen"`
	Serves string `json:"serves"` // stt or wake
}

// Answered: a client of such a service got an answer: a text, or a wake word.
type Answered struct {
	Address string  `json:"address"`           // of the client
	Text    string  `json:"text"`              // empty: nothing was understood, or it failed
	Model   string  `json:"model,omitempty"`   // whose wake word was heard
	Seconds float64 `json:"seconds,omitempty"` // of sound
	Took    float64 `json:"took,omitempty"`    // seconds from the end of the sound to the text
	Cause   string  `json:"cause,omitempty"`   // why it failed
}

// DoorFailed: it is not offered.
type DoorFailed struct {
	Listen string `json:"listen"`
	Cause  string `json:"cause"`
	Retry  string `json:"retry"`
}

// Overrun: hops were lost before a node could read them.
type Overrun struct {
	Port string `json:"port"`
	Hops int    `json:"hops"`
}

// NodeFailed: a node ended by itself and is being restarted.
type NodeFailed struct {
	Cause string `json:"cause"`
	Stack string `json:"stack,omitempty"`
	Retry string `json:"retry"`
}

// NodeLeaked: an instance did not stop in time; it is fenced off, and still holds what it claims.
type NodeLeaked struct {
	Claim string `json:"claim,omitempty"`
}

// String says what is wrong, for a person who knows which node it is.
func (b NodeLeaked) String() string {
	if b.Claim == "" {
		return "it did not stop in time"
	}
	return "it did not stop in time and still holds " + b.Claim
}

// StoreFailed and StoreBack: history is no longer written, or is written again.
type StoreFailed struct {
	Cause string `json:"cause"`
}

// StoreBack: see StoreFailed.
type StoreBack struct {
	Lost int `json:"lost"` // events that were not written in between
}

// ClockJumped: the wall clock jumped for no known reason. Nothing is deleted because of it.
type ClockJumped struct {
	By     float64 `json:"by"`     // seconds, forwards, or back if negative
	Start  bool    `json:"start"`  // found at the start: the clock differs from what ORAC's last run leads us to expect
	Proven bool    `json:"proven"` // the network confirms the clock as it is now
}

// String describes the jump for a person.
func (b ClockJumped) String() string {
	by := time.Duration(math.Abs(b.By) * float64(time.Second))
	where := "ahead of"
	if b.By < 0 {
		where = "behind"
	}
	text := fmt.Sprintf("it is %s %s where it was", amount.Span(by), where)
	if b.Start {
		text = fmt.Sprintf("it is %s %s when ORAC ran last", amount.Span(by), where)
	}
	if !b.Proven {
		text += ", and the network does not confirm it"
	}
	return text
}

// IncidentTold: an incident has opened or closed. The monitor reports it to webhooks.
type IncidentTold struct {
	ID        string  `json:"id"`
	Component string  `json:"component"`
	Cause     string  `json:"cause"`
	Closed    bool    `json:"closed"`
	Seconds   float64 `json:"seconds"` // how long it lasted; 0 while it is open
	Of        Origin  `json:"-"`       // the device or the listener that the component belongs to
}

// HealthTold: a component, or the appliance as a whole, is in better or worse health than before. The monitor reports it to
// webhooks.
type HealthTold struct {
	Component string `json:"component"` // "appliance" means the whole
	From      string `json:"from"`      // empty: it was not known
	To        string `json:"to"`
	Why       string `json:"why,omitempty"`
	Of        Origin `json:"-"` // see IncidentTold
}

func (DeviceOpened) Kind() string     { return "device_opened" }
func (Listening) Kind() string        { return "listening" }
func (DeviceLost) Kind() string       { return "device_lost" }
func (DeviceEnded) Kind() string      { return "device_ended" }
func (Level) Kind() string            { return "level" }
func (Score) Kind() string            { return "score" }
func (Wake) Kind() string             { return "wake" }
func (RecordingStarted) Kind() string { return "recording_started" }
func (RecordingEnded) Kind() string   { return "recording_ended" }
func (Spooled) Kind() string          { return "spooled" }
func (Salvaged) Kind() string         { return "salvaged" }
func (Dropped) Kind() string          { return "dropped" }
func (DeliveryStarted) Kind() string  { return "delivery_started" }
func (DeliveryFailed) Kind() string   { return "delivery_failed" }
func (DeliveryRepeated) Kind() string { return "delivery_repeated" }
func (Delivered) Kind() string        { return "delivered" }
func (STTHealth) Kind() string        { return "stt_health" }
func (Streaming) Kind() string        { return "streaming" }
func (Fallback) Kind() string         { return "fallback" }
func (Partial) Kind() string          { return "partial" }
func (Engine) Kind() string           { return "engine" }
func (Heartbeat) Kind() string        { return "heartbeat" }
func (WebhookFailed) Kind() string    { return "webhook_failed" }
func (WebhookTaken) Kind() string     { return "webhook_taken" }
func (WebhookAside) Kind() string     { return "webhook_aside" }
func (WebhookDropped) Kind() string   { return "webhook_dropped" }
func (Served) Kind() string           { return "served" }
func (Instance) Kind() string         { return "instance" }
func (Forwarded) Kind() string        { return "forwarded" }
func (DoorOpened) Kind() string       { return "door_opened" }
func (DoorFailed) Kind() string       { return "door_failed" }
func (Answered) Kind() string         { return "answered" }
func (Overrun) Kind() string          { return "overrun" }
func (NodeFailed) Kind() string       { return "node_failed" }
func (NodeLeaked) Kind() string       { return "node_leaked" }
func (StoreFailed) Kind() string      { return "store_failed" }
func (StoreBack) Kind() string        { return "store_back" }
func (ClockJumped) Kind() string      { return "clock_jumped" }
func (IncidentTold) Kind() string     { return "incident" }
func (HealthTold) Kind() string       { return "health" }
