package api

import (
	"context"
	"encoding/json"
	"time"

	"orac/appliance/audio/capture"
	"orac/appliance/status"
)

func getStatus(c *Call, _ none) (status.Status, error) { return c.Server.o.App.Status(), nil }

func getGraph(c *Call, _ none) (json.RawMessage, error) { return json.Marshal(c.Server.o.App.Graph()) }

// model is a model as GET /api/models of the existing service tells of it.
type model struct {
	Name      string  `json:"name"`
	WakeWord  string  `json:"wake_word"`
	Threshold float64 `json:"threshold"`
	Topic     string  `json:"topic"`
	Enabled   bool    `json:"enabled"`
	Cooldown  float64 `json:"cooldown" doc:"Seconds."`
}

type modelList struct {
	Models []model `json:"models"`
}

func getModels(c *Call, _ none) (modelList, error) {
	out := modelList{[]model{}}
	for _, m := range c.Server.o.App.Runbook().Models {
		out.Models = append(out.Models, model{m.Name, m.WakeWord, m.Threshold, m.Topic, m.Enabled, m.Cooldown.Seconds()})
	}
	return out, nil
}

func getDevices(c *Call, _ none) (capture.Listing, error) {
	ctx, cancel := context.WithTimeout(c.Context(), 10*time.Second)
	defer cancel()
	list, err := c.Server.o.App.Devices(ctx)
	if err != nil {
		return list, because(Unavailable, err, "The audio server does not answer.")
	}
	list.Devices = notNil(list.Devices)
	return list, nil
}

type logsInput struct {
	After uint64 `query:"after" check:"min=0" doc:"Lines with a higher number."`
	Limit int    `query:"limit" check:"min=1;max=1000" doc:"How many at most, the newest of them; 200 without it."`
}

func getLogs(c *Call, in logsInput) ([]status.LogLine, error) {
	if in.Limit == 0 {
		in.Limit = 200
	}
	list := []status.LogLine{}
	err := c.Server.o.App.Logs(c.Context(), in.After, false, func(l status.LogLine) error {
		if list = append(list, l); len(list) > in.Limit {
			list = list[1:]
		}
		return nil
	})
	return list, err
}

func getDocument(c *Call, _ none) (json.RawMessage, error) { return c.Server.openAPI, nil }
