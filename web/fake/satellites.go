package fake

import "orac/appliance/status"

// Satellites implements api.Satellites: Home Assistant serves every block of the runbook.
func (f *Appliance) Satellites() (list []status.Satellite) {
	for _, b := range f.Book.ESPHomes {
		list = append(list, status.Satellite{
			Name: b.Name, Device: b.DeviceName(f.Book.Appliance.Name), Listen: b.Listen, Phase: "speaking", Home: true, Busy: true, Keyed: true, Connections: 2,
			LastWake: "hey jarvis", LastText: "is the door locked", LastAnswer: "The door is locked.",
		})
	}
	return list
}

// Satellites implements api.Satellites.
func (a Evil) Satellites() (list []status.Satellite) {
	e := a.Word
	for _, b := range a.Book.ESPHomes {
		list = append(list, status.Satellite{Name: b.Name, Phase: e, Error: e, Home: true, LastWake: e, LastText: e, LastAnswer: e})
	}
	return list
}
