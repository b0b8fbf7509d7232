package satellite

import (
	"hash/fnv"

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
	Entities []Entity
	Words    []Word   // that can be listened for
	Allow    []string // what clients may change: see runbook.ESPHome
}

// Word is a wake word.
type Word struct {
	ID     string // name of the model
	Phrase string
	Active bool
}

// EntityKind is what an entity is for Home Assistant.
type EntityKind string

// The kinds of entities.
const (
	Switch       EntityKind = "switch"
	Number       EntityKind = "number"
	Sensor       EntityKind = "sensor"
	TextSensor   EntityKind = "text_sensor"
	BinarySensor EntityKind = "binary_sensor"
	Button       EntityKind = "button"
	MediaPlayer  EntityKind = "media_player"
	Update       EntityKind = "update"
)

// Category is where Home Assistant shows an entity.
type Category int

// The categories.
const (
	Primary    Category = 0
	Config     Category = 1
	Diagnostic Category = 2
)

// Entity is something of the satellite that Home Assistant shows.
type Entity struct {
	ID       string // the same for ever
	Kind     EntityKind
	Name     string
	Icon     string
	Class    string // device class
	Unit     string
	Category Category
	Hidden   bool // until somebody switches it on
	Allow    string
	Model    string // whose threshold it is

	Min, Max, Step float64 // of a Number
	Decimals       int     // of a Sensor
}

// Key is the number by which clients name the entity.
func (e Entity) Key() uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(string(e.Kind) + "/" + e.ID))
	return max(1, h.Sum32())
}

// IDs of entities.
const (
	IDMute       = "mute"
	IDWakeSound  = "wake_sound"
	IDThreshold  = "threshold_" // and the name of the model
	IDLevel      = "microphone_level"
	IDWake       = "last_wake"
	IDTranscript = "last_transcript"
	IDProblem    = "problem"
	IDRestart    = "restart"
	IDUpdate     = "update"
	IDMedia      = "media_player"
)

// longestState is how many characters Home Assistant accepts as a state.
const longestState = 250

// State is how an entity is.
type State struct {
	Entity  string // its ID
	Missing bool   // nobody knows
	On      bool
	Number  float64
	Text    string
	Player  Player
}

// TextState is the state of a text sensor; an empty text is a missing one.
func TextState(id, text string) State {
	if runes := []rune(text); len(runes) > longestState {
		text = string(runes[:longestState-1]) + "…"
	}
	return State{Entity: id, Text: text, Missing: text == ""}
}

// Player is how the speaker is.
type Player struct {
	Playing    bool
	Announcing bool
	Volume     float64 // 0 to 1
	Muted      bool
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
	// Switched: a client switches the sound after a wake word on or off.
	Switched struct{ On bool }
	// Media: a client commands the speaker. The zero value of each field means nothing.
	Media struct {
		URL                  string
		Announcement         bool
		Stop, Mute, Unmute   bool
		Volume               *float64 // 0 to 1
		VolumeUp, VolumeDown bool
	}
)

func (FromHome) told() {}
func (KeySet) told()   {}
func (Switched) told() {}
func (Media) told()    {}
