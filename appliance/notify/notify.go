// Package notify tells others what ORAC is and hears: the heartbeat to ORAC STT, and webhooks.
//
// Guarantees:
//
//   - Every call ends within the client's timeout: with nil, with an *Error, or with rt.ErrStopped.
//   - A failure never says anything about the speech-to-text service: ORAC STT answers a heartbeat only after ORAC Core
//     has answered it, up to 30 s later. A heartbeat that is not answered in time is Late, not Timeout.
//   - A nil error means that the other side said yes: an error hidden in a 200 is an *Error.
//   - Secrets reach only the configured host; no error holds one.
package notify

import (
	"time"

	"orac/appliance/rt"
	"orac/appliance/stt/wire"
)

// Heart sends heartbeats.
type Heart interface {
	// Beat returns the number of topics that the server counted as active.
	Beat(t *rt.Task, b Beat) (topics int, err error)
}

// Error is how a call fails.
type Error = wire.Error

// Beat is a sign of life. Times are of the wall clock, in any zone.
type Beat struct {
	InstanceID     string // "hey-orac-<hostname>"
	At             time.Time
	Models         []BeatModel
	Activations1h  int       // detections of the last hour
	LastActivation time.Time // zero if there was none
}

// BeatModel is a model that listens.
type BeatModel struct {
	Name          string
	Topic         string // empty means "general"
	WakeWord      string
	Threshold     float64 // 0 to 1
	TriggerCount  int
	LastTriggered time.Time // zero if never
}
