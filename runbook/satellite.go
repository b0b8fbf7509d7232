package runbook

import (
	"fmt"
	"slices"

	"orac/runbook/language"
)

// satelliteTypes are the blocks by which Home Assistant answers who speaks to a listener.
var satelliteTypes = []string{esphomeBlock.Type, wyomingSatelliteBlock.Type}

// IsSatellite tells whether an address is that of a satellite of Home Assistant.
func IsSatellite(a Address) bool { return slices.Contains(satelliteTypes, a.Type()) }

var satellitePreRoll = language.Attribute{
	Name: "pre_roll", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "0s", Min: "0s", Max: "3s",
	Doc: "How much of the sound before the end of the wake word is sent. More than a moment puts the wake word into the text.",
}

// Satellite is a satellite of Home Assistant, of whatever type.
type Satellite struct {
	Address        Address
	Listen         string
	Device         string // by which Home Assistant knows it
	Keyed          bool   // there is a key in the runbook
	AcceptKey      bool   // the first client sets one
	Unprotected    bool
	Advertise      bool
	Speaker        Address
	Allow          []string // what clients may change
	MaxConnections int
}

// Satellites lists the satellites of a runbook.
func (rb *Runbook) Satellites() (list []Satellite) {
	for _, e := range rb.ESPHomes {
		list = append(list, Satellite{
			e.Address, e.Listen, e.DeviceName(rb.Appliance.Name), e.Key.IsSet(), e.AcceptKey, e.Unprotected, e.Advertise, e.SpeaksAt(rb), e.Allow, e.MaxConnections,
		})
	}
	for _, s := range rb.WyomingSatellites {
		list = append(list, Satellite{
			Address: s.Address, Listen: s.Listen, Device: s.InstanceName(rb.Appliance.Name), Unprotected: s.Unprotected, Advertise: s.Advertise,
			Speaker: s.SpeaksAt(rb), MaxConnections: s.MaxConnections,
		})
	}
	return list
}

// speakerOf is the speaker of a satellite: its own, or that of the listener that has it in deliver; "" for none.
func (rb *Runbook) speakerOf(home, own Address) Address {
	if own != "" {
		return own
	}
	for _, l := range rb.Listeners {
		if l.Home() == home {
			return l.Speaker
		}
	}
	return ""
}

// Home is the satellite by which a listener delivers to Home Assistant; "" for none.
func (l Listener) Home() Address {
	if len(l.Deliver) > 0 && IsSatellite(l.Deliver[0][0]) {
		return l.Deliver[0][0]
	}
	return ""
}

// Routes are the services that transcribe what the listener records: those of deliver without Home Assistant.
func (l Listener) Routes() []Route { return RoutesOf(l.Deliver) }

// RoutesOf are the services in a deliver, without Home Assistant.
func RoutesOf(deliver []Route) []Route {
	if (Listener{Deliver: deliver}).Home() == "" {
		return deliver
	}
	if first := deliver[0][1:]; len(first) > 0 {
		return append([]Route{first}, deliver[1:]...)
	}
	return deliver[1:]
}

// satelliteRules are what the block of a satellite may not say together with other blocks.
var satelliteRules = []language.Between{
	{Doc: "If other machines can reach an esphome block, it needs key, accept_key = true or unprotected_on_the_network = true; a wyoming_satellite block needs the last.", Check: satelliteIsSafe},
	{Doc: "In deliver, an esphome or wyoming_satellite block is the first of the first list, and of one listener. act then needs a service that follows it in that list.", Check: satelliteIsFirst},
	{Doc: "An esphome or wyoming_satellite block may not listen where another server listens, and has a name of its own.", Check: satellitesDiffer},
}

func satelliteIsSafe(value any, d *language.Document) (found language.Diagnostics) {
	for _, s := range value.(*Runbook).Satellites() {
		switch open := !IsLoopback(s.Listen); {
		case open && !s.Keyed && !s.AcceptKey && !s.Unprotected:
			said, hint := "there is no key", `Add key = secret("esphome"), or accept_key = true to have Home Assistant set one. To let everybody on the network use it unencrypted, add unprotected_on_the_network = true.`
			if s.Address.Type() != "esphome" {
				said, hint = "the protocol has no login and no encryption", "An esphome block can be encrypted. To let everybody on the network use this one, add unprotected_on_the_network = true."
			}
			found = append(found, d.Problem(s.Address, "listen", language.Error, fmt.Sprintf("other machines can reach %s, and %s", s.Listen, said), hint))
		case s.Advertise && !open:
			found = append(found, d.Problem(s.Address, "advertise", language.Error, fmt.Sprintf("no other machine can reach %s", s.Listen),
				"Leave advertise out, or listen at an address of the network."))
		}
	}
	return found
}

func satelliteIsFirst(value any, d *language.Document) (found language.Diagnostics) {
	rb := value.(*Runbook)
	of := map[Address]Address{}
	for _, l := range rb.Listeners {
		for i, r := range l.Deliver {
			for k, a := range r {
				if IsSatellite(a) && (i > 0 || k > 0) {
					found = append(found, d.Problem(l.Address, "deliver", language.Error, fmt.Sprintf("%s is not the first", a),
						fmt.Sprintf("Home Assistant answers at once or not at all: write [[%s, stt.NAME]] to have a service take the commands while it is away.", a)))
				}
			}
		}
		home := l.Home()
		if home == "" {
			continue
		}
		if len(l.Deliver) > 1 {
			found = append(found, d.Problem(l.Address, "deliver", language.Error, fmt.Sprintf("what goes to %s goes to nobody else", home),
				fmt.Sprintf("Write one list, [[%s, stt.NAME]]: the service takes the commands while Home Assistant is away.", home)))
		}
		if other, taken := of[home]; taken {
			found = append(found, d.Problem(l.Address, "deliver", language.Error, fmt.Sprintf("%s is the satellite of %s already", home, other),
				"Give each listener a satellite of its own: Home Assistant answers where it was asked."))
		}
		of[home] = l.Address
		if l.Act != "" && len(l.Routes()) == 0 {
			found = append(found, d.Problem(l.Address, "act", language.Error, "nothing here understands what was said",
				fmt.Sprintf("Home Assistant acts on what %s sends. To act here while it is away, write deliver = [[%s, stt.NAME]].", home, home)))
		}
	}
	return found
}

func satellitesDiffer(value any, d *language.Document) (found language.Diagnostics) {
	rb := value.(*Runbook)
	names, called := map[string]Address{}, map[string]Address{}
	for _, s := range rb.Satellites() {
		if other, taken := called[s.Address.Name()]; taken {
			found = append(found, d.Problem(s.Address, "", language.Error, fmt.Sprintf("%s has the name %q, too", other, s.Address.Name()), "Satellites go by their names in events and in the console, whatever their type: give this one another."))
		}
		called[s.Address.Name()] = s.Address
		if _, other, taken := rb.before(s.Address); taken {
			found = append(found, d.Problem(s.Address, "listen", language.Error, fmt.Sprintf("%s listens at %s already", other.server, other.listen),
				"Home Assistant asks each satellite at an address of its own: give this one another port."))
		}
		if other, taken := names[s.Device]; taken {
			found = append(found, d.Problem(s.Address, "device_name", language.Error, fmt.Sprintf("%s has the name %q, too", other, s.Device), "Give each satellite a device_name of its own."))
		}
		names[s.Device] = s.Address
	}
	return found
}
