package status

import (
	"strings"
	"time"

	"orac/appliance/health"
)

// MostMute is the longest mute that has an end.
const MostMute = 7 * 24 * time.Hour

// Mute says that a listener does not listen, because somebody wants it so. It is no failure, and it is never hidden.
type Mute struct {
	Listener string    `json:"listener,omitempty"` // "" means all of them
	By       string    `json:"by"`                 // who muted it: "user:anna", "unix:root"
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until,omitzero"` // zero: until somebody unmutes it
}

// MuteRequest asks to mute a listener, or all of them.
type MuteRequest struct {
	Listener string        `json:"listener,omitempty"` // "" means all of them
	For      time.Duration `json:"for_ns,omitempty"`   // 0: until somebody unmutes it
	By       string        `json:"-"`
}

// WakeSoundRequest asks to switch the sound that follows a wake word of a listener, until the next start.
type WakeSoundRequest struct {
	Listener string `json:"listener"`
	On       bool   `json:"on"`
	By       string `json:"-"`
}

// Muting is what is muted after a request.
type Muting struct {
	Muted []Mute `json:"muted"`
	// Note is what the caller should know besides: the disk does not keep it. Empty: nothing.
	Note string `json:"note,omitempty"`
}

// Words says it in one line, in the time zone of this machine: "muted until 15:04 by anna".
func (m Mute) Words(now time.Time) string {
	words := "muted"
	if m.Listener != "" {
		words = m.Listener + " " + words
	}
	if m.Until.IsZero() {
		words += " since " + moment(m.Since, now) + ", until somebody unmutes it,"
	} else {
		words += " until " + moment(m.Until, now)
	}
	_, who, ok := strings.Cut(m.By, ":")
	if !ok {
		who = m.By
	}
	return words + " by " + who
}

// moment is a time of day, with the day if that is another one.
func moment(at, now time.Time) string {
	at, now = at.Local(), now.Local()
	if at.YearDay() == now.YearDay() && at.Year() == now.Year() {
		return at.Format("15:04")
	}
	return at.Format("Mon 2 Jan 15:04")
}

// MuteWords says what is muted in one line; "" if nothing is.
func MuteWords(list []Mute, now time.Time) string {
	words := make([]string, len(list))
	for i, m := range list {
		words[i] = m.Words(now)
	}
	return strings.Join(words, "; ")
}

// IsMuted tells whether a listener is muted.
func IsMuted(list []Mute, listener string) bool {
	for _, m := range list {
		if m.Listener == "" || m.Listener == listener {
			return true
		}
	}
	return false
}

// Health is how an appliance is, and who is muted: an appliance that was told not to listen is well, and must not be taken for one that
// listens.
type Health struct {
	health.Report
	Muted []Mute `json:"muted,omitempty"`
}

// HealthNow is the health that a status holds.
func (s Status) HealthNow() Health { return Health{s.Health, s.Muted} }
