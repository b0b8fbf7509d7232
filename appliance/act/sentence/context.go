package sentence

import (
	"slices"
	"strings"
	"unicode"
)

// context is a Context in terms of the house.
type context struct {
	here  []int32 // areas where the speaker is; none: unknown
	area  string  // its name
	it    []int32 // entities
	there []int32
	asks  asking
}

// Refers tells whether a text may refer to what was said before: what it means then is not in its words alone.
func Refers(text string) bool {
	list := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' })
	for i, w := range list {
		if pronouns[w] || w == "one" || w == "ones" || w == "same" {
			return true
		}
		for _, words := range there {
			if len(list)-i >= len(words) && slices.Equal(list[i:i+len(words)], words) {
				return true
			}
		}
	}
	return false
}

// context finds what a context means.
func (m *Matcher) context(c Context) *context {
	out := &context{}
	out.here, out.area = m.areasOf(c.Area)
	fresh := !c.Before.At.IsZero() && !c.Now.Before(c.Before.At) && c.Now.Sub(c.Before.At) <= Memory
	if fresh {
		for _, key := range c.Before.Targets {
			out.it = append(out.it, m.house.byKey[key]...)
		}
		out.there, _ = m.areasOf(c.Before.Area)
	}
	return out
}

// areasOf finds areas by ID, name or alias.
func (m *Matcher) areasOf(name string) (list []int32, shown string) {
	if name == "" {
		return nil, ""
	}
	for i, a := range m.house.areas {
		if a.ID == name {
			list, shown = append(list, int32(i)), a.Name
		}
	}
	if list != nil {
		return list, shown
	}
	if p, ok := m.house.named[strings.Join(words(name, m.skip), " ")]; ok {
		return m.house.places[p].areas, m.house.places[p].name
	}
	return nil, ""
}

// asking is how far a question looks: a command for "the lights" means a room, "which lights are on" the house.
type asking uint8

const (
	asksNothing asking = iota
	asksRoom           // the room, or the house if the room has none
	asksHouse
)

// asking is the context for an intent.
func (c *context) asking(in *compiled) *context {
	out := *c
	out.asks = asksNothing
	if in.english && strings.HasPrefix(in.Name, "ask_") {
		out.asks = asksRoom
	}
	if in.english && (in.Name == "ask_which" || in.Name == "ask_count") {
		out.asks = asksHouse
	}
	return &out
}

// after is the context for what follows a command in the same sentence.
func (c *context) after(m *Matcher, r *result) *context {
	if len(r.targets) == 0 {
		return c
	}
	out := *c
	out.it = nil
	for _, key := range r.targets {
		out.it = append(out.it, m.house.byKey[key]...)
	}
	if len(r.areas) > 0 {
		out.there = r.areas
	}
	return &out
}
