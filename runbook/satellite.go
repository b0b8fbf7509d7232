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

// station is a satellite of Home Assistant, of whatever type.
type station struct {
	address                        Address
	listen                         string
	closed, unprotected, advertise bool   // closed: nobody comes in without a key
	device                         string // what Home Assistant knows an esphome block by; "" for the other type
}

// satellites lists the satellites of a runbook.
func (rb *Runbook) satellites() (list []station) {
	for _, e := range rb.ESPHomes {
		list = append(list, station{e.Address, e.Listen, e.Encrypted(), e.Unprotected, e.Advertise, e.DeviceName(rb.Appliance.Name)})
	}
	for _, s := range rb.WyomingSatellites {
		list = append(list, station{s.Address, s.Listen, false, s.Unprotected, s.Advertise, ""})
	}
	return list
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
	for _, s := range value.(*Runbook).satellites() {
		switch open := !IsLoopback(s.listen); {
		case open && !s.closed && !s.unprotected:
			said, hint := "there is no key", `Add key = secret("esphome"), or accept_key = true to have Home Assistant set one. To let everybody on the network use it unencrypted, add unprotected_on_the_network = true.`
			if s.address.Type() != "esphome" {
				said, hint = "the protocol has no login and no encryption", "An esphome block can be encrypted. To let everybody on the network use this one, add unprotected_on_the_network = true."
			}
			found = append(found, d.Problem(s.address, "listen", language.Error, fmt.Sprintf("other machines can reach %s, and %s", s.listen, said), hint))
		case s.advertise && !open:
			found = append(found, d.Problem(s.address, "advertise", language.Error, fmt.Sprintf("no other machine can reach %s", s.listen),
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
	for _, s := range rb.satellites() {
		if other, taken := called[s.address.Name()]; taken {
			found = append(found, d.Problem(s.address, "", language.Error, fmt.Sprintf("%s has the name %q, too", other, s.address.Name()), "Satellites go by their names in events and in the console, whatever their type: give this one another."))
		}
		called[s.address.Name()] = s.address
		if _, other, taken := rb.before(s.address); taken {
			found = append(found, d.Problem(s.address, "listen", language.Error, fmt.Sprintf("%s listens at %s already", other.server, other.listen),
				"Home Assistant asks each satellite at an address of its own: give this one another port."))
		}
		if other, taken := names[s.device]; taken && s.device != "" {
			found = append(found, d.Problem(s.address, "device_name", language.Error, fmt.Sprintf("%s has the name %q, too", other, s.device), "Give each satellite a device_name of its own."))
		}
		names[s.device] = s.address
	}
	return found
}
