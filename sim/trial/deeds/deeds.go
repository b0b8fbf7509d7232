// Package deeds follows what others ask a topic of the appliance to do, from the text to what a backend truly did, and demands what must
// always be true: nobody is told that something was done which was not, or not done which was; nothing is done twice, nothing that nobody
// asked for, and nothing that is older than its topic allows.
//
// The simulator and the chaos runner both keep a Book. It guarantees that the same calls lead to the same judgements. A Book is not safe
// for concurrent use.
package deeds

import (
	"fmt"
	"slices"
	"time"

	"orac/appliance/act"
	"orac/appliance/event"
	"orac/runbook"
)

// Judge is told what is broken.
type Judge interface {
	Break(at time.Duration, name, text string)
}

// Command is something that somebody wants done. No two have the same text, unless it is English.
type Command struct {
	ID, Text string
	Said     time.Duration
	Most     time.Duration // how long after that it may be done; 0: that is not known
	English  bool          // others say the same
	Own      bool          // the topic does it by itself: no backend sees it
	Acts     int           // how often it was done
	Told     bool          // somebody was told what came of it
}

// Book is what is known of all commands of a run.
type Book struct {
	Acted, ActedTwice int // commands that were done; further times

	judge    Judge
	all      []*Command
	numbers  map[int]*Command    // by the number that is in each text
	requests map[string]*Command // by their ID
}

// New returns an empty book.
func New(j Judge) *Book {
	return &Book{judge: j, numbers: map[int]*Command{}, requests: map[string]*Command{}}
}

// Phrase makes the text of a command for a topic of a runbook; the number n is in it, and no other command has that. If the topic has a
// language model, hard asks for a text that no sentence fits. Without a topic it is what the model of an engine hears in n samples.
func Phrase(rb *runbook.Runbook, topic string, n int, hard bool) (c Command) {
	c.Text = fmt.Sprintf("%d samples", n)
	if topic != "" && len(rb.LanguageModels) > 0 && hard {
		c.Text = fmt.Sprintf("perhaps about %d of them would be fine", n)
	}
	i := slices.IndexFunc(rb.Topics, func(t runbook.Topic) bool { return t.Name == topic })
	if topic == "" || i < 0 {
		return c
	}
	t := rb.Topics[i]
	c.Most = t.Expires + t.Timeout // the last moment to begin, and the longest that it may take
	if t.English == nil || !*t.English || len(t.Intents) > 0 {
		return c
	}
	c.Text, c.English, c.Own = inEnglish(n), true, len(t.Backends) == 0
	if c.Own {
		c.Text = fmt.Sprintf("set a timer for %d seconds", 5+n%50)
	}
	return c
}

// inEnglish is what somebody says to a house with lamps: each way of saying it in its turn.
func inEnglish(n int) string {
	said := []string{"turn on lamp %d", "switch lamp %d off", "please turn the lamp %d on", "turn off lamp %d"}
	return fmt.Sprintf(said[n%len(said)], 1+n/len(said)%3)
}

// Chosen is what a language model answers that understands the hard texts of Phrase, and nothing else.
func Chosen(text string) string {
	var n int
	if _, err := fmt.Sscanf(text, "perhaps about %d of them", &n); err != nil {
		return `{"commands":[]}`
	}
	return fmt.Sprintf(`{"commands":[{"intent":"count","slots":{"count":%d}}]}`, n)
}

// Trash is what a language model answers that is of no use: prose, half an answer, things that do not exist, things that it may not do.
var Trash = []string{
	"Certainly! I have turned it on for you.", `{"commands":[{"intent":"count","slots":{"count":`, `{"commands":[{"intent":"unlock","targets":["lock.front_door"]}]}`,
	`{"commands":[{"intent":"count","slots":{"count":1e99}}]}`, `{"commands":[{"intent":"count","slots":{"count":1,"shell":"rm"}}]}`, "",
}

// Add notes that somebody wants a command done, with the number that is in its text.
func (b *Book) Add(c *Command, n int) {
	b.all = append(b.all, c)
	b.numbers[n], b.requests[c.ID] = c, c
}

// Len is how many commands there are.
func (b *Book) Len() int { return len(b.all) }

// number is the number that a call brings, if its command has one.
func number(data map[string]any) (n int, ok bool) {
	for _, name := range []string{"count", "value"} {
		if v, has := data[name].(float64); has {
			return int(v), true
		}
	}
	return 0, false
}

// Does notes that a backend does what it was asked at a time, with the data of the call and the ID of the request.
func (b *Book) Does(at time.Duration, backend string, data map[string]any, request string) {
	n, counts := number(data)
	c := b.numbers[n]
	if !counts { // English: the request alone tells whose command it is
		c = b.requests[request]
	}
	if c == nil {
		b.judge.Break(at, "labels", fmt.Sprintf("%s was asked for %v, which nobody said", backend, data))
		return
	}
	if age := at - c.Said; c.Most > 0 && age > c.Most {
		b.judge.Break(at, "late", fmt.Sprintf("%s does what %s asked for %v before, and nobody may want it any more", backend, c.ID, age))
	}
	if c.Acts++; c.Acts == 1 {
		b.Acted++
		return
	}
	b.ActedTwice++
	b.judge.Break(at, "twice", fmt.Sprintf("%s does what %s asks for the %d. time", backend, c.ID, c.Acts))
}

// Answered compares what the one who asked was told with what was truly done.
func (b *Book) Answered(at time.Duration, c *Command, a act.Answer) {
	b.judged(at, c, a.Verified, a.Executed || slices.ContainsFunc(a.Outcomes, func(o act.Outcome) bool { return o.Verdict == act.Unknown }))
}

// Reported compares what the appliance tells everybody of a command with what was truly done.
func (b *Book) Reported(at time.Duration, e event.Acted) {
	for _, c := range b.all {
		if c.ID == e.Request || c.Text == e.Text && !c.English {
			b.judged(at, c, e.Verified, e.Executed || e.Unknown)
			return
		}
	}
}

// judged: "done" is never said of what was not, and "not done" never of what was.
func (b *Book) judged(at time.Duration, c *Command, verified, maybe bool) {
	c.Told = true
	switch {
	case c.Own:
	case verified && c.Acts == 0:
		b.judge.Break(at, "lies", c.ID+" was said to be done, and nobody did it")
	case !maybe && c.Acts > 0:
		b.judge.Break(at, "lies", c.ID+" was said not to be done, and it was")
	}
}
