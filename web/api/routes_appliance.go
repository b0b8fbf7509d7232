package api

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"orac/appliance/graph"
	"orac/appliance/status"
	"orac/runbook"
	"orac/web/schema"
)

// Declared is what the appliance runs.
type Declared interface {
	Runbook() *runbook.Runbook
	Graph() *graph.Graph
}

// Logs are the lines of the log.
type Logs interface {
	// Logs calls line with the available lines after a sequence number (0: all), and with follow continues until ctx ends. If
	// line returns an error, Logs ends and returns that.
	Logs(ctx context.Context, after uint64, follow bool, line func(status.LogLine) error) error
}

func getStatus(c *Call, _ schema.None) (status.Status, error) {
	return c.Server.o.App.Running.Status(), nil
}

// GraphOut is the graph in the form of `orac graph --json`.
type GraphOut struct {
	Runbook string        `json:"runbook"`
	Nodes   []GraphOfNode `json:"nodes"`
	Edges   []GraphOfEdge `json:"edges"`
}

type GraphOfNode struct {
	Address string `json:"address"`
	Kind    string `json:"kind"`
	Block   string `json:"block" doc:"The block of the runbook."`
	Detail  string `json:"detail" doc:"The most important settings, for people."`
}

type GraphOfEdge struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Carries  string `json:"carries"`
	Capacity int    `json:"capacity"`
	Full     string `json:"full" doc:"What happens when it is full: the oldest goes, or the writer waits."`
}

func getGraph(c *Call, _ schema.None) (out GraphOut, err error) {
	text, err := json.Marshal(c.Server.o.App.Declared.Graph())
	if err != nil {
		return out, err
	}
	err = json.Unmarshal(text, &out)
	out.Nodes, out.Edges = notNil(out.Nodes), notNil(out.Edges)
	return out, err
}

// Listener is a listener as the runbook declares it.
type Listener struct {
	Name       string  `json:"name"`
	Device     string  `json:"device"`
	Microphone string  `json:"microphone,omitempty" doc:"The microphone's identity; empty if the device is a recording."`
	Recording  bool    `json:"recording"`
	Models     []Model `json:"models" doc:"All models, including disabled ones."`
}

func getListeners(c *Call, _ schema.None) ([]Listener, error) {
	rb, list := c.Server.o.App.Declared.Runbook(), []Listener{}
	for _, l := range rb.Listeners {
		row := Listener{Name: l.Name, Device: l.Device.Name(), Recording: true, Models: []Model{}}
		if m, ok := rb.Microphone(l.Device); ok {
			row.Microphone, row.Recording = cmp.Or(m.Identity, m.Match, m.ID), false
		}
		for _, a := range l.Models {
			if m, ok := rb.Model(a); ok {
				row.Models = append(row.Models, modelOf(m))
			}
		}
		list = append(list, row)
	}
	return list, nil
}

// Model is a model in the form of GET /api/models of the existing service.
type Model struct {
	Name      string  `json:"name"`
	WakeWord  string  `json:"wake_word"`
	Threshold float64 `json:"threshold"`
	Topic     string  `json:"topic"`
	Enabled   bool    `json:"enabled"`
	Cooldown  float64 `json:"cooldown" doc:"Seconds."`
}

func modelOf(m runbook.Model) Model {
	return Model{m.Name, m.WakeWord, m.Threshold, m.Topic, m.Enabled, m.Cooldown.Seconds()}
}

type ModelList struct {
	Models []Model `json:"models"`
}

func getModels(c *Call, _ schema.None) (ModelList, error) {
	out := ModelList{[]Model{}}
	for _, m := range c.Server.o.App.Declared.Runbook().Models {
		out.Models = append(out.Models, modelOf(m))
	}
	return out, nil
}

func getDevices(c *Call, _ schema.None) (Devices, error) {
	ctx, cancel := context.WithTimeout(c.Context(), 10*time.Second)
	defer cancel()
	list, err := c.Server.o.App.Microphones.Devices(ctx)
	if err != nil {
		return list, schema.Because(schema.Unavailable, err, "The audio server does not answer.")
	}
	list.Devices, list.Speakers = notNil(list.Devices), notNil(list.Speakers)
	list.Mark(c.Server.o.App.Declared.Runbook())
	return list, nil
}

type LogsInput struct {
	After uint64 `query:"after" check:"min=0" doc:"Only lines with a higher number."`
	Limit int    `query:"limit" check:"min=1;max=1000" doc:"How many at most, the newest ones; default: 200."`
}

func getLogs(c *Call, in LogsInput) ([]status.LogLine, error) {
	if in.Limit == 0 {
		in.Limit = 200
	}
	list := []status.LogLine{}
	err := c.Server.o.App.Logs.Logs(c.Context(), in.After, false, func(l status.LogLine) error {
		if list = append(list, l); len(list) > in.Limit {
			list = list[1:]
		}
		return nil
	})
	return list, err
}

func getDocument(c *Call, _ schema.None) (json.RawMessage, error) { return c.Server.openAPI, nil }
