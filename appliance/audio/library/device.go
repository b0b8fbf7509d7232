package library

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gen2brain/malgo"
)

// Use is what a device is used for: Microphones or Speakers.
type Use struct {
	Noun string // for people
	// Why a device could not be opened, or was lost.
	NotFound, Ambiguous, Wrong, Gone error

	kind     malgo.DeviceType
	silent   string // what is said of the PCM that invents silence
	connect  string // when there is none
	examples string // lists what ALSA opens
}

func use(noun string, kind malgo.DeviceType, silent, examples string) *Use {
	return &Use{
		Noun: noun, kind: kind, silent: silent, examples: examples,
		NotFound: errors.New("no such " + noun), Ambiguous: fmt.Errorf("several %ss match", noun),
		Wrong: fmt.Errorf("the wrong %s was opened", noun), Gone: fmt.Errorf("the %s is gone", noun),
		connect: fmt.Sprintf("no %s is connected: plug one in, then run orac devices", noun),
	}
}

// The uses.
var (
	Microphones = use("microphone", malgo.Capture, "null is not a microphone: it is silent for ever", "arecord -L")
	Speakers    = use("speaker", malgo.Playback, "null is not a speaker: nobody hears it", "aplay -L")
)

// Failures are the causes that a worker reports by a word.
func (u *Use) Failures() map[string]error {
	return map[string]error{"not_found": u.NotFound, "ambiguous": u.Ambiguous, "gone": u.Gone}
}

// Device is a place to record from, or to play at.
type Device struct {
	// Backend is "pulse" or "alsa".
	Backend string `json:"backend"`
	// ID is what the backend opens.
	ID string `json:"id"`
	// Name is for people, such as "USB Audio Mono".
	Name string `json:"name"`
	// Identity stays the same when the device is plugged in again: the name of the source or sink under PulseAudio, which holds the
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

// Selector says which device is meant. The zero value means the server's default.
type Selector struct {
	// Match is a part of the name or of the identity, in any case. If several devices contain it, the one with exactly
	// this name is meant.
	Match string
	// Identity and ID must match completely.
	Identity, ID string

	chosen bool // the identity is that of the device that was the default when ORAC started
}

// Chosen selects the device that was the default when ORAC started.
func Chosen(identity string) Selector { return Selector{Identity: identity, chosen: true} }

// Words says for people which device is meant.
func (s Selector) Words(u *Use) string {
	switch {
	case s.ID != "":
		return fmt.Sprintf("id %q", s.ID)
	case s.chosen:
		return fmt.Sprintf("identity %q, the default %s at the start; name another by match or identity to change", s.Identity, u.Noun)
	case s.Identity != "":
		return fmt.Sprintf("identity %q", s.Identity)
	case s.Match != "":
		return fmt.Sprintf("match %q", s.Match)
	}
	return "the default " + u.Noun
}

// Fits tells whether d can be what s means. For the zero selector every real device can.
func (s Selector) Fits(d Device) bool {
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

// Pick finds the one device that the selector means. Its errors are NotFound and Ambiguous, and list the devices
// that are there; the caller adds what it needed the device for.
func (s Selector) Pick(u *Use, devices []Device) (Device, error) {
	var fit, exact []Device
	for _, d := range devices {
		if s.Fits(d) {
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
		return Device{}, fmt.Errorf("%w: %s", u.NotFound, u.inventory(devices))
	}
	return Device{}, fmt.Errorf("%w: %s; set identity to choose one", u.Ambiguous, enumerate(fit))
}

// inventsSilence is an ALSA PCM that is not a device.
const inventsSilence = "null"

// PCM returns the PCM that the selector names by ID and that ALSA does not list as hardware: a plugin (plughw, dsnoop, default),
// a name in the user's asound.conf, or hardware by number. Only opening it shows whether ALSA knows it. It excludes a card that
// ALSA lists by name: while the card is away there is nothing to open.
func (s Selector) PCM(backend string) (Device, bool) {
	if backend != "alsa" || s.ID == "" || strings.HasPrefix(s.ID, listedCard) || s.ID == inventsSilence {
		return Device{}, false
	}
	return Device{Backend: backend, ID: s.ID, Name: s.ID, Identity: s.ID}, true
}

// Find is Pick; for an ID that is not listed it returns the PCM of that name.
func (s Selector) Find(u *Use, backend string, devices []Device) (d Device, listed bool, err error) {
	d, err = s.Pick(u, devices)
	switch pcm, ok := s.PCM(backend); {
	case err == nil:
		return d, true, nil
	case ok:
		return pcm, false, nil
	case s.ID == inventsSilence:
		err = fmt.Errorf("%w: %s; see orac devices", u.NotFound, u.silent)
	case s.ID != "" && backend == "pulse":
		err = fmt.Errorf("%w; for an ALSA PCM of that name, set backend = \"alsa\"", err)
	}
	return d, false, err
}

// inventory lists what is there and where to look.
func (u *Use) inventory(devices []Device) string {
	if len(devices) == 0 {
		return u.connect
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
