package wyomingsatellite

import (
	"reflect"

	"orac/appliance/satellite"
	wire "orac/appliance/wyoming"
)

// infoOf is what a satellite says of itself. Its name stays the same for as long as the runbook's do: clients keep what they know under it.
// A wake word goes by the name of its model, which detections carry, too.
func infoOf(f satellite.Face) wire.Info {
	artifact := func(name, description string) wire.Artifact {
		return wire.Artifact{Name: name, Attribution: wire.Attribution{Name: "ORAC"}, Installed: true, Description: description}
	}
	s := &wire.Satellite{Artifact: artifact(f.Friendly, "ORAC"), Area: f.Area, Active: []string{}, MaxActive: len(f.Words)}
	s.Version = f.Version
	w := wire.Wake{Artifact: artifact("ORAC", "wake words"), Models: []wire.WakeModel{}}
	for _, word := range f.Words {
		if word.Active {
			s.Active = append(s.Active, word.ID)
		}
		w.Models = append(w.Models, wire.WakeModel{Artifact: artifact(word.ID, word.Phrase), Languages: []string{"en"}, Phrase: word.Phrase})
	}
	info := wire.Info{Satellite: s}
	if f.Listener != "" {
		info.Wake = []wire.Wake{w}
	}
	return info
}

func same(a, b wire.Info) bool { return reflect.DeepEqual(a, b) }
