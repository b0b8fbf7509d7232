package capture

import (
	"errors"
	"fmt"
	"strings"
)

// Why a device could not be opened, or was lost.
var (
	ErrNotFound    = errors.New("no such microphone")
	ErrAmbiguous   = errors.New("several microphones match")
	ErrWrongSource = errors.New("the wrong microphone was opened")
	ErrGone        = errors.New("the microphone is gone")
)

// Device is a place to record from.
type Device struct {
	// Backend is "pulse" or "alsa".
	Backend string `json:"backend"`
	// ID is what the backend opens.
	ID string `json:"id"`
	// Name is for people, such as "USB Audio Mono".
	Name string `json:"name"`
	// Identity stays the same when the device is plugged in again: the source's name under PulseAudio, which holds the
	// vendor, product and serial number of a USB device; hw:CARD=…,DEV=… under ALSA, by the card's name and not by its
	// number. (ALSA distinguishes two identical cards only by the order in which they appeared.)
	Identity string `json:"identity"`
	// Default marks the server's default.
	Default bool `json:"default"`
	// Monitor marks a copy of what a loudspeaker plays. It is opened only if its whole identity or ID is given.
	Monitor bool `json:"monitor"`
	// Channels and Rates are the device's own; empty where the backend reports them only by opening
	// it.
	Channels int   `json:"channels,omitempty"`
	Rates    []int `json:"rates,omitempty"`
}

func (d Device) String() string {
	s := fmt.Sprintf("%q (%s, %s", d.Name, d.Backend, d.Identity)
	if d.Default {
		s += ", default"
	}
	if d.Monitor {
		s += ", monitor of an output"
	}
	return s + ")"
}

// Selector says which device is meant. The zero value means the server's default microphone.
type Selector struct {
	// Match is a part of the name or of the identity, in any case. If several devices contain it, the one with exactly
	// this name is meant.
	Match string
	// Identity and ID must match completely.
	Identity, ID string

	chosen bool // the identity is that of the device that was the default when ORAC started
}

func (s Selector) String() string {
	switch {
	case s.ID != "":
		return fmt.Sprintf("id %q", s.ID)
	case s.chosen:
		return fmt.Sprintf("identity %q, the default microphone at the start; name another by match or identity to change", s.Identity)
	case s.Identity != "":
		return fmt.Sprintf("identity %q", s.Identity)
	case s.Match != "":
		return fmt.Sprintf("match %q", s.Match)
	}
	return "the default microphone"
}

// fits tells whether d can be what s means. For the zero selector every real microphone can.
func (s Selector) fits(d Device) bool {
	switch {
	case s.ID != "":
		return d.ID == s.ID
	case s.Identity != "":
		return d.Identity == s.Identity
	case s.Match != "":
		part := strings.ToLower(s.Match)
		return !d.Monitor && (strings.Contains(strings.ToLower(d.Name), part) || strings.Contains(strings.ToLower(d.Identity), part))
	}
	return !d.Monitor
}

// exactly tells whether d is called what s matches.
func (s Selector) exactly(d Device) bool {
	if s.Match == "" {
		return d.Default
	}
	return strings.EqualFold(d.Name, s.Match) || strings.EqualFold(d.Identity, s.Match)
}

// pick finds the one device that the selector means. Its errors are ErrNotFound and ErrAmbiguous, and list the devices
// that are there; the caller adds what it needed the device for.
func (s Selector) pick(devices []Device) (Device, error) {
	var fit, exact []Device
	for _, d := range devices {
		if s.fits(d) {
			fit = append(fit, d)
			if s.exactly(d) {
				exact = append(exact, d)
			}
		}
	}
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case len(exact) == 1:
		return exact[0], nil
	case len(fit) == 0:
		return Device{}, fmt.Errorf("%w: %s", ErrNotFound, inventory(devices))
	}
	return Device{}, fmt.Errorf("%w: %s; set identity to choose one", ErrAmbiguous, enumerate(fit))
}

// Pick finds the one device that a part of a name means, like match in a runbook.
func Pick(devices []Device, match string) (Device, error) {
	return Selector{Match: match}.pick(devices)
}

// inventsSilence is an ALSA PCM that is not a device.
const inventsSilence = "null"

// pcm returns the PCM that the selector names by ID and that ALSA does not list as hardware: a plugin (plughw, dsnoop, default),
// a name in the user's asound.conf, or hardware by number. Only opening it shows whether ALSA knows it. It excludes a card that
// ALSA lists by name: while the card is away there is nothing to open.
func (s Selector) pcm(backend string) (Device, bool) {
	if backend != "alsa" || s.ID == "" || strings.HasPrefix(s.ID, listedCard) || s.ID == inventsSilence {
		return Device{}, false
	}
	return Device{Backend: backend, ID: s.ID, Name: s.ID, Identity: s.ID}, true
}

// find is pick; for an ID that is not listed it returns the PCM of that name.
func (s Selector) find(backend string, devices []Device) (d Device, listed bool, err error) {
	d, err = s.pick(devices)
	switch pcm, ok := s.pcm(backend); {
	case err == nil:
		return d, true, nil
	case ok:
		return pcm, false, nil
	case s.ID == inventsSilence:
		err = fmt.Errorf("%w: null is not a microphone: it is silent for ever; see orac devices", ErrNotFound)
	case s.ID != "" && backend == "pulse":
		err = fmt.Errorf("%w; for an ALSA PCM of that name, set backend = \"alsa\"", err)
	}
	return d, false, err
}

// inventory lists what is there and where to look.
func inventory(devices []Device) string {
	if len(devices) == 0 {
		return "no microphone is connected: plug one in, then run orac devices"
	}
	return "there are " + enumerate(devices) + "; see orac devices"
}

const maxListed = 8 // in an error message

func enumerate(devices []Device) string {
	var names []string
	for i, d := range devices {
		if i == maxListed {
			names = append(names, fmt.Sprintf("%d more", len(devices)-i))
			break
		}
		names = append(names, d.String())
	}
	return strings.Join(names, ", ")
}
