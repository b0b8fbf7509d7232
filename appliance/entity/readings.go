package entity

import (
	"math"

	"orac/appliance/event"
)

// Readings are the states that an event tells, of the entities that are about a listener ("" for none). satellite is the block by which
// Home Assistant hears that listener; "" for none. What no event tells: mutes (node.Mutes, asked after event.Muted and event.Unmuted), the
// thresholds (the runbook), the player (node.PlayerShown) and the level (Level).
func Readings(listener, satellite string, b event.Body) []State {
	switch b := b.(type) {
	case event.Wake:
		if listener != "" && b.Listener == listener {
			return []State{Text(IDWake, Phrase(b.WakeWord, b.Model))}
		}
	case event.Delivered:
		if listener != "" && b.Of.Listener == listener && b.Text != "" {
			return []State{Text(IDTranscript, b.Text)}
		}
	case event.HomeHeard:
		if satellite != "" && b.Satellite == satellite {
			return []State{Text(IDTranscript, b.Text)}
		}
	case event.WakeSound:
		if listener != "" && b.Listener == listener {
			return []State{{Entity: IDWakeSound, On: b.On}}
		}
	case event.HealthTold:
		if b.Component == "appliance" {
			return []State{{Entity: IDProblem, On: b.To == "unhealthy"}}
		}
	}
	return nil
}

// Level is how loud a hop is, in decibels below the loudest that there can be; rms is on the scale of int16.
func Level(rms float32) State {
	const silence = 1.0
	return State{Entity: IDLevel, Number: 20 * math.Log10(max(float64(rms), silence)/32768)}
}
