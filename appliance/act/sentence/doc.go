// Package sentence is the language of commands: it reads what somebody said, and says which commands that is.
//
// A Grammar (templates of the runbook, the English that ORAC brings, the vocabularies of homes) is compiled once into a Matcher. A Matcher
// is immutable, may be used from anywhere, and does no I/O: the same text and context always give the same reading.
//
// Guarantees:
//
//   - A text is understood as a whole or not at all. A word that fits nowhere makes it no command.
//   - Where two things may be meant, none is: the reading names both.
//   - A near match never turns one word of the vocabulary into another, and what locks, opens or guards a house must match more closely.
//   - The work for a text is bounded, whatever it contains, and whatever entities are called.
package sentence

import (
	"time"

	"orac/appliance/act"
)

// Grammar is what a topic understands.
type Grammar struct {
	Intents []Intent // of the runbook; the first that matches wins, and before English
	English bool     // the shipped sentences, for the entities of Homes
	Homes   []*act.Home
	Skip    []string // words that mean nothing, beside the shipped ones: a wake word, a name
}

// Intent is something that people may want, and how they say it.
type Intent struct {
	Name      string
	Sentences []string        // templates: see README.md
	Slots     map[string]Slot // what its {slots} stand for, beside the built-in ones
	Backend   string          // that carries it out
	Implied   string          // name of a built-in slot of entities that are meant when none is named: "volume up"
}

// Slot is what may stand in a {slot}. Exactly one of Words, Range and Is is set.
type Slot struct {
	Words map[string][]string // each value with the ways to say it; none: the value itself
	Range *Range
	Is    string // a built-in slot: "entity", "light", "area", "duration" …
}

// Range is numbers that may be said.
type Range struct {
	From, To float64
	Unit     string // "%", "°C", …; what people may say after the number
}

// Limits of a grammar. What is over them is a Problem, and left out.
const (
	MaxTemplate  = 1000      // bytes of one
	MaxTemplates = 2000      // of a topic
	MaxDepth     = 20        // of brackets in brackets
	MaxStates    = 400       // of the automaton of a template
	MaxSentences = 1_000_000 // that a template stands for
	MaxWords     = 10_000    // ways to say the values of a slot
	MaxEntities  = 5000      // of all homes
)

// Problem is something wrong with a grammar.
type Problem struct {
	Intent   string
	Template string // "" if it is about the intent, or about a home
	Column   int    // of the template, in bytes from 1; 0 for all of it
	Text     string // thing, cause, way out
	Warning  bool   // the grammar works, but hardly as it was meant
}

func (p Problem) String() string {
	s := p.Text
	if p.Template != "" {
		s = "template " + quote(p.Template) + column(p.Column) + ": " + s
	}
	if p.Intent != "" {
		s = "intent " + quote(p.Intent) + ": " + s
	}
	return s
}

// Memory is how long "it" and "there" mean what was said before.
const Memory = time.Minute

// Context is what the words alone do not tell.
type Context struct {
	Area   string // where the speaker is: ID, name or alias of an area; "" if unknown
	Before Remembered
	Now    time.Time
}

// Remembered is what the next sentence may refer to. The zero value is nothing.
type Remembered struct {
	Targets []string // "it", "them": keys of entities, which are IDs, or "backend/ID" where two backends have one of this ID
	Area    string   // "there": ID of an area
	At      time.Time
}
