package deeds

import (
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/event"
	"orac/runbook"
)

type judge []string

func (j *judge) Break(_ time.Duration, name, _ string) { *j = append(*j, name) }

func TestWhatIsBroken(t *testing.T) {
	done := act.Answer{Executed: true, Verified: true, Outcomes: []act.Outcome{{Verdict: act.Proven}}}
	failed := act.Answer{Outcomes: []act.Outcome{{Verdict: act.Failed}}}
	unknown := act.Answer{Outcomes: []act.Outcome{{Verdict: act.Unknown}}}
	data := map[string]any{"value": 7.0}
	for name, c := range map[string]struct {
		do   func(b *Book, c *Command)
		want string
	}{
		"done":                       {func(b *Book, c *Command) { b.Does(2, "home", data, ""); b.Answered(3, c, done) }, ""},
		"done, and nobody did it":    {func(b *Book, c *Command) { b.Answered(3, c, done) }, "lies"},
		"not done, and it was":       {func(b *Book, c *Command) { b.Does(2, "home", data, ""); b.Answered(3, c, failed) }, "lies"},
		"nobody knows, and it was":   {func(b *Book, c *Command) { b.Does(2, "home", data, ""); b.Answered(3, c, unknown) }, ""},
		"nobody knows, and not":      {func(b *Book, c *Command) { b.Answered(3, c, unknown) }, ""},
		"twice":                      {func(b *Book, c *Command) { b.Does(2, "home", data, ""); b.Does(3, "home", data, "") }, "twice"},
		"too late":                   {func(b *Book, c *Command) { b.Does(time.Minute, "home", data, "") }, "late"},
		"nobody said that":           {func(b *Book, c *Command) { b.Does(2, "home", map[string]any{"count": 8.0}, "") }, "labels"},
		"by its request":             {func(b *Book, c *Command) { b.Does(2, "home", nil, "a-1"); b.Answered(3, c, done) }, ""},
		"everybody is told, falsely": {func(b *Book, c *Command) { b.Reported(3, event.Acted{Request: "a-1", Verified: true, Executed: true}) }, "lies"},
		"everybody is told by text": {func(b *Book, c *Command) {
			b.Reported(3, event.Acted{Text: "7 samples", Verified: true, Executed: true})
		}, "lies"},
		"a topic does it by itself": {func(b *Book, c *Command) { c.Own = true; b.Answered(3, c, done) }, ""},
	} {
		var j judge
		b := New(&j)
		x := &Command{ID: "a-1", Text: "7 samples", Most: 30 * time.Second}
		b.Add(x, 7)
		c.do(b, x)
		if got := strings.Join(j, " "); got != c.want {
			t.Errorf("%s: broken is %q, want %q", name, got, c.want)
		}
	}
}

func TestPhrases(t *testing.T) {
	yes := true
	rb := &runbook.Runbook{}
	rb.Topics = []runbook.Topic{{Name: "general", Expires: time.Minute, Timeout: time.Second, Intents: []runbook.Address{"intent.count"}}, {Name: "english", English: &yes, Backends: []runbook.Address{"backend.home"}}, {Name: "own", English: &yes}}
	rb.LanguageModels = []runbook.LanguageModel{{Name: "qwen"}}
	for _, c := range []struct {
		topic string
		hard  bool
		want  string
	}{
		{"", true, "12 samples"}, {"general", false, "12 samples"}, {"general", true, "perhaps about 12 of them would be fine"}, {"english", false, "turn on lamp 1"}, {"own", true, "set a timer for 17 seconds"},
	} {
		if got := Phrase(rb, c.topic, 12, c.hard); got.Text != c.want {
			t.Errorf("%s: %q, want %q", c.topic, got.Text, c.want)
		}
	}
	if got := Chosen("perhaps about 12 of them would be fine"); got != `{"commands":[{"intent":"count","slots":{"count":12}}]}` {
		t.Error(got)
	}
	if got := Chosen("make me a coffee"); got != `{"commands":[]}` || slices.Contains(Trash, got) {
		t.Error(got)
	}
}
