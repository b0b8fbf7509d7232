package console

import (
	"net/http"
	"strings"

	"orac/appliance/status"
	"orac/web/api"
	"orac/web/schema"
)

// servesSTT tells whether the appliance understands speech for others: only then the menu leads to the page.
func servesSTT(s status.Status) bool {
	return len(s.STTServers) > 0
}

// sttServer is a speech-to-text server on its page.
type sttServer struct{ api.STTServerOut }

// State says how the engine is, in the words of the health, and Words in those of people.
func (s sttServer) State() string {
	switch {
	case !s.Running || s.Engine.State == "failed":
		return "unhealthy"
	case s.Engine.State == "loading":
		return "degraded"
	}
	return "healthy"
}

// Words: see State.
func (s sttServer) Words() string {
	if !s.Running {
		return "it does not run now"
	}
	switch s.Engine.State {
	case "idle":
		return "idle: the model is loaded when somebody speaks"
	case "loading":
		return "loading the model"
	case "busy":
		return "transcribing"
	}
	return s.Engine.State
}

// Lost is how many utterances were not answered with what was in them.
func (s sttServer) Lost() int { return s.Counts.Failed + s.Counts.Busy + s.Counts.Refused }

// Place is where peers find the server.
func (s sttServer) Place() string {
	place := s.Listen
	if port, all := strings.CutPrefix(place, ":"); all {
		place = "port " + port
	}
	if s.Encrypted {
		return place + ", encrypted"
	}
	return place + ", not encrypted"
}

func (c *Console) sttServers(call *api.Call) error {
	list, err := api.OpSpeechServers.Call(call, schema.None{})
	if err != nil {
		return err
	}
	var rows []sttServer
	for _, s := range list {
		rows = append(rows, sttServer{s})
	}
	return c.show(call, http.StatusOK, "sttservers", view{Scripts: []string{"history.js"}, Data: rows})
}
