// Package hook defines what webhooks are told: one table of the kinds of events, with a Go type for each. It is the source of the
// words in templates, of the events that the appliance fills in, of the JSON Schema that `orac schema --events` prints, and of
// the tables in the documentation.
//
// It guarantees that these agree, since they are made from the same types, and that a field keeps its name and its meaning: a
// change that a receiver could notice raises Version.
package hook

import (
	"reflect"
	"slices"
	"time"
)

// Version is the version of the events, in their field schema.
const Version = 1

// MaxText bounds a text in an event, in bytes: fifteen seconds of speech need some 300.
const MaxText = 8 << 10

// Head holds the fields that every event has.
type Head struct {
	Schema     int    `json:"schema" doc:"Version of this schema." enum:"1"`
	ID         string `json:"id" doc:"Identity of the event. It stays the same when the event is sent again, so a receiver that remembers recent ones recognises a copy." min:"1"`
	Sequence   uint64 `json:"sequence" doc:"Number of the event for this webhook, from 1. It continues after a restart. A missing number means that an event was dropped. A number that returns with a different event means that ORAC crashed while it could not write to the disk."`
	Type       string `json:"type" doc:"Kind of the event."`
	Timestamp  string `json:"timestamp" doc:"When it happened, by the appliance's clock, as RFC 3339 with a time zone." format:"date-time"`
	Appliance  string `json:"appliance" doc:"Name of the appliance in its runbook." min:"1"`
	InstanceID string `json:"instance_id" doc:"What the appliance calls itself, as in heartbeats." min:"1"`
	Device     string `json:"device" doc:"Name of the device that the event is about; empty if there is none."`
	Listener   string `json:"listener" doc:"Name of the listener that the event is about; empty if there is none."`
}

// About begins an event about a device and a listener; either may be "". The other fields are filled in when it is sent.
func About(when time.Time, device, listener string) Head {
	return Head{Timestamp: Time(when), Device: device, Listener: listener}
}

// Time is a time as events have it.
func Time(t time.Time) string { return t.Format(time.RFC3339Nano) }

// Wake reports a wake word that was heard.
type Wake struct {
	Head
	Wake         string             `json:"wake" doc:"Identity of the detection." min:"1"`
	Model        string             `json:"model" doc:"Name of the model that fired." min:"1"`
	WakeWord     string             `json:"wake_word" doc:"Words that wake the appliance."`
	Topic        string             `json:"topic" doc:"Topic of the model."`
	Score        float64            `json:"score" doc:"Score of the model, 0 to 1."`
	Threshold    float64            `json:"threshold" doc:"Score that the model had to reach."`
	Scores       map[string]float64 `json:"scores" doc:"Scores of all models of the listener at that moment, by name."`
	MultiTrigger bool               `json:"multi_trigger" doc:"Whether the listener reports every model that fires."`
}

// Recording reports the start or the end of the recording of an utterance.
type Recording struct {
	Head
	State     string  `json:"state" doc:"What happened." enum:"started,ended"`
	Utterance string  `json:"utterance" doc:"Identity of the utterance." min:"1"`
	Wake      string  `json:"wake" doc:"Identity of the detection."`
	Seconds   float64 `json:"seconds" doc:"Length of the recording; 0 when it starts."`
	Cut       bool    `json:"cut" doc:"Whether the recording ended before the person did, because the device was lost or ORAC ended."`
	Why       string  `json:"why" doc:"Why it ended: silence, limit, device lost, the sound is over, stopped, restarted, cut by a restart, kept in part; empty when it starts."`
}

// Transcript reports what was said.
type Transcript struct {
	Head
	Utterance  string  `json:"utterance" doc:"Identity of the utterance." min:"1"`
	Wake       string  `json:"wake" doc:"Identity of the detection."`
	WakeWord   string  `json:"wake_word" doc:"Words that wake the appliance."`
	Topic      string  `json:"topic" doc:"Topic of the model."`
	Service    string  `json:"service" doc:"Name of the speech-to-text service." min:"1"`
	Text       string  `json:"text" doc:"What was said; empty if nothing was."`
	Original   string  `json:"original" doc:"Text of the service, with its markers."`
	Confidence float64 `json:"confidence" doc:"Confidence of the service; 0 if it reports none."`
	Language   string  `json:"language" doc:"Language that the service heard; empty if it reports none."`
	Empty      bool    `json:"empty" doc:"Whether nothing was said."`
	Cut        bool    `json:"cut" doc:"Whether the recording was cut off. If so, the end of the text may be missing."`
}

// Delivery reports what became of an utterance at one service.
type Delivery struct {
	Head
	State     string `json:"state" doc:"delivered: the service has answered. waiting: an attempt failed, and another follows. aside: it was set aside (see orac spool). lost: it was deleted, and cause says why." enum:"delivered,waiting,aside,lost"`
	Utterance string `json:"utterance" doc:"Identity of the utterance." min:"1"`
	Wake      string `json:"wake" doc:"Identity of the detection."`
	Service   string `json:"service" doc:"Name of the speech-to-text service; empty for a lost utterance."`
	Attempts  int    `json:"attempts" doc:"Attempts so far."`
	Cause     string `json:"cause" doc:"Why it was not delivered; empty if it was."`
}

// Incident reports that something went wrong, or that it has ended.
type Incident struct {
	Head
	State     string  `json:"state" doc:"What happened." enum:"opened,closed"`
	Incident  string  `json:"incident" doc:"Identity of the incident, as orac incidents shows it." min:"1"`
	Component string  `json:"component" doc:"What went wrong: the address of a node, or a part of the machine." min:"1"`
	Cause     string  `json:"cause" doc:"What went wrong."`
	Seconds   float64 `json:"seconds" doc:"How long it lasted; 0 when it opens."`
}

// Health reports a component whose health has changed.
type Health struct {
	Head
	Component string `json:"component" doc:"The address of a node, a part of the machine, or appliance for the whole." min:"1"`
	From      string `json:"from" doc:"Health before; empty if it was unknown." enum:",healthy,degraded,unhealthy"`
	To        string `json:"to" doc:"Health now." enum:"healthy,degraded,unhealthy"`
	Why       string `json:"why" doc:"Reason; empty when it is healthy."`
}

// Mute reports that somebody has listeners stop listening, or that they listen again.
type Mute struct {
	Head
	State string `json:"state" doc:"What happened." enum:"muted,unmuted"`
	By    string `json:"by" doc:"Who did it; empty if the time of the mute is over."`
	Until string `json:"until" doc:"When the mute ends by itself, as RFC 3339 with a time zone; empty if somebody must end it, and when it has ended."`
}

// Acted reports a text that was acted on, or that could not be, and what truly came of it.
type Acted struct {
	Head
	Request    string  `json:"request" doc:"Identity of the command: the same text under the same identity is acted on once." min:"1"`
	Utterance  string  `json:"utterance" doc:"Identity of the utterance; empty if nobody spoke it here."`
	Topic      string  `json:"topic" doc:"Topic that acted." min:"1"`
	From       string  `json:"asked_by" doc:"Who asked: a listener, an account, a person."`
	Text       string  `json:"text" doc:"What was said."`
	Result     string  `json:"result" doc:"done: all of it is proven, or was so already. unproven: it was accepted, and nothing proves it. failed: some of it was not done. unknown: nobody knows, and it is not repeated. unclear: it was not understood. refused: it was not acted on." enum:"done,unproven,failed,unknown,unclear,refused"`
	Tier       string  `json:"tier" doc:"How it was understood: correction, sentence, near, learnt, model, handed; empty if it was not."`
	Model      string  `json:"language_model" doc:"Name of the language model that was asked; empty for none."`
	Understood bool    `json:"understood" doc:"Whether it was understood."`
	Executed   bool    `json:"executed" doc:"Whether the backends have accepted all of it."`
	Verified   bool    `json:"verified" doc:"Whether all of it is proven, or was so already."`
	Why        string  `json:"why" doc:"Reason, if not all of it is verified."`
	Speech     string  `json:"speech" doc:"What people are told: it never says more than is verified."`
	Calls      int     `json:"calls" doc:"Calls that it led to."`
	Services   string  `json:"services" doc:"What was called, with commas between: light.turn_on, cover.close_cover."`
	Targets    string  `json:"targets" doc:"Entities that were meant, with commas between."`
	Seconds    float64 `json:"seconds" doc:"From the text to the end of all proofs."`
}

// TimerEnded reports a timer that somebody had started by a command.
type TimerEnded struct {
	Head
	Topic   string  `json:"topic" doc:"Topic that runs the timer." min:"1"`
	Name    string  `json:"name" doc:"What the timer is for; empty if nobody said."`
	Seconds float64 `json:"seconds" doc:"How long it ran."`
	Late    float64 `json:"late" doc:"Seconds since its end, if ORAC did not run then; otherwise 0."`
}

// Event is one of the types of Kinds, as a pointer.
type Event interface{ head() *Head }

func (h *Head) head() *Head { return h }

// HeadOf returns the fields of an event that every event has.
func HeadOf(e Event) *Head { return e.head() }

// Kind is a kind of event.
type Kind struct {
	Name string
	Doc  string
	New  func() Event
}

// Kinds is the table of all kinds, in the order of a command's life.
var Kinds = []Kind{
	{"wake", "A wake word was heard.", func() Event { return &Wake{} }},
	{"recording", "The recording of a command has started or ended.", func() Event { return &Recording{} }},
	{"transcript", "A speech-to-text service has returned a text.", func() Event { return &Transcript{} }},
	{"delivery", "A command was delivered, is waiting, was set aside, or is lost.", func() Event { return &Delivery{} }},
	{"acted", "A command was carried out, or was not: what truly came of it.", func() Event { return &Acted{} }},
	{"timer_ended", "A timer has ended.", func() Event { return &TimerEnded{} }},
	{"incident", "Something went wrong, or works again.", func() Event { return &Incident{} }},
	{"mute", "A listener, or all of them, were muted or unmuted.", func() Event { return &Mute{} }},
	{"health", "The health of a component or of the appliance has changed.", func() Event { return &Health{} }},
}

// Names returns the names of the kinds.
func Names() (list []string) {
	for _, k := range Kinds {
		list = append(list, k.Name)
	}
	return list
}

// KindOf returns the kind of an event.
func KindOf(e Event) Kind {
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return reflect.TypeOf(k.New()) == reflect.TypeOf(e) })
	if i < 0 {
		panic("BUG: an event that is not in hook.Kinds")
	}
	return Kinds[i]
}

// Named finds a kind by its name.
func Named(name string) (Kind, bool) {
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return Kinds[i], true
}

// Field is a field of a kind of event.
type Field struct {
	Name, Doc string
	Type      reflect.Type
	Enum      []string
	Format    string
	NonEmpty  bool
	Common    bool // every kind has it
}

// Fields returns the fields of a kind, the common ones first.
func (k Kind) Fields() []Field { return fieldsOf(reflect.TypeOf(k.New()).Elem(), k.Name, false) }
