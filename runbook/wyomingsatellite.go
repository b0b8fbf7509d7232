package runbook

import (
	"time"

	"orac/runbook/language"
)

// WyomingSatellite is a voice satellite that Home Assistant uses by the Wyoming protocol. Which listener it is for is said by deliver of
// the listener: see Listener.Home.
type WyomingSatellite struct {
	Address        Address
	Name           string
	Listen         string        `hcl:"listen"`
	Unprotected    bool          `hcl:"unprotected_on_the_network"`
	Advertise      bool          `hcl:"advertise"`
	Area           string        `hcl:"area"`
	Speaker        Address       `hcl:"speaker"` // "": see SpeaksAt
	PreRoll        time.Duration `hcl:"pre_roll"`
	MaxConnections int           `hcl:"max_connections"`
}

// InstanceName is the name under which the satellite of an appliance is announced: another than that of a wyoming block of the same name.
func (s WyomingSatellite) InstanceName(appliance string) string {
	return "orac-" + appliance + "-" + s.Name + "-satellite"
}

// SpeaksAt is the speaker of the satellite; "" for none.
func (s WyomingSatellite) SpeaksAt(rb *Runbook) Address { return rb.speakerOf(s.Address, s.Speaker) }

var wyomingSatelliteBlock = &language.BlockType{
	Type: "wyoming_satellite", Named: true,
	Doc:  "A voice satellite for Home Assistant by the Wyoming protocol, for those who have such satellites already. A listener that has it in deliver sends its commands to Home Assistant. Without a listener it only speaks. The protocol has no login and no encryption; an `esphome` block can do more, and be encrypted.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.WyomingSatellites }),
	Example: `wyoming_satellite "kitchen" {
  listen                     = ":10700"
  unprotected_on_the_network = true
  advertise                  = true
}`,
	Attributes: []language.Attribute{
		{Name: "listen", Kind: language.String, Gives: language.Opens, OnChange: language.Restart, Default: "127.0.0.1:10700", Example: `":10700"`, NoWider: sameOrLoopback,
			Pattern: listenPattern, Expect: `HOST:PORT, like ":10700" for every address; a port is 1 to 65535`,
			Doc: "The address at which the satellite is served. It needs a port of its own, beside those of wyoming blocks: Home Assistant takes what has a satellite for nothing else."},
		{Name: "unprotected_on_the_network", Kind: language.Bool, Gives: language.Opens, OnChange: language.InPlace, Default: "false",
			Doc: "Whether everybody on the network may be its Home Assistant, and hear the commands, without a login and without encryption. When false, it is served to this machine only."},
		{Name: "advertise", Kind: language.Bool, Gives: language.Opens, OnChange: language.InPlace, Default: "false",
			Doc: "Whether the satellite announces itself on the network (mDNS, `_wyoming._tcp`), so that Home Assistant finds it. Its name is made of the names of the appliance and of this block."},
		{Name: "area", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"Kitchen"`,
			Pattern: oneLine, Expect: oneLineExpect,
			Doc: "The area that Home Assistant suggests when it adds the satellite."},
		{Name: "speaker", Kind: language.Ref, Gives: language.Tunes, OnChange: language.InPlace, Refs: []string{"device.speaker"}, Example: "device.speaker.kitchen",
			DefaultDoc: "that of the listener that has the block in deliver",
			Doc:        "Where answers and announcements of Home Assistant are heard. Chimes are those of the listener, at its own speaker."},
		satellitePreRoll,
		{Name: "max_connections", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "8", Min: "2", Max: "64", Unit: "connections",
			Doc: "How many connections are open at a time. A further one takes the place of the one that has been silent longest, or is refused. One of them is Home Assistant's: the last that asked to be."},
	},
}
