package event

import (
	"cmp"
	"time"

	"orac/appliance/amount"
	"orac/appliance/record"
	"orac/appliance/utterance"
	"orac/runbook/hook"
)

// recordings tell what follows from a wake word, until a recording is complete and kept.
var recordings = []Kind{
	kind("A wake word was heard.", Kind{Sign: Heard, Kept: true, Hooks: []string{"wake"}},
		Wake.words),
	kind("The recording of a command has begun.", Kind{Kept: true, Hooks: []string{"recording"}},
		func(b RecordingStarted) Words { return plain("recording", faint("%s", b.Utterance)) }),
	kind("The recording is complete.", Kind{Sign: Taken, Kept: true, Hooks: []string{"recording"}},
		func(b RecordingEnded) Words {
			return plain("recorded", usual("%.1f s, %s  ", b.Seconds, cmp.Or(endings[utterance.Why(b.Why)], b.Why)), faint("%s", b.Listener))
		}),
	kind("Something changed about how recordings are kept.", Kind{about: Event.spool},
		Spooled.words),
	kind("A recording of an earlier run was found at the start. It will be delivered.", Kind{Kept: true, Hooks: []string{"recording"}},
		Salvaged.words),
	kind("A recording was lost, or was dropped because its listener was muted.", Kind{Kept: true, Hooks: []string{"delivery"}},
		func(b Dropped) Words {
			if b.Muted {
				return warning("dropped", usual("%s: %s", b.Utterance, b.Cause))
			}
			return failure("lost", usual("%s: %s", b.Utterance, b.Cause))
		}),
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

func (Wake) Kind() string { return "wake" }

func (b Wake) rows(at time.Time) []record.Row {
	return []record.Row{{Detection: &record.Detection{
		ID: b.ID, At: at, Device: b.Device, Listener: b.Listener, Model: b.Model, Class: b.Class,
		WakeWord: b.WakeWord, Score: amount.Decimal(b.Score), Threshold: amount.Decimal(b.Threshold),
	}}}
}

func (b Wake) words() Words {
	class := ""
	if b.Class != "" {
		class = " " + b.Class
	}
	return plain("wake", strong("%s", b.Model), usual("%s  score %.3f, threshold %.2f  ", class, b.Score, b.Threshold), faint("%s", b.Listener))
}

// RecordingStarted: an utterance is being recorded.
type RecordingStarted struct {
	Utterance string `json:"utterance"`
	Wake      string `json:"wake"`
	Listener  string `json:"listener"`
	Of        Origin `json:"-"`
}

func (RecordingStarted) Kind() string { return "recording_started" }

func (b RecordingStarted) rows(at time.Time) []record.Row {
	return []record.Row{{Utterance: &record.Utterance{ID: b.Utterance, DetectionID: b.Wake, Listener: b.Listener, Started: at}}}
}

func (b RecordingStarted) notice(e Event) Notice {
	return tell(&hook.Recording{Head: hook.About(e.At, b.Of.Device, b.Listener), State: "started", Utterance: b.Utterance, Wake: b.Wake})
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

func (RecordingEnded) Kind() string { return "recording_ended" }

func (b RecordingEnded) rows(at time.Time) []record.Row {
	return []record.Row{{Utterance: &record.Utterance{
		ID: b.Utterance, DetectionID: b.Wake, Listener: b.Listener, Started: at.Add(-took(b.Seconds)), Ended: at, Seconds: b.Seconds, Why: b.Why,
	}}}
}

func (b RecordingEnded) notice(e Event) Notice {
	return tell(&hook.Recording{
		Head: hook.About(e.At, b.Of.Device, b.Listener), State: "ended", Utterance: b.Utterance, Wake: b.Wake,
		Seconds: b.Seconds, Why: b.Why, Cut: b.Cut,
	})
}

// endings says why a recording ended.
var endings = map[utterance.Why]string{
	utterance.Silence:    "ended by silence",
	utterance.Limit:      "cut off: it reached the longest time allowed",
	utterance.DeviceLost: "cut off: the device was lost",
	utterance.SoundOver:  "ended with the sound",
	utterance.Stopped:    "cut off: the appliance stops",
	utterance.Restarted:  "cut off: the recorder was restarted",
	utterance.Cut:        "cut off by a restart",
	utterance.Muted:      "cut off and dropped: the listener was muted",
	utterance.Part:       "cut off: the disk held only a part of it",
}

// Spooled: what happened to an utterance's copy on disk.
type Spooled struct {
	Utterance string `json:"utterance"`
	Where     string `json:"where"` // disk, memory
	Cause     string `json:"cause,omitempty"`
}

func (Spooled) Kind() string { return "spooled" }

// spool is the about of Spooled: an utterance that is set aside says nothing of the disk.
func (e Event) spool() string {
	if where := e.Body.(Spooled).Where; where == "disk" || where == "memory" {
		return e.Node
	}
	return ""
}

func (b Spooled) words() Words {
	switch b.Where {
	case "disk":
		return fine("on disk", usual("the disk accepts utterances again: %s", b.Utterance))
	case "memory":
		return warning("in memory", usual("%s: the disk refuses it: %s", b.Utterance, b.Cause))
	case "nowhere":
		return warning("not kept", usual("%s: %s", b.Utterance, b.Cause))
	}
	return warning("set aside", usual("%s as %s: %s", b.Utterance, b.Where, b.Cause))
}

// Salvaged: an utterance was found in the spool at the start.
type Salvaged struct {
	Utterance string  `json:"utterance"`
	Seconds   float64 `json:"seconds"`
	Cut       bool    `json:"cut"` // its recording had not ended
	Why       string  `json:"why"` // see RecordingEnded
	Of        Origin  `json:"-"`
}

func (Salvaged) Kind() string { return "salvaged" }

func (b Salvaged) rows(at time.Time) []record.Row {
	return []record.Row{{Utterance: &record.Utterance{ID: b.Utterance, Started: at, Ended: at, Seconds: b.Seconds, Why: b.Why}}}
}

func (b Salvaged) notice(e Event) Notice {
	if !b.Cut { // its end was reported before the restart
		return Notice{}
	}
	return tell(&hook.Recording{Head: e.head(b.Of), State: "ended", Utterance: b.Utterance, Wake: b.Of.Wake, Seconds: b.Seconds, Why: b.Why, Cut: true})
}

func (b Salvaged) words() Words {
	what := "found in the spool"
	if b.Cut {
		what = "found unfinished in the spool"
	}
	return fine("salvaged", usual("%s, %.1f s, %s", b.Utterance, b.Seconds, what))
}

// Dropped: an utterance was lost, and why.
type Dropped struct {
	Utterance string `json:"utterance"`
	Cause     string `json:"cause"`
	Muted     bool   `json:"muted,omitempty"` // somebody wanted it so: the listener was muted while it was recorded
	Of        Origin `json:"-"`
}

func (Dropped) Kind() string { return "dropped" }

func (b Dropped) rows(at time.Time) []record.Row {
	return []record.Row{{Delivery: &record.Delivery{UtteranceID: b.Utterance, Outcome: record.Dropped, At: at, Error: b.Cause}}}
}

func (b Dropped) notice(e Event) Notice {
	return tell(e.delivery(b.Of, hook.Delivery{State: "lost", Utterance: b.Utterance, Cause: b.Cause}))
}
