package event

import (
	"time"

	"orac/appliance/record"
	"orac/appliance/status"
	"orac/runbook/hook"
)

// mutings tell that somebody has listeners stop listening, and listen again.
var mutings = []Kind{
	kind("A listener, or all of them, are muted: they do not listen.", Kind{Kept: true, Hooks: []string{"mute"}},
		func(b Muted) Words {
			m := status.Mute{Listener: b.Listener, By: b.By, Since: b.Since, Until: b.Until}
			return warning("muted", usual("%s", m.Words(b.Since)))
		}),
	kind("A mute has ended: it is listened again.", Kind{Kept: true, Hooks: []string{"mute"}},
		func(b Unmuted) Words {
			who, why := b.Listener, "by "+b.By
			if who == "" {
				who = "all listeners"
			}
			if b.By == "" {
				why = "its time is over"
			}
			return fine("unmuted", usual("%s: %s", who, why))
		}),
	kind("The sound that follows a wake word was switched on or off for a listener, until the next start.", Kind{},
		func(b WakeSound) Words {
			if b.On {
				return plain("wake sound", usual("%s: on, by %s", b.Listener, b.By))
			}
			return plain("wake sound", usual("%s: off, by %s", b.Listener, b.By))
		}),
}

// Muted: a listener does not listen any more, because somebody wants it so.
type Muted struct {
	Listener string    `json:"listener,omitempty"` // absent: all of them
	By       string    `json:"by"`
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until,omitzero"`  // absent: until somebody unmutes it
	Start    bool      `json:"start,omitempty"` // it was muted before ORAC started, and still is
}

func (Muted) Kind() string { return "muted" }

// rows has nothing of a mute that was there before the start: the history has it since it began.
func (b Muted) rows(at time.Time) []record.Row {
	if b.Start {
		return nil
	}
	return []record.Row{{Mute: &record.Mute{At: at, Listener: b.Listener, Muted: true, By: b.By, Until: b.Until}}}
}

func (b Muted) notice(e Event) Notice {
	m := &hook.Mute{Head: e.head(Origin{Listener: b.Listener}), State: "muted", By: b.By}
	if !b.Until.IsZero() {
		m.Until = hook.Time(b.Until)
	}
	return tell(m)
}

// Unmuted: a mute has ended.
type Unmuted struct {
	Listener string `json:"listener,omitempty"` // absent: the mute was for all of them
	By       string `json:"by,omitempty"`       // absent: its time is over
}

func (Unmuted) Kind() string { return "unmuted" }

func (b Unmuted) rows(at time.Time) []record.Row {
	return []record.Row{{Mute: &record.Mute{At: at, Listener: b.Listener, By: b.By}}}
}

func (b Unmuted) notice(e Event) Notice {
	return tell(&hook.Mute{Head: e.head(Origin{Listener: b.Listener}), State: "unmuted", By: b.By})
}

// WakeSound: the sound that follows a wake word was switched on or off.
type WakeSound struct {
	Listener string `json:"listener"`
	On       bool   `json:"on"`
	By       string `json:"by"`
}

func (WakeSound) Kind() string { return "wake_sound" }
