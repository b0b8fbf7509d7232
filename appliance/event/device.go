package event

import "strings"

// devices tell what becomes of devices, and of their sound.
var devices = []Kind{
	kind("A device was opened; sound should come.", Kind{Sign: Renewed, about: itself},
		func(b DeviceOpened) Words { return fine("open", usual("%s  ", b.Device), faint("%s", b.Identity)) }),
	kind("The first sound was heard and scored. From here on a wake word is heard.", Kind{},
		func(b Listening) Words {
			return fine("listening", usual("%s  for ", b.Listener), strong("%s", strings.Join(b.Models, ", ")))
		}),
	kind("ORAC has replaced itself by a fresh process, and listens again.", Kind{Sign: Renewed},
		func(b Restarted) Words {
			return fine("restarted", usual("heard nothing for %.1f s: %s", b.Seconds, b.Why))
		}),
	kind("No sound comes from a device until the next `device_opened`.", Kind{about: itself},
		func(b DeviceLost) Words {
			return failure("deaf", usual("%s: %s; trying again %s", b.Device, b.Cause, b.Retry))
		}),
	kind("A sound file is over.", Kind{about: itself},
		func(b DeviceEnded) Words { return plain("ended", usual("%s: the sound has ended", b.Device)) }),
	kind("How loud 80 ms of sound were. There are 12 of these a second.", Kind{Flow: Meter},
		func(b Level) Words { return detail("level", usual("%s RMS %.0f", b.Device, b.RMS)) }),
	kind("What a model said of the last 80 ms.", Kind{Flow: Meter},
		func(b Score) Words { return detail("score", usual("%s %.2f", b.Model, b.Score)) }),
}

// DeviceOpened: sound is expected from a device.
type DeviceOpened struct {
	Device   string `json:"device"`
	Identity string `json:"identity"`
	Opens    int    `json:"opens"` // how often it was opened since the start
	Hop      int64  `json:"hop"`   // the number of the first hop that it will send
}

func (DeviceOpened) Kind() string { return "device_opened" }

func (b DeviceOpened) told() Told { return opened("device", b.Identity, b.Opens) }

// Listening: the first hop of a listener was scored.
type Listening struct {
	Listener string   `json:"listener"`
	Models   []string `json:"models"`
}

func (Listening) Kind() string { return "listening" }

// Restarted: the process has replaced itself, and the first listener listens again.
type Restarted struct {
	Why     string  `json:"why"`
	Seconds float64 `json:"seconds"` // from the moment at which the process before began to end
}

func (Restarted) Kind() string { return "restarted" }

// DeviceLost: no sound comes from a device until the next DeviceOpened.
type DeviceLost struct {
	Device string `json:"device"`
	Cause  string `json:"cause"`
	Retry  string `json:"retry"` // when the next try is made
	// Evidence is what was known of the device, its process and the last hops before it was closed by force.
	Evidence string `json:"evidence,omitempty"`
}

func (DeviceLost) Kind() string { return "device_lost" }

func (b DeviceLost) told() Told { return lost(b.Cause, b.Retry, b.Evidence) }

// DeviceEnded: the sound of a file is over.
type DeviceEnded struct {
	Device string `json:"device"`
}

func (DeviceEnded) Kind() string { return "device_ended" }

// Level is the loudness of one hop.
type Level struct {
	Device string  `json:"device"`
	RMS    float32 `json:"rms"` // int16 scale
	Peak   int     `json:"peak"`
}

func (Level) Kind() string { return "level" }

// Score is what a model said about one hop.
type Score struct {
	Device string  `json:"device"`
	Model  string  `json:"model"`
	Score  float32 `json:"score"`
}

func (Score) Kind() string { return "score" }
