package console

import (
	"net/http"
	"slices"

	"orac/appliance/graph"
	"orac/appliance/status"
	"orac/web/api"
	"orac/web/schema"
)

// servesVoices tells whether Home Assistant may use a voice service of the appliance: only then the menu leads to the page.
func servesVoices(s status.Status) bool {
	return slices.ContainsFunc(s.Nodes, func(n status.Node) bool { return n.Kind == string(graph.Wyoming) })
}

// voiceService is a Wyoming service on its page.
type voiceService struct{ api.VoiceServiceOut }

// State says how the service is, in the words of the health.
func (s voiceService) State() string {
	if s.Running {
		return "healthy"
	}
	return "unhealthy"
}

// Words: see State.
func (s voiceService) Words() string {
	switch {
	case !s.Running:
		return "it does not listen now"
	case s.Serves == "wake":
		return "listens for wake words"
	}
	return "understands speech"
}

func (c *Console) voices(call *api.Call) error {
	list, err := api.OpVoiceServices.Call(call, schema.None{})
	if err != nil {
		return err
	}
	var rows []voiceService
	for _, s := range list {
		rows = append(rows, voiceService{s})
	}
	return c.show(call, http.StatusOK, "voices", view{Data: rows})
}
