package sttserver

import (
	"net/url"
	"strings"

	"orac/appliance/sttrole"
	"orac/runbook/pattern"
	"orac/web/peers"
	"orac/web/schema"
)

// languageName is the form of a language: en, en-GB, zh_Hans.
var languageName = pattern.Lazy(`^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,3}$`)

// hearing is what a request says about its utterance, without the sound.
func (c *call) hearing() (h sttrole.Hearing, err error) {
	h = sttrole.Hearing{Peer: c.peer(), Topic: c.topic(), Trace: c.ID, Parent: c.Parent}
	q, err := url.ParseQuery(c.R.URL.RawQuery)
	if err != nil {
		return h, schema.Fail(schema.Unusable, "The query of the address is malformed.")
	}
	if h.Language = q.Get("language"); h.Language != "" && !languageName().MatchString(h.Language) {
		return h, schema.Fail(schema.Unusable, "language: not the name of a language, like en or en-GB.")
	}
	switch h.Task = q.Get("task"); h.Task {
	case "", "transcribe", "translate":
	default:
		return h, schema.Fail(schema.Unusable, "task: transcribe or translate.")
	}
	if h.ForwardToCore, err = boolean(q, "forward_to_core"); err != nil {
		return h, err
	}
	header := c.R.Header
	h.Wake, h.End = peers.Moment(header.Get("X-Wake-Word-Time")), peers.Moment(header.Get("X-Recording-End-Time"))
	h.Cut = peers.Words(header.Get("X-Recording-Cut"), sttrole.MaxName)
	h.ID, err = utteranceID(header.Get("Idempotency-Key"))
	return h, err
}

// topic is the topic of the request's path. A name that cannot be one counts as general, as at the existing service, and the log
// says so.
func (c *call) topic() string {
	given := c.R.PathValue("topic")
	topic, ok := sttrole.TopicOf(given)
	if !ok {
		c.Log().Warn("a topic that has other characters than letters, digits and _ counts as general", "topic", schema.Clip(schema.Clean(given), 60), "who", c.Who.Subject())
	}
	return topic
}

// boolean reads a parameter in the spellings that the existing service takes.
func boolean(q url.Values, name string) (*bool, error) {
	if !q.Has(name) {
		return nil, nil
	}
	var v bool
	switch strings.ToLower(q.Get(name)) {
	case "true", "1", "yes", "on", "t", "y":
		v = true
	case "false", "0", "no", "off", "f", "n":
	default:
		return nil, schema.Fail(schema.Unusable, "%s: true or false.", name)
	}
	return &v, nil
}

// utteranceID is a peer's own name of an utterance. One that is too long is refused: cut short, it could be another's.
func utteranceID(id string) (string, error) {
	if len(id) > sttrole.MaxID || peers.Words(id, sttrole.MaxID) != id {
		return "", schema.Fail(schema.Unusable, "The ID of the utterance has more than %d characters, or other than printable ones.", sttrole.MaxID)
	}
	return id, nil
}
