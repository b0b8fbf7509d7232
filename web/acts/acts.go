// Package acts is how the API and the Core server show what was understood and done: the values of package act with names and units for
// programs, in one form.
//
// Guarantees: nothing is left out that decides whether a command succeeded, lists are never null, and numbers keep their units.
package acts

import (
	"cmp"
	"strconv"
	"time"

	"orac/appliance/act"
)

// Answer is what came of a text.
type Answer struct {
	ID         string    `json:"id" doc:"Under which it is asked for again; that of the utterance, if it came from a microphone."`
	Topic      string    `json:"topic"`
	Utterance  string    `json:"utterance,omitempty" doc:"The recording that it was said in."`
	From       string    `json:"from,omitempty" doc:"Who asked."`
	Text       string    `json:"text"`
	Result     string    `json:"result" doc:"done, unproven, unknown, failed, unclear or refused."`
	Understood bool      `json:"understood"`
	Executed   bool      `json:"executed" doc:"The backends have accepted all of it."`
	Verified   bool      `json:"verified" doc:"All of it is proven, or was so already."`
	Reason     string    `json:"reason,omitempty" doc:"Why not, in plain words."`
	Speech     string    `json:"speech,omitempty" doc:"One sentence for people. It never says more than is verified."`
	Reply      string    `json:"reply,omitempty" doc:"What a question was answered."`
	Tier       string    `json:"tier,omitempty" doc:"How it was understood: correction, sentence, near, learnt, model or handed."`
	Score      float64   `json:"score" doc:"0 to 1; 1 for a sentence."`
	Changes    int       `json:"changes" doc:"Letters by which the words differ from those of the sentence."`
	Near       []string  `json:"near" doc:"What may have been meant, when nothing was understood."`
	Model      string    `json:"model,omitempty" doc:"The language model that was asked."`
	Commands   []Command `json:"commands"`
	Outcomes   []Outcome `json:"outcomes"`
	Undone     []Outcome `json:"undone" doc:"What a correction restored."`
	Repeated   bool      `json:"repeated" doc:"It was answered before, under the same ID. Nothing was done again."`
	Said       time.Time `json:"said,omitzero" doc:"When the last word was spoken."`
	Came       time.Time `json:"came,omitzero"`
	ReadAt     time.Time `json:"understood_at,omitzero"`
	ExecutedAt time.Time `json:"executed_at,omitzero"`
	VerifiedAt time.Time `json:"verified_at,omitzero"`
}

// Command is one thing that somebody wanted.
type Command struct {
	Intent  string   `json:"intent"`
	Backend string   `json:"backend,omitempty"`
	Targets []string `json:"targets" doc:"IDs of the entities that are meant."`
	Slots   []Slot   `json:"slots"`
	Words   string   `json:"words" doc:"The part of the text."`
}

// Slot is a value that was said.
type Slot struct {
	Name  string `json:"name"`
	Value string `json:"value" doc:"With its unit."`
	Words string `json:"words" doc:"As it was said."`
}

// Outcome is a call to a backend and what came of it.
type Outcome struct {
	Backend  string         `json:"backend"`
	Intent   string         `json:"intent"`
	Service  string         `json:"service"`
	Targets  []string       `json:"targets"`
	Data     map[string]any `json:"data"`
	Asks     bool           `json:"asks" doc:"It reads a state and changes nothing."`
	Verdict  string         `json:"verdict" doc:"proven, already, unproven, failed, unknown or not tried."`
	Reason   string         `json:"reason,omitempty"`
	Reply    string         `json:"reply,omitempty"`
	Entities []Entity       `json:"entities"`
	Sent     time.Time      `json:"sent,omitzero"`
	Answered time.Time      `json:"answered,omitzero"`
	Proof    time.Time      `json:"proven_at,omitzero"`
}

// Entity is what came of a call for one entity.
type Entity struct {
	ID      string `json:"id"`
	Before  string `json:"before,omitempty"`
	After   string `json:"after,omitempty"`
	Verdict string `json:"verdict"`
	Reason  string `json:"reason,omitempty"`
}

// AnswerOf shows an answer.
func AnswerOf(a act.Answer) Answer {
	out := Answer{
		ID: a.ID, Topic: a.Topic, Text: a.Text, Result: string(a.Result()), Understood: a.Understood, Executed: a.Executed, Verified: a.Verified, Speech: a.Speech,
		Reason: cmp.Or(a.Reason, a.Reading.Why), Tier: string(a.Reading.Tier), Score: a.Reading.Score, Changes: a.Reading.Changes, Near: list(a.Reading.Near), Model: a.Model,
		Commands: []Command{}, Outcomes: outcomesOf(a.Outcomes), Undone: outcomesOf(a.Undone), Repeated: a.Repeated,
		Said: a.Said, Came: a.Came, ReadAt: a.ReadAt, ExecutedAt: a.ExecutedAt, VerifiedAt: a.VerifiedAt,
	}
	for _, c := range a.Reading.Commands {
		out.Commands = append(out.Commands, CommandOf(c))
	}
	for _, o := range a.Outcomes {
		out.Reply = cmp.Or(out.Reply, o.Reply)
	}
	return out
}

// CommandOf shows a command.
func CommandOf(c act.Command) Command {
	out := Command{Intent: c.Intent, Backend: c.Backend, Targets: list(c.Targets), Slots: []Slot{}, Words: c.Words}
	for _, s := range c.Slots {
		out.Slots = append(out.Slots, Slot{s.Name, ValueText(s.Value), s.Words})
	}
	return out
}

// ValueText writes a value for people: "50 %", "21.5 °C", "red".
func ValueText(v act.Value) string {
	if v.Number == nil {
		return v.Text
	}
	text := strconv.FormatFloat(*v.Number, 'f', -1, 64)
	if v.Unit != "" {
		text += " " + v.Unit
	}
	return text
}

func outcomesOf(from []act.Outcome) []Outcome {
	out := []Outcome{}
	for _, o := range from {
		one := Outcome{
			Backend: o.Call.Backend, Intent: o.Call.Intent, Service: o.Call.Service, Targets: list(o.Call.Targets), Data: o.Call.Data, Asks: o.Call.Asks,
			Verdict: string(o.Verdict), Reason: o.Reason, Reply: o.Reply, Entities: []Entity{}, Sent: o.Sent, Answered: o.Answered, Proof: o.Proof,
		}
		if one.Data == nil {
			one.Data = map[string]any{}
		}
		for _, e := range o.Entities {
			one.Entities = append(one.Entities, Entity{e.Entity, e.Before.State, e.After.State, string(e.Verdict), e.Reason})
		}
		out = append(out, one)
	}
	return out
}

func list(from []string) []string {
	if from == nil {
		return []string{}
	}
	return from
}
