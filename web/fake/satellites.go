package fake

import "orac/appliance/status"

// Satellites implements api.Satellites: Home Assistant serves every block of the runbook.
func (f *Appliance) Satellites() (list []status.Satellite) {
	for _, b := range f.Book.Satellites() {
		list = append(list, status.Satellite{
			Name: b.Address.Name(), Device: b.Device, Listen: b.Listen, Phase: "speaking", Home: true, Busy: true, Keyed: b.Address.Type() == "esphome", Connections: 2,
			LastWake: "hey jarvis", LastText: "is the door locked", LastAnswer: "The door is locked.",
		})
	}
	return list
}

// Satellites implements api.Satellites.
func (a Evil) Satellites() (list []status.Satellite) {
	e := a.Word
	for _, b := range a.Book.Satellites() {
		list = append(list, status.Satellite{Name: b.Address.Name(), Phase: e, Error: e, Home: true, LastWake: e, LastText: e, LastAnswer: e})
	}
	return list
}
