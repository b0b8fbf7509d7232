package coreserver

import (
	"net/http"
	"slices"
	"strings"

	"orac/appliance/act"
	"orac/web/schema"
)

// named names a topic or a backend.
type named struct {
	ID string `path:"id" check:"pattern=topic"`
}

// TopicsOut are the topics by their names.
type TopicsOut struct {
	Topics map[string]TopicOut `json:"topics"`
}

// TopicOut is a topic with the fields of the existing service. What it had for its language model is not here: the runbook declares it.
type TopicOut struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Enabled     bool         `json:"enabled"`
	Model       string       `json:"model" doc:"Of the language_model block; empty for none."`
	Grammar     topicGrammar `json:"grammar"`
	Backend     *string      `json:"backend_id" doc:"The first of its backends."`
	Discovered  bool         `json:"auto_discovered"`
	First       *string      `json:"first_seen"`
	Used        *string      `json:"last_used"`

	Backends  []string `json:"backends"`
	Sentences int      `json:"sentences" doc:"Templates that it understands."`
	Problems  []string `json:"problems"`
}

type topicGrammar struct {
	Enabled bool    `json:"enabled"`
	File    *string `json:"file"`
}

func topicOut(t act.TopicState) TopicOut {
	out := TopicOut{
		ID: t.Name, Name: t.Name, Enabled: t.Enabled, Model: t.Model, Grammar: topicGrammar{Enabled: t.Model != ""}, Discovered: !t.Declared, First: stamp(t.First), Used: stamp(t.Used),
		Backends: append([]string{}, t.Backends...), Sentences: t.Intents, Problems: append([]string{}, t.Problems...),
	}
	if len(t.Backends) > 0 {
		out.Backend = &t.Backends[0]
	}
	return out
}

func (c *call) topics() error {
	st, err := c.state()
	if err != nil {
		return err
	}
	out := TopicsOut{map[string]TopicOut{}}
	for _, t := range st.Topics {
		out.Topics[t.Name] = topicOut(t)
	}
	return c.JSON(http.StatusOK, out)
}

func (c *call) topic() error {
	name, err := topicOf(c.R.PathValue("id"))
	if err != nil {
		return schema.Fail(schema.NotFound, "There is no such topic.")
	}
	st, err := c.state()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(st.Topics, func(t act.TopicState) bool { return strings.ToLower(t.Name) == name })
	if i < 0 {
		return schema.Fail(schema.NotFound, "There is no such topic.")
	}
	return c.JSON(http.StatusOK, topicOut(st.Topics[i]))
}
