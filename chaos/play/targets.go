package play

import (
	"slices"

	"orac/appliance"
	"orac/runbook"
	"orac/runbook/scenario"
)

// targets are the names that the target of a kind of fault can be, the first one first.
func targets(k scenario.Kind, rb *runbook.Runbook) (names []string) {
	switch k.Info().Target {
	case "device":
		return devices(rb)
	case "stt":
		for _, s := range rb.STTs {
			names = append(names, s.Name)
		}
	case "heartbeat":
		for _, h := range rb.Heartbeats {
			names = append(names, h.Name)
		}
	case "webhook":
		for _, h := range rb.Webhooks {
			names = append(names, h.Name)
		}
	case "node":
		g, err := appliance.Compile(rb)
		if err != nil {
			return nil
		}
		for _, n := range g.Nodes {
			names = append(names, n.Address)
		}
	}
	return names
}

// devices are those that are listened to, in order of the runbook; microphones first, since only they can break.
func devices(rb *runbook.Runbook) (names []string) {
	heard := func(a runbook.Address) bool {
		return slices.ContainsFunc(rb.Listeners, func(l runbook.Listener) bool { return l.Device == a })
	}
	for _, m := range rb.Microphones {
		if heard(m.Address) {
			names = append(names, m.Name)
		}
	}
	for _, w := range rb.WAVs {
		if heard(w.Address) {
			names = append(names, w.Name)
		}
	}
	return names
}
