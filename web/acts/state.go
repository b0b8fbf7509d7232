package acts

import (
	"time"

	"orac/appliance/act"
)

// Topic is a topic that is declared, or that heartbeats name.
type Topic struct {
	Name     string    `json:"name"`
	Declared bool      `json:"declared" doc:"By the runbook. Otherwise only heartbeats name it, and nothing is acted on."`
	Enabled  bool      `json:"enabled"`
	Backends []string  `json:"backends"`
	Model    string    `json:"language_model,omitempty"`
	Intents  int       `json:"sentences" doc:"Templates that it understands."`
	Problems []string  `json:"problems" doc:"Of its sentences, with what the backends have now."`
	WakeWord string    `json:"wake_word,omitempty"`
	Triggers int       `json:"triggers" doc:"As the last heartbeat says."`
	Count    int       `json:"count" doc:"Texts since the start."`
	First    time.Time `json:"first,omitzero"`
	Used     time.Time `json:"used,omitzero"`
	Beat     time.Time `json:"heartbeat,omitzero" doc:"The last one."`
}

// Backend is how a backend is.
type Backend struct {
	Name      string    `json:"name"`
	Protocol  string    `json:"protocol"`
	Connected bool      `json:"connected"`
	Version   string    `json:"version,omitempty" doc:"Of the program."`
	Error     string    `json:"error,omitempty"`
	Entities  int       `json:"entities"`
	Enabled   int       `json:"enabled" doc:"Entities that sentences may name."`
	Areas     int       `json:"areas"`
	Synced    time.Time `json:"synced,omitzero"`
	Calls     Counts    `json:"calls"`
}

// Counts are since the start.
type Counts struct {
	Asked         int `json:"asked"`
	Understood    int `json:"understood"`
	NotUnderstood int `json:"not_understood"`
	Executed      int `json:"executed"`
	Verified      int `json:"verified"`
	Failed        int `json:"failed"`
	Unproven      int `json:"unproven"`
	Unknown       int `json:"unknown" doc:"Whose answer did not come. They are not sent again."`
	Expired       int `json:"expired"`
	Repeated      int `json:"repeated"`
}

// Model is how a language model is.
type Model struct {
	Name     string `json:"name"`
	Waiting  int    `json:"waiting"`
	Error    string `json:"error,omitempty"`
	Asked    int    `json:"asked"`
	Rejected int    `json:"rejected" doc:"Answers that named something which does not exist."`
}

// Learnt is an answer of a language model that proved right.
type Learnt struct {
	Topic    string    `json:"topic"`
	Text     string    `json:"text"`
	Area     string    `json:"area,omitempty" doc:"Where it was said: it counts there alone."`
	Commands []Command `json:"commands"`
	Hits     int       `json:"hits"`
	Made     time.Time `json:"made,omitzero"`
	Used     time.Time `json:"used,omitzero"`
	Expires  time.Time `json:"expires,omitzero"`
}

// TopicOf shows a topic.
func TopicOf(t act.TopicState) Topic {
	return Topic{t.Name, t.Declared, t.Enabled, list(t.Backends), t.Model, t.Intents, list(t.Problems), t.WakeWord, t.Triggers, t.Count, t.First, t.Used, t.Beat}
}

// BackendOf shows a backend.
func BackendOf(b act.BackendState) Backend {
	return Backend{b.Name, b.Protocol, b.Connected, b.Version, b.Error, b.Entities, b.Enabled, b.Areas, b.Synced, Counts(b.Calls)}
}

// ModelOf shows a language model. Its address stays inside.
func ModelOf(m act.ModelState) Model { return Model{m.Name, m.Waiting, m.Error, m.Asked, m.Rejected} }

// LearntOf shows a learnt answer.
func LearntOf(l act.LearntAnswer) Learnt {
	out := Learnt{Topic: l.Topic, Text: l.Text, Area: l.Area, Commands: []Command{}, Hits: l.Hits, Made: l.Made, Used: l.Used, Expires: l.Expires}
	for _, c := range l.Commands {
		out.Commands = append(out.Commands, CommandOf(c))
	}
	return out
}
