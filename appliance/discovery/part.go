package discovery

import (
	"slices"
	"time"

	"orac/appliance/entity"
	"orac/runbook"
)

// The kinds of entities that only MQTT has.
const (
	// Event happens, and has no state.
	Event entity.Kind = "event"
	// Notify is told texts, which are spoken.
	Notify entity.Kind = "notify"
	// Trigger begins automations of Home Assistant. It is no entity there.
	Trigger entity.Kind = "device_automation"
)

// Part is something of the device that Home Assistant shows.
type Part struct {
	entity.Entity
	Object string   // its name in topics, in JSON and for Home Assistant; the same for ever
	Types  []string // of an Event: what may happen
}

// Of is what a device consists of.
type Of struct {
	Listeners   []entity.Of
	Speakers    []string // at which texts can be spoken
	Allow       []string // what may be ordered: see runbook.MQTT
	Triggers    bool     // device triggers for wake words
	Transcripts string   // see runbook.MQTT
}

// Objects that only MQTT has, and the beginnings of some.
const (
	objectStarted   = "started"
	objectIncidents = "incidents"
	objectWakes     = "wake"
	// Spoken is the event of a command that was understood.
	Spoken    = "transcript"
	objectSay = "say_" // and the name of the speaker
)

// Object is what an entity is called in topics. What is about a listener carries its name; a threshold is of a model, which listeners share.
func Object(e entity.Entity) string {
	if e.Listener == "" || e.Model != "" {
		return e.ID
	}
	return e.Listener + "_" + e.ID
}

// Parts lists what Home Assistant is shown. A media player is not among it: Home Assistant has none over MQTT.
func Parts(of Of) (list []Part) {
	add := func(p Part) {
		if p.Order != "" && !slices.Contains(of.Allow, p.Order) {
			return // it would only be changed
		}
		if p.Listener != "" && len(of.Listeners) > 1 && (p.Model == "" || p.Kind == Trigger) {
			p.Name += " (" + p.Listener + ")"
		}
		if !slices.ContainsFunc(list, func(x Part) bool { return x.Object == p.Object }) {
			list = append(list, p)
		}
	}
	spoken := of.Transcripts != runbook.TranscriptsOff
	for _, l := range of.Listeners {
		for _, e := range entity.List(l) {
			if e.Kind == entity.MediaPlayer || e.ID == entity.IDLevel || e.ID == entity.IDTranscript && !spoken || e.Listener == "" {
				continue
			}
			add(Part{Entity: e, Object: Object(e)})
		}
		var models []string
		for _, w := range l.Words {
			models = append(models, w.Model)
		}
		if len(models) > 0 {
			add(Part{Entity: entity.Entity{ID: objectWakes, Kind: Event, Name: "Wake word", Icon: "mdi:account-voice", Listener: l.Listener}, Object: l.Listener + "_" + objectWakes, Types: models})
		}
		if spoken {
			add(Part{
				Entity: entity.Entity{ID: Spoken, Kind: Event, Name: "Command", Icon: "mdi:comment-text-outline", Listener: l.Listener},
				Object: l.Listener + "_" + Spoken, Types: []string{Spoken},
			})
		}
	}
	for _, s := range of.Speakers {
		add(Part{Entity: entity.Entity{ID: objectSay + s, Kind: Notify, Name: "Say at " + s, Icon: "mdi:bullhorn", Order: runbook.AllowSay, Speaker: s}, Object: objectSay + s})
	}
	for _, e := range entity.List(entity.Of{}) {
		add(Part{Entity: e, Object: Object(e)})
	}
	add(Part{Entity: entity.Entity{ID: objectIncidents, Kind: entity.Sensor, Name: "Incidents", Icon: "mdi:alert-circle-outline", Category: entity.Diagnostic}, Object: objectIncidents})
	add(Part{Entity: entity.Entity{ID: objectStarted, Kind: entity.TextSensor, Name: "Started", Class: "timestamp", Category: entity.Diagnostic}, Object: objectStarted})
	if of.Triggers {
		for _, l := range of.Listeners {
			for _, w := range l.Words {
				add(Part{Entity: entity.Entity{ID: "trigger_" + w.Model, Kind: Trigger, Name: w.Phrase, Model: w.Model, Listener: l.Listener}, Object: l.Listener + "_trigger_" + w.Model})
			}
		}
	}
	return list
}

// State is how the parts are that do not tell it themselves, as Home Assistant reads it.
type State map[string]any

// Put sets the state of an entity of a listener ("" for none). It tells whether anything has changed.
func (s State) Put(listener string, x entity.State, parts []Part) (changed bool) {
	i := slices.IndexFunc(parts, func(p Part) bool {
		return p.ID == x.Entity && (p.Listener == listener || p.Listener == "" || p.Model != "")
	})
	if i < 0 {
		return false
	}
	p := parts[i]
	var v any
	switch {
	case x.Missing:
	case p.Kind == entity.Switch || p.Kind == entity.BinarySensor:
		v = onOff[x.On]
	case p.Kind == entity.Number || p.Kind == entity.Sensor:
		v = x.Number
	default:
		v = x.Text
	}
	if was, known := s[p.Object]; known && was == v {
		return false
	}
	s[p.Object] = v
	return true
}

// Started is when the process started.
func Started(at time.Time) entity.State {
	return entity.State{Entity: objectStarted, Text: at.Format(time.RFC3339)}
}

// Incidents is how many things went wrong since then.
func Incidents(n int) entity.State { return entity.State{Entity: objectIncidents, Number: float64(n)} }

var onOff = map[bool]string{true: "ON", false: "OFF"}
