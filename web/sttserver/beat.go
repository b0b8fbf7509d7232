package sttserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"orac/appliance/amount"
	"orac/appliance/sttrole"
	"orac/web/peers"
	"orac/web/schema"
)

// maxBeat is the largest body of a heartbeat in bytes: a hundred models with all that they say.
const maxBeat = 256 << 10

// beatBody is a heartbeat as Hey ORAC sends it. Fields that it does not name are ignored, so that newer appliances can say more.
type beatBody struct {
	InstanceID *string     `json:"instance_id"`
	Source     string      `json:"source"`
	Timestamp  string      `json:"timestamp"`
	Models     *beatModels `json:"models"`
	Metrics    struct {
		Activations int    `json:"activations_1h"`
		Last        string `json:"last_activation"`
	} `json:"metrics"`
}

// beatModels are the models of a heartbeat. No more of them are kept than are accepted: a model in JSON needs two bytes, and fifty times
// as many in memory.
type beatModels []beatModel

// UnmarshalJSON implements json.Unmarshaler. Its error is a *amount.TooMuchError if there are too many.
func (m *beatModels) UnmarshalJSON(text []byte) error {
	if len(text) == 0 || text[0] != '[' {
		return &json.UnmarshalTypeError{Value: "another value", Type: reflect.TypeFor[beatModels](), Field: "models"}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return err
	}
	var list []beatModel
	var one beatModel
	is := 0
	for ; d.More(); is++ {
		one = beatModel{}
		if err := d.Decode(&one); err != nil {
			return err
		}
		if is < sttrole.MaxModels {
			list = append(list, one)
		}
	}
	if is > sttrole.MaxModels {
		return &amount.TooMuchError{What: "models", Is: is, Most: sttrole.MaxModels}
	}
	*m = list
	return nil
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
		if much, ok := errors.AsType[*amount.TooMuchError](err); ok {
			return sttrole.Beat{}, much
		}
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return sttrole.Beat{}, schema.Because(schema.Unusable, err, "%s: not of the type %s.", schema.Clip(schema.Clean(wrong.Field), 100), wrong.Type)
		}
		return sttrole.Beat{}, schema.Because(schema.Unusable, err, "The body is not JSON.")
	}
	if in.InstanceID == nil || in.Models == nil {
		return sttrole.Beat{}, schema.Fail(schema.Unusable, "instance_id and models are required.")
	}
	b := sttrole.Beat{Peer: peer, InstanceID: *in.InstanceID, Source: in.Source, At: peers.Moment(in.Timestamp), Activations1h: max(0, in.Metrics.Activations), LastActivation: peers.Moment(in.Metrics.Last)}
	texts := []string{b.InstanceID, b.Source}
	for _, m := range *in.Models {
		b.Models = append(b.Models, sttrole.BeatModel{
			Name: m.Name, Topic: m.Topic, Type: m.Type, Status: m.Status, WakeWord: m.WakeWord, TriggerCount: max(0, m.Count), LastTriggered: peers.Moment(m.Last),
		})
		texts = append(texts, m.Name, m.Topic, m.Type, m.Status, m.WakeWord)
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
	room := c.server.beats.Hold(c.Who.Subject())
	defer room.Release()
	body, err := c.Read(room)
	if err != nil {
		return err
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
	c.Beat(err)
	switch {
	case err == nil:
		return c.JSON(http.StatusOK, beatAnswer{"ok", fmt.Sprintf("Processed %d active models", a.Active), a.Active})
	case c.Legacy() && problemOf(err).Status >= 500: // as the existing service
		c.Log().Warn("a heartbeat could not be taken", "peer", c.Who.Subject(), "cause", err)
		return c.JSON(http.StatusOK, beatAnswer{Status: "error", Message: problemOf(err).Title})
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
		one := instance{ID: i.InstanceID, Source: i.Source, Age: i.Age.Seconds(), Stale: i.Stale(c.block().Forget), Last: i.Last.UTC().Format("2006-01-02T15:04:05.000000")}
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
	return c.JSON(http.StatusOK, out)
}
