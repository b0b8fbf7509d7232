package console

import (
	"net/http"
	"slices"

	"orac/appliance/graph"
	"orac/appliance/status"
	"orac/web/api"
	"orac/web/schema"
)

// hasSatellite tells whether the appliance is a satellite of Home Assistant: only then the menu leads to the page.
func hasSatellite(s status.Status) bool {
	return slices.ContainsFunc(s.Nodes, func(n status.Node) bool {
		return n.Kind == string(graph.ESPHome) || n.Kind == string(graph.WyomingSatellite)
	})
}

// satelliteRow is a satellite on its page.
type satelliteRow struct{ api.SatelliteOut }

// State says how the satellite is, in the words of the health.
func (s satelliteRow) State() string {
	switch {
	case !s.Running, s.Error != "":
		return "unhealthy"
	case !s.Home && !s.Paused:
		return "degraded"
	}
	return "healthy"
}

// phases are what a satellite does, in words.
var phases = map[string]string{
	"ready": "waits for a wake word", "asking": "asks Home Assistant", "listening": "listens", "thinking": "waits for the answer", "speaking": "answers",
	"announcing": "announces something", "pausing": "asks back", "failed": "could not help",
}

// Words: see State.
func (s satelliteRow) Words() string {
	switch words := phases[s.Phase]; {
	case !s.Running:
		return "it does not run now"
	case s.Error != "":
		return "nobody can connect"
	case s.Paused:
		return "muted at Home Assistant"
	case !s.Home:
		return "Home Assistant is not connected"
	case words != "":
		return words
	}
	return s.Phase
}

func (c *Console) satellites(call *api.Call) error {
	list, err := api.OpSatellites.Call(call, schema.None{})
	if err != nil {
		return err
	}
	var rows []satelliteRow
	for _, s := range list {
		rows = append(rows, satelliteRow{s})
	}
	return c.show(call, http.StatusOK, "satellites", view{Data: rows})
}
