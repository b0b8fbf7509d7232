package acts

import (
	"encoding/json"
	"time"

	"orac/appliance/act"
	"orac/appliance/record"
)

// Results are all that may come of a text, the best first, and Tiers are all ways to understand one, in their order.
var Results, Tiers = namesOf(act.Results), namesOf(act.Tiers)

func namesOf[T ~string](from []T) (list []string) {
	for _, x := range from {
		list = append(list, string(x))
	}
	return list
}

// Recorded shows a command of the history. Of an answer that cannot be read, what its row says remains.
func Recorded(r record.Command) Answer {
	var a act.Answer
	if json.Unmarshal(r.Answer, &a) != nil {
		a = act.Answer{Reason: "What came of it cannot be read."}
	}
	out := AnswerOf(a)
	out.ID, out.Topic, out.Utterance, out.From, out.Result, out.Tier, out.Came = r.ID, r.Topic, r.Utterance, r.From, r.Result, r.Tier, r.At
	return out
}

// Deed is what came of a command, beside the recording that it was said in.
type Deed struct {
	ID         string     `json:"id"`
	Topic      string     `json:"topic"`
	Text       string     `json:"text"`
	Result     string     `json:"result" doc:"done, unproven, unknown, failed, unclear or refused."`
	Tier       string     `json:"tier,omitempty" doc:"How it was understood."`
	Model      string     `json:"model,omitempty" doc:"The language model that was asked."`
	Understood bool       `json:"understood"`
	Executed   bool       `json:"executed"`
	Verified   bool       `json:"verified"`
	Reason     string     `json:"reason,omitempty"`
	Speech     string     `json:"speech,omitempty"`
	Calls      []DeedCall `json:"calls"`
	Said       time.Time  `json:"said,omitzero"`
	Came       time.Time  `json:"came,omitzero"`
	ReadAt     time.Time  `json:"understood_at,omitzero"`
	ExecutedAt time.Time  `json:"executed_at,omitzero"`
	VerifiedAt time.Time  `json:"verified_at,omitzero"`
}

// DeedCall is a call of it.
type DeedCall struct {
	Backend string   `json:"backend,omitempty"`
	Service string   `json:"service"`
	Targets []string `json:"targets"`
	Verdict string   `json:"verdict" doc:"proven, already, unproven, failed, unknown or not tried."`
	Reason  string   `json:"reason,omitempty"`
}

// DeedsOf shows commands of the history; never null.
func DeedsOf(from []record.Command) []Deed {
	out := []Deed{}
	for _, r := range from {
		a := Recorded(r)
		d := Deed{
			ID: a.ID, Topic: a.Topic, Text: a.Text, Result: a.Result, Tier: a.Tier, Model: a.Model, Understood: a.Understood, Executed: a.Executed, Verified: a.Verified,
			Reason: a.Reason, Speech: a.Speech, Calls: []DeedCall{}, Said: a.Said, Came: a.Came, ReadAt: a.ReadAt, ExecutedAt: a.ExecutedAt, VerifiedAt: a.VerifiedAt,
		}
		for _, o := range append(a.Outcomes, a.Undone...) {
			d.Calls = append(d.Calls, DeedCall{o.Backend, o.Service, o.Targets, o.Verdict, o.Reason})
		}
		out = append(out, d)
	}
	return out
}
