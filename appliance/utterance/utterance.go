// Package utterance describes what a person said: its identity, what is known of it, and where it
// ends.
package utterance

import (
	"fmt"
	"time"

	"orac/appliance/audio"
)

// Seq orders utterances as they were recorded. The spool assigns numbers above those of all utterances that it holds,
// whatever the clock does.
type Seq uint64

// Meta is what is known of an utterance.
type Meta struct {
	ID       string    `json:"id"`
	Wake     string    `json:"wake"` // ID of the detection
	Device   string    `json:"device"`
	Listener string    `json:"listener"`
	Model    string    `json:"model"`
	WakeWord string    `json:"wake_word"`
	Topic    string    `json:"topic"`
	Score    float32   `json:"score"`
	WakeAt   time.Time `json:"wake_at"`
	PreRoll  int       `json:"pre_roll"` // samples before the wake
	Deliver  []string  `json:"deliver"`  // names of the services that receive it

	EndAt   time.Time `json:"end_at"` // zero while the recording continues
	Why     Why       `json:"why,omitempty"`
	Samples int       `json:"samples"`

	// Sent names the services that may have all of it and have not answered: they may act on it, or have done so.
	Sent []string `json:"sent,omitempty"`
}

// Duration is the length of the recording.
func (m Meta) Duration() time.Duration { return audio.Time(m.Samples) }

// Why is the reason why a recording ended.
type Why string

// Reasons for the end of a recording.
const (
	Silence    Why = "silence"           // the person stopped speaking
	Limit      Why = "limit"             // the longest recording allowed
	DeviceLost Why = "device lost"       // no more sound came
	SoundOver  Why = "the sound is over" // a file ended
	Stopped    Why = "stopped"           // the appliance was told to stop
	Restarted  Why = "restarted"         // its recorder was restarted: a change was applied, or it was stuck
	Cut        Why = "cut by a restart"  // found unfinished: the appliance was killed, or its recorder failed
	Muted      Why = "muted"             // somebody muted the listener: what was recorded is dropped
	Part       Why = "kept in part"      // the disk refused some of it, and the appliance was killed before it accepted the rest
)

// CutOff tells whether the person may have continued to speak: the recording ended for a reason of ours. A command may lack its
// end.
func (w Why) CutOff() bool {
	switch w {
	case Limit, DeviceLost, Stopped, Restarted, Cut, Muted, Part:
		return true
	}
	return false
}

// Cut is why the recording was cut off; empty if it was not, or still continues.
func (m Meta) Cut() string {
	if m.Why.CutOff() {
		return string(m.Why)
	}
	return ""
}

// IsID tells whether a text may be the identity of an utterance: letters, digits, _, - and dots, at most 64, no dot first. It is safe
// as a file name and as a segment of a path.
func IsID(s string) bool {
	for i, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
		case r == '.' && i > 0:
		default:
			return false
		}
	}
	return len(s) > 0 && len(s) <= 64
}

// ID makes the identity of an utterance or a detection: sortable by time, distinguished by n, safe as a file
// name.
func ID(at time.Time, n uint32) string {
	return fmt.Sprintf("%s-%08x", at.UTC().Format("20060102T150405.000"), n)
}
