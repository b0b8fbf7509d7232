package satellite

import (
	"orac/appliance/entity"
	"orac/runbook/language"
)

// Face is what a satellite shows to whoever connects. Its slices are never changed.
type Face struct {
	Name     string // of the device
	Friendly string // what people call it
	Area     string
	MAC      [6]byte // its identity at Home Assistant; invented, and the same at every start
	Version  string
	Listen   string // host:port

	Key         language.Secret // 32 bytes in base64; not set: there is none
	AcceptKey   bool            // without a key a client may set one, and do nothing else
	Plain       bool            // without a key everybody may use it, unencrypted
	Advertise   bool
	Connections int // how many are open at most

	Listener string // "": it only speaks
	Speaks   bool   // it has a speaker
	Rings    bool   // a timer that ends is heard
	Entities []entity.Entity
	Words    []Word   // that can be listened for
	Allow    []string // what clients may change: see runbook.ESPHome
}

// Word is a wake word.
type Word struct {
	ID     string // name of the model
	Phrase string
	Active bool
}

// Told is what the place where clients connect tells its satellite.
type Told interface{ told() }

type (
	// FromHome: Home Assistant says something that is about voice.
	FromHome struct{ In In }
	// KeySet: a client sets the key. Done is called with whether it is kept.
	KeySet struct {
		Key  string // 32 bytes in base64; not all of them zero
		Done func(kept bool)
	}
	// Media: a client commands the speaker. The zero value of each field means nothing.
	Media struct {
		URL                   string
		Announcement          bool
		Stop, Mute, Unmute    bool
		Pause, Resume, Toggle bool     // of what is played by URL, without Announcement
		Volume                *float64 // 0 to 1
		VolumeUp, VolumeDown  bool
	}
)

func (FromHome) told() {}
func (KeySet) told()   {}
func (Media) told()    {}
