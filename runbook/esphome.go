package runbook

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"orac/runbook/language"
)

// ESPHome is a voice satellite that Home Assistant adopts by the native API of ESPHome. Which listener it is for is said by deliver of
// the listener: see Listener.Home.
type ESPHome struct {
	Address        Address
	Name           string
	Listen         string          `hcl:"listen"`
	Key            language.Secret `hcl:"key"`        // 32 bytes in base64, or not set
	AcceptKey      bool            `hcl:"accept_key"` // that the first client sets
	Unprotected    bool            `hcl:"unprotected_on_the_network"`
	Advertise      bool            `hcl:"advertise"`
	Device         string          `hcl:"device_name"` // "": see DeviceName
	Friendly       string          `hcl:"friendly_name"`
	Area           string          `hcl:"area"`
	Allow          []string        `hcl:"allow"`   // what clients may change
	Speaker        Address         `hcl:"speaker"` // "": see SpeaksAt
	PreRoll        time.Duration   `hcl:"pre_roll"`
	WakeSound      bool            `hcl:"wake_sound"`
	MaxConnections int             `hcl:"max_connections"`
}

// What clients of an esphome block may be allowed to do.
const (
	AllowMute      = "mute"
	AllowThreshold = "threshold"
	AllowWakeWords = "wake_words"
	AllowWakeSound = "wake_sound"
	AllowRestart   = "restart"
)

// SpeaksAt is the speaker of the satellite; "" for none.
func (e ESPHome) SpeaksAt(rb *Runbook) Address { return rb.speakerOf(e.Address, e.Speaker) }

// longestDeviceName is what ESPHome allows.
const longestDeviceName = 31

// DeviceName is the name by which Home Assistant knows the satellite of an appliance.
func (e ESPHome) DeviceName(appliance string) string {
	name := cmp.Or(e.Device, strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		}
		return '-'
	}, "orac-"+appliance))
	return strings.Trim(name[:min(len(name), longestDeviceName)], "-")
}

// Encrypted tells whether nobody may use the satellite without a key.
func (e ESPHome) Encrypted() bool { return e.Key.IsSet() || e.AcceptKey }

var esphomeBlock = &language.BlockType{
	Type: "esphome", Named: true,
	Doc:  "A voice satellite for Home Assistant, which finds and adopts it like a device of ESPHome, by the native API. A listener that has it in deliver sends its commands to Home Assistant. Without a listener it only speaks.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.ESPHomes }),
	Example: `esphome "home" {
  listen     = ":6053"
  accept_key = true
  advertise  = true
}`,
	Attributes: []language.Attribute{
		{Name: "listen", Kind: language.String, Gives: language.Opens, OnChange: language.Restart, Default: "127.0.0.1:6053", Example: `":6053"`, NoWider: sameOrLoopback,
			Pattern: listenPattern, Expect: `HOST:PORT, like ":6053" for every address; a port is 1 to 65535`,
			Doc: "The address at which the satellite is served. Home Assistant expects port 6053."},
		{Name: "key", Kind: language.String, Gives: language.Proves, OnChange: language.InPlace, Secret: language.SecretOnly, Example: `secret("esphome")`,
			Doc: "The encryption key: 32 random bytes in base64, as `openssl rand -base64 32` prints them. Home Assistant asks for it once."},
		{Name: "accept_key", Kind: language.Bool, Gives: language.Opens, OnChange: language.InPlace, Default: "false",
			Doc: "Whether the first Home Assistant that connects sets the key. It is kept in the state directory. Until then the satellite says who it is, and does nothing else."},
		{Name: "unprotected_on_the_network", Kind: language.Bool, Gives: language.Opens, OnChange: language.InPlace, Default: "false",
			Doc: "Whether everybody on the network may use the satellite without a key, and voices cross the network unencrypted. When false, a satellite without a key is served to this machine only."},
		{Name: "advertise", Kind: language.Bool, Gives: language.Opens, OnChange: language.InPlace, Default: "false",
			Doc: "Whether the satellite announces itself on the network (mDNS, `_esphomelib._tcp`), so that Home Assistant finds it."},
		{Name: "device_name", Kind: language.String, Gives: language.Tunes, OnChange: language.Restart, Example: `"orac-kitchen"`, DefaultDoc: "orac- and the name of the appliance",
			Pattern: language.Match(`^[a-z0-9]([a-z0-9-]{0,29}[a-z0-9])?$`), Expect: "1 to 31 lower-case letters, digits and dashes, none of these at an end",
			Doc: "The name by which Home Assistant knows the satellite. Two satellites on a network need different names."},
		{Name: "friendly_name", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"Kitchen"`, DefaultDoc: "the name of the appliance",
			Pattern: oneLine, Expect: oneLineExpect,
			Doc: "What people read in Home Assistant."},
		{Name: "area", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"Kitchen"`,
			Pattern: oneLine, Expect: oneLineExpect,
			Doc: "The area that Home Assistant suggests when it adopts the satellite."},
		{Name: "allow", Kind: language.Strings, Gives: language.Opens, OnChange: language.InPlace, Default: `["mute", "threshold", "wake_words", "wake_sound", "restart"]`,
			Values: []string{AllowMute, AllowThreshold, AllowWakeWords, AllowWakeSound, AllowRestart},
			Doc:    "What Home Assistant may change. A threshold and the choice of wake words become part of the runbook's file, as a change in the console does."},
		{Name: "speaker", Kind: language.Ref, Gives: language.Tunes, OnChange: language.InPlace, Refs: []string{"device.speaker"}, Example: "device.speaker.kitchen",
			DefaultDoc: "that of the listener that has the block in deliver",
			Doc:        "Where answers, announcements and media of Home Assistant are heard. Chimes are those of the listener, at its own speaker."},
		satellitePreRoll,
		{Name: "wake_sound", Kind: language.Bool, Gives: language.Tunes, OnChange: language.InPlace, Default: "true",
			Doc: "Whether the wake chime of the listener says that the wake word was heard. A switch in Home Assistant has priority until the next start."},
		{Name: "max_connections", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "8", Min: "2", Max: "64", Unit: "connections",
			Doc: "How many connections are open at a time. A further one takes the place of the one that has been silent longest, or is refused."},
	},
	Rules: []language.Rule{
		language.AtMostOneOf("key", "accept_key", "unprotected_on_the_network"),
	},
}

// Allows tells whether clients may do something.
func (e ESPHome) Allows(what string) bool { return slices.Contains(e.Allow, what) }
