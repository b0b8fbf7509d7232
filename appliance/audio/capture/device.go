package capture

import "orac/appliance/audio/library"

// What a microphone is, and which one is meant.
type (
	Device   = library.Device
	Selector = library.Selector
)

// Why a microphone could not be opened, or was lost.
var (
	ErrNotFound    = library.Microphones.NotFound
	ErrAmbiguous   = library.Microphones.Ambiguous
	ErrWrongSource = library.Microphones.Wrong
	ErrGone        = library.Microphones.Gone
)

// Pick finds the one microphone that a part of a name means, like match in a runbook.
func Pick(devices []Device, match string) (Device, error) {
	return Selector{Match: match}.Pick(library.Microphones, devices)
}
