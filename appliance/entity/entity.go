package entity

import "fmt"

// Kind is what an entity is for whoever shows it. The words are those of Home Assistant.
type Kind string

// The kinds of entities.
const (
	Switch       Kind = "switch"
	Number       Kind = "number"
	Sensor       Kind = "sensor"
	TextSensor   Kind = "text_sensor"
	BinarySensor Kind = "binary_sensor"
	Button       Kind = "button"
	MediaPlayer  Kind = "media_player"
	Update       Kind = "update"
)

// Category is where Home Assistant shows an entity.
type Category int

// The categories.
const (
	Primary    Category = 0
	Config     Category = 1
	Diagnostic Category = 2
)

// Entity is something of an appliance that is shown, and perhaps changed.
type Entity struct {
	ID       string // the same for ever
	Kind     Kind
	Name     string
	Icon     string
	Class    string // device class
	Unit     string
	Category Category
	Hidden   bool // until somebody switches it on

	// Order is what a command to it asks for: one of the words of runbook.ESPHome.Allow. "": it is not changed, or, of a media player, it is
	// the business of whoever plays.
	Order    string
	Listener string // that it is about; "" for the whole appliance
	Speaker  string // of a MediaPlayer: the block
	Model    string // whose threshold it is

	Min, Max, Step float64 // of a Number
	Decimals       int     // of a Sensor
}

// Takes says why a command may not set the entity so; nil if it may.
func (e Entity) Takes(to State) error {
	switch {
	case e.Order == "":
		return fmt.Errorf("%s is not set by others", e.Name)
	case e.Kind == Number && !(to.Number >= e.Min && to.Number <= e.Max): // also what is not a number
		return fmt.Errorf("%s is a number from %g to %g, not %g", e.Name, e.Min, e.Max, to.Number)
	}
	return nil
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

// State is how an entity is.
type State struct {
	Entity  string // its ID
	Missing bool   // nobody knows
	On      bool
	Number  float64
	Text    string
	Player  Player
}

// Player is how a speaker is, as a media player shows it.
type Player struct {
	Playing    bool    // media
	Announcing bool    // something else that is said
	Paused     bool    // media
	Volume     float64 // 0 to 1
	Muted      bool
}

// longest is how many characters Home Assistant accepts as a state.
const longest = 250

// Text is the state of a text sensor; an empty text is a missing one.
func Text(id, text string) State {
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest-1]) + "…"
	}
	return State{Entity: id, Text: text, Missing: text == ""}
}
