package coreserver

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/amount"
	"orac/web/schema"
)

// BeatIn is a heartbeat of topics as an ORAC STT sends it. Fields that it does not name are ignored, so that newer peers can say more.
type BeatIn struct {
	InstanceID *string    `json:"instance_id" check:"required;max=100"`
	Source     *string    `json:"source" check:"required;max=100"`
	Topics     beatTopics `json:"topics" check:"required;items=100"`
}

type beatTopics []beatTopic

type beatTopic struct {
	Name     string `json:"name" check:"max=100"`
	Status   string `json:"status" check:"max=100"`
	WakeWord string `json:"wake_word" check:"max=100"`
	Triggers int    `json:"trigger_count"`
}

// maxTopics is how many topics a heartbeat may name.
const maxTopics = 100

// UnmarshalJSON implements json.Unmarshaler. No more topics are kept than are accepted: one in JSON needs two bytes, and fifty times as
// many in memory. Its error is a *amount.TooMuchError if there are too many.
func (b *beatTopics) UnmarshalJSON(text []byte) error {
	if len(text) == 0 || text[0] != '[' {
		return &json.UnmarshalTypeError{Value: "another value", Type: reflect.TypeFor[beatTopics](), Field: "topics"}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return err
	}
	list, is := beatTopics{}, 0
	for ; d.More(); is++ {
		var one beatTopic
		if err := d.Decode(&one); err != nil {
			return err
		}
		if is < maxTopics {
			list = append(list, one)
		}
	}
	if is > maxTopics {
		return &amount.TooMuchError{What: "topics", Is: is, Most: maxTopics}
	}
	*b = list
	return nil
}

// BeatOut is the answer of the existing service to a heartbeat.
type BeatOut struct {
	Status    string `json:"status"`
	Processed int    `json:"topics_processed"`
	Created   int    `json:"topics_created"`
	Message   string `json:"message"`
}

// beatOf reads the body of a heartbeat.
func beatOf(body []byte, from string) (act.Beat, error) {
	var in BeatIn
	if err := decode(body, &in); err != nil {
		return act.Beat{}, err
	}
	if in.InstanceID == nil || in.Source == nil || in.Topics == nil {
		return act.Beat{}, schema.Fail(schema.Unusable, "instance_id, source and topics are required.")
	}
	b := act.Beat{From: from, InstanceID: *in.InstanceID, Source: *in.Source}
	texts := []string{b.InstanceID, b.Source}
	for _, t := range in.Topics {
		name, err := topicOf(strings.ReplaceAll(t.Name, " ", "_"))
		if err != nil || t.Name == "" {
			return b, schema.Fail(schema.Unusable, "topics: %q is no name of a topic: 1 to 100 letters, digits, _ and blanks.", schema.Clip(schema.Clean(t.Name), 60))
		}
		b.Topics = append(b.Topics, act.BeatTopic{Name: name, Status: cmp.Or(t.Status, "active"), WakeWord: t.WakeWord, Triggers: max(0, t.Triggers)})
		texts = append(texts, t.Status, t.WakeWord)
	}
	for _, text := range texts {
		if len(text) > act.MaxName || schema.Clean(text) != text {
			return b, schema.Fail(schema.Unusable, "A name has more than %d bytes, or other than printable characters: %s", act.MaxName, schema.Clip(schema.Clean(text), 60))
		}
	}
	return b, nil
}

// beat takes a heartbeat.
func (c *call) beat() error {
	room := c.server.room.Hold(c.Who.Subject())
	defer room.Release()
	body, err := c.Read(room)
	if err != nil {
		return err
	}
	b, err := beatOf(body, c.Who.Subject())
	if err != nil {
		return err
	}
	core, err := c.core()
	if err != nil {
		return err
	}
	a, err := core.Beat(c.Context(), b)
	c.Beat(err)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, BeatOut{"ok", a.Processed, a.Created, fmt.Sprintf("Processed %d topics", a.Processed)})
}

// BeatsOut tells which topics are listened for.
type BeatsOut struct {
	Topics  map[string]BeatTopicOut `json:"topics"`
	Summary BeatSummary             `json:"summary"`
}

// BeatTopicOut is a topic as heartbeats know it.
type BeatTopicOut struct {
	Name       string  `json:"name"`
	Live       string  `json:"live_status" doc:"active, idle or stale."`
	Heartbeat  string  `json:"heartbeat_status"`
	Last       *string `json:"last_heartbeat"`
	WakeWord   *string `json:"wake_word"`
	Triggers   int     `json:"trigger_count"`
	Discovered bool    `json:"auto_discovered"`
}

// BeatSummary counts topics by how lately a heartbeat named them.
type BeatSummary struct {
	Total   int `json:"total"`
	Active  int `json:"active"`
	Idle    int `json:"idle"`
	Unknown int `json:"unknown"`
}

// Ages of a heartbeat, as the existing service judges them.
const (
	activeFor = 35 * time.Second
	idleFor   = 70 * time.Second
)

func (c *call) beats() error {
	st, err := c.state()
	if err != nil {
		return err
	}
	out := BeatsOut{Topics: map[string]BeatTopicOut{}, Summary: BeatSummary{Total: len(st.Topics)}}
	for _, t := range st.Topics {
		live := liveness(t.Beat, time.Now())
		switch live {
		case "active":
			out.Summary.Active++
		case "idle":
			out.Summary.Idle++
		default:
			out.Summary.Unknown++
		}
		out.Topics[t.Name] = BeatTopicOut{t.Name, live, live, stamp(t.Beat), text(t.WakeWord), t.Triggers, !t.Declared}
	}
	return c.JSON(http.StatusOK, out)
}

func liveness(beat, now time.Time) string {
	switch age := now.Sub(beat); {
	case beat.IsZero() || age >= idleFor:
		return "stale"
	case age >= activeFor:
		return "idle"
	}
	return "active"
}

// stamp is a time on the wire of the existing service: local, without a zone; nil for none.
func stamp(at time.Time) *string {
	if at.IsZero() {
		return nil
	}
	s := at.Local().Format("2006-01-02T15:04:05.000000")
	return &s
}

// text is nil for an empty text.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
