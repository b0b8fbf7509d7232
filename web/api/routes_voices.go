package api

import (
	"slices"
	"time"

	"orac/appliance/status"
	"orac/runbook"
	"orac/web/schema"
)

// Voices are the Wyoming services that run.
type Voices interface {
	// VoiceServices are their states.
	VoiceServices() []status.VoiceService
}

// VoiceServiceOut is a wyoming block of the runbook, and how it is used.
type VoiceServiceOut struct {
	Name        string           `json:"name"`
	Serves      string           `json:"serves" doc:"stt or wake."`
	Listen      string           `json:"listen"`
	Exposed     bool             `json:"exposed" doc:"Whether other machines can use it. Nothing is encrypted, and there is no login."`
	Advertised  bool             `json:"advertised" doc:"Whether the network is told of it."`
	Engine      string           `json:"engine,omitempty" doc:"What understands speech."`
	Models      []string         `json:"models" doc:"The wake words that clients may use."`
	Running     bool             `json:"running" doc:"Whether it listens."`
	Error       string           `json:"error,omitempty" doc:"Why it does not."`
	Connections int              `json:"connections"`
	Streams     int              `json:"streams" doc:"How many of them send sound."`
	Limit       int              `json:"limit" doc:"How many may be connected."`
	Answered    int              `json:"answered" doc:"Requests and wake words, since the start."`
	Failed      int              `json:"failed" doc:"Requests that were told an error instead, since the start."`
	Answers     []VoiceAnswerOut `json:"answers" doc:"The last ones, newest first. They are kept in memory alone."`
}

// VoiceAnswerOut is an answer to a client.
type VoiceAnswerOut struct {
	At      time.Time `json:"at"`
	Address string    `json:"address" doc:"Of the client."`
	Text    string    `json:"text" doc:"What was understood."`
	Model   string    `json:"model,omitempty" doc:"Whose wake word was heard."`
	Error   string    `json:"error,omitempty" doc:"Why it failed."`
	Seconds float64   `json:"seconds,omitempty" doc:"Of the sound."`
	Took    float64   `json:"took_seconds,omitempty" doc:"From the end of the sound to the text."`
}

func getVoiceServices(c *Call, _ schema.None) ([]VoiceServiceOut, error) {
	rb, list, run := c.Server.o.App.Declared.Runbook(), []VoiceServiceOut{}, c.Server.o.App.Voices.VoiceServices()
	for _, b := range rb.Wyomings {
		out := VoiceServiceOut{
			Name: b.Name, Serves: b.Serve, Listen: b.ListensAt(), Exposed: !runbook.IsLoopback(b.ListensAt()), Advertised: b.Advertise, Engine: b.Engine.Name(),
			Limit: b.MaxConnections, Models: []string{}, Answers: []VoiceAnswerOut{},
		}
		for _, m := range rb.ServedModels(b) {
			out.Models = append(out.Models, m.Name)
		}
		if i := slices.IndexFunc(run, func(s status.VoiceService) bool { return s.Name == b.Name }); i >= 0 {
			out.fill(run[i])
		}
		list = append(list, out)
	}
	return list, nil
}

// fill adds what a service knows of itself.
func (out *VoiceServiceOut) fill(s status.VoiceService) {
	out.Running, out.Error, out.Connections, out.Streams = s.Open, s.Error, s.Connections, s.Streams
	out.Answered, out.Failed = s.Answered, s.Failed
	for _, a := range s.Answers {
		out.Answers = append(out.Answers, VoiceAnswerOut{a.At, a.Address, a.Text, a.Model, a.Cause, a.Seconds, a.Took})
	}
}
