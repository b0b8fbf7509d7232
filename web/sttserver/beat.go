package sttserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"orac/appliance/sttrole"
	"orac/web/schema"
)

// maxBeat is the largest body of a heartbeat in bytes: a hundred models with all that they say.
const maxBeat = 256 << 10

// beatBody is a heartbeat as Hey ORAC sends it. Fields that it does not name are ignored, so that newer appliances can say more.
type beatBody struct {
	InstanceID *string      `json:"instance_id"`
	Source     string       `json:"source"`
	Timestamp  string       `json:"timestamp"`
	Models     *[]beatModel `json:"models"`
	Metrics    struct {
		Activations int    `json:"activations_1h"`
		Last        string `json:"last_activation"`
	} `json:"metrics"`
}

type beatModel struct {
	Name     string `json:"name"`
	Topic    string `json:"topic"`
	Type     string `json:"type"`
	Status   string `json:"status"`
	WakeWord string `json:"wake_word"`
	Count    int    `json:"trigger_count"`
	Last     string `json:"last_triggered"`
}

// beatOf reads the body of a heartbeat.
func beatOf(body []byte, peer sttrole.Peer) (sttrole.Beat, error) {
	var in beatBody
	if err := json.Unmarshal(body, &in); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return sttrole.Beat{}, schema.Because(schema.Unusable, err, "%s: not of the type %s.", schema.Clip(schema.Clean(wrong.Field), 100), wrong.Type)
		}
		return sttrole.Beat{}, schema.Because(schema.Unusable, err, "The body is not JSON.")
	}
	if in.InstanceID == nil || in.Models == nil {
		return sttrole.Beat{}, schema.Fail(schema.Unusable, "instance_id and models are required.")
	}
	b := sttrole.Beat{Peer: peer, InstanceID: *in.InstanceID, Source: in.Source, At: moment(in.Timestamp), Activations1h: max(0, in.Metrics.Activations), LastActivation: moment(in.Metrics.Last)}
	texts := []string{b.InstanceID, b.Source}
	for _, m := range *in.Models {
		b.Models = append(b.Models, sttrole.BeatModel{
			Name: m.Name, Topic: m.Topic, Type: m.Type, Status: m.Status, WakeWord: m.WakeWord, TriggerCount: max(0, m.Count), LastTriggered: moment(m.Last),
		})
		texts = append(texts, m.Name, m.Topic, m.Type, m.Status, m.WakeWord)
	}
	if n := len(b.Models); n > sttrole.MaxModels {
		return b, &sttrole.TooMuchError{What: "models", Is: n, Most: sttrole.MaxModels}
	}
	for _, text := range texts {
		if schema.Clean(text) != text {
			return b, schema.Fail(schema.Unusable, "A name has other than printable characters: %s", schema.Clip(schema.Clean(text), 60))
		}
	}
	return b, nil
}

// beat takes a heartbeat.
func (c *call) beat() error {
	body, err := io.ReadAll(c.R.Body)
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return err
	}
	if err != nil {
		return schema.Because(schema.Unusable, err, "The body broke off.")
	}
	b, err := beatOf(body, c.peer())
	if err != nil {
		return err
	}
	role, err := c.role()
	if err != nil {
		return err
	}
	a, err := role.Beat(c.Context(), b)
	c.server.metrics.beat(err)
	switch {
	case err == nil:
		return c.json(http.StatusOK, beatAnswer{"ok", fmt.Sprintf("Processed %d active models", a.Active), a.Active})
	case c.isLegacy() && problemOf(err).Status >= 500: // as the existing service
		c.Log().Warn("a heartbeat could not be taken", "peer", c.Who.Subject(), "cause", err)
		return c.json(http.StatusOK, beatAnswer{Status: "error", Message: problemOf(err).Title})
	}
	return err
}

type beatAnswer struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	Topics  int    `json:"topics_processed"`
}

// instance is an appliance in the status of heartbeats.
type instance struct {
	ID       string  `json:"instance_id"`
	Source   string  `json:"source"`
	Age      float64 `json:"age_seconds"`
	Stale    bool    `json:"is_stale"`
	Active   int     `json:"active_models"`
	Inactive int     `json:"inactive_models"`
	Last     string  `json:"last_heartbeat"`
}

// beats tells which appliances send heartbeats.
func (c *call) beats() error {
	st, err := c.state()
	if err != nil {
		return err
	}
	out := struct {
		Count      int        `json:"instance_count"`
		Instances  []instance `json:"instances"`
		Active     int        `json:"total_active_topics"`
		Inactive   int        `json:"total_inactive_topics"`
		Registered int        `json:"registered_topics"`
	}{Count: len(st.Instances), Instances: []instance{}, Registered: len(st.Topics)}
	for _, i := range st.Instances {
		one := instance{ID: i.InstanceID, Source: i.Source, Age: i.Age.Seconds(), Stale: i.Stale(c.set.Forget), Last: i.Last.UTC().Format("2006-01-02T15:04:05.000000")}
		for _, m := range i.Models {
			if m.Active() {
				one.Active++
			} else {
				one.Inactive++
			}
		}
		out.Active, out.Inactive = out.Active+one.Active, out.Inactive+one.Inactive
		out.Instances = append(out.Instances, one)
	}
	return c.json(http.StatusOK, out)
}

// stateTime is how long the appliance may take to tell its state: it waits for no engine.
const stateTime = 2 * time.Second
