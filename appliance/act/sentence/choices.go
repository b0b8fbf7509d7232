package sentence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"orac/appliance/act"
)

// Choices are all commands that a language model may choose: each intent with the entities and the values that its templates take. What
// opens a house (a lock, a garage door) is left out: that needs a sentence that says so. Choices are immutable.
type Choices struct {
	Entities []Choosable // sorted by key
	Intents  []Choice

	keys map[string]int
}

// Choosable is an entity as a language model names it.
type Choosable struct {
	Key                string // its ID; "backend/ID" where two backends have one of this ID
	Name, Area, Domain string
	backend, id        string
}

// Choice is an intent with one kind of entities. An intent may have several.
type Choice struct {
	Intent  string
	Backend string   // "" for that of the targets
	Says    string   // a template, for people and prompts
	Targets []string // keys of entities, of which at least one is named; none: it names none
	Slots   []ChoiceSlot
	kind    int32
}

// ChoiceSlot is a value that is chosen: one of Values, or a number from From to To in Unit, or a text of up to 40 letters and digits.
type ChoiceSlot struct {
	Name     string
	Values   []string
	Number   bool
	From, To float64
	Unit     string
	Optional bool
}

// MaxAnswer bounds the answer of a language model, in bytes.
const MaxAnswer = 16 << 10

// Choices lists what a language model may choose. It is made once.
func (m *Matcher) Choices() *Choices {
	m.choiceOnce.Do(func() { m.choices = m.listChoices() })
	return m.choices
}

func (m *Matcher) listChoices() *Choices {
	c := &Choices{keys: map[string]int{}}
	for i := range m.house.entities {
		e := &m.house.entities[i]
		key := m.house.key(int32(i))
		if _, ok := c.keys[key]; ok {
			continue
		}
		c.keys[key] = 0
		area := ""
		if e.area >= 0 {
			area = m.house.areas[e.area].Name
		}
		c.Entities = append(c.Entities, Choosable{Key: key, Name: e.Name, Area: area, Domain: e.Domain, backend: e.backend, id: e.ID})
	}
	slices.SortFunc(c.Entities, func(a, b Choosable) int { return strings.Compare(a.Key, b.Key) })
	for i := range c.Entities {
		c.keys[c.Entities[i].Key] = i
	}
	for i := range m.templates {
		m.choose(c, &m.templates[i])
	}
	return c
}

// choose adds what a template takes.
func (m *Matcher) choose(c *Choices, t *template) {
	in := &m.intents[t.intent]
	if t.more || slices.Contains([]string{"unlock"}, in.Name) && in.english {
		return
	}
	u := m.uses(t.start)
	kind := in.implied
	for k := range u.targets {
		if kind < 0 || k < kind || in.implied >= 0 {
			kind = k
		}
	}
	at := slices.IndexFunc(c.Intents, func(o Choice) bool {
		return o.Intent == in.Name && o.kind == kind && o.Backend == in.Backend && sameSlots(o.Slots, u.slots)
	})
	if at < 0 {
		choice := Choice{Intent: in.Name, Backend: in.Backend, Says: t.text, kind: kind}
		if kind >= 0 {
			opens := in.english && slices.Contains([]string{"open", "set_position", "turn_on", "turn_off", "toggle"}, in.Name)
			for key := range c.Entities {
				e := &c.Entities[key]
				for _, i := range m.house.byKey[e.Key] {
					if m.takes(&m.kinds[kind].filter, i) && !(opens && m.house.entities[i].careful) {
						choice.Targets = append(choice.Targets, e.Key)
						break
					}
				}
			}
			if len(choice.Targets) == 0 {
				return
			}
		}
		at = len(c.Intents)
		c.Intents = append(c.Intents, choice)
		c.Intents[at].Slots = u.slots
		return
	}
	have := c.Intents[at].Slots
	for i := range have {
		o := u.slots[i]
		have[i].Optional = have[i].Optional || o.Optional
		if have[i].Number && o.Number {
			have[i].From, have[i].To = min(have[i].From, o.From), max(have[i].To, o.To)
			if have[i].Unit == "" {
				have[i].Unit = o.Unit
			}
		}
		for _, v := range o.Values {
			if !slices.Contains(have[i].Values, v) {
				have[i].Values = append(have[i].Values, v)
			}
		}
	}
}

func sameSlots(a, b []ChoiceSlot) bool {
	return slices.EqualFunc(a, b, func(x, y ChoiceSlot) bool {
		return x.Name == y.Name && x.Number == y.Number && (x.Values == nil) == (y.Values == nil)
	})
}

// uses are the slots that a template has on its ways.
type uses struct {
	targets map[int32]bool
	slots   []ChoiceSlot // sorted by name
}

func (m *Matcher) uses(start int32) uses {
	u := uses{targets: map[int32]bool{}}
	seen := map[int32]bool{}
	slot := func(name string) *ChoiceSlot {
		for i := range u.slots {
			if u.slots[i].Name == name {
				return &u.slots[i]
			}
		}
		u.slots = append(u.slots, ChoiceSlot{Name: name})
		return &u.slots[len(u.slots)-1]
	}
	var walk func(s int32)
	walk = func(s int32) {
		if seen[s] {
			return
		}
		seen[s] = true
		st := &m.states[s]
		switch st.kind {
		case slotState:
			kind := &m.kinds[st.slot]
			switch kind.what {
			case target:
				u.targets[st.slot] = true
			case where, except:
			case number, duration:
				c := slot(m.names[st.name])
				r := kind.rng
				if kind.what == duration {
					r = &Range{1, 86400, "s"}
				}
				from, to := r.From, r.To
				if kind.less {
					from, to = -to, -from
				}
				c.Number, c.From, c.To, c.Unit = true, from, to, r.Unit
			case vocabulary:
				c := slot(m.names[st.name])
				c.Values = append(c.Values, kind.values...)
			case area, floor:
				c := slot(m.names[st.name])
				for i := range m.house.places {
					if p := &m.house.places[i]; p.floor == (kind.what == floor) {
						c.Values = append(c.Values, p.ids[0])
					}
				}
			default:
				slot(m.names[st.name])
			}
		case setState:
			if f := &m.sets[st.slot]; f.implied >= 0 {
				u.targets[f.implied] = true
			} else if c := slot(m.names[st.name]); f.isNumber {
				if !c.Number {
					c.From, c.To = f.number, f.number
				}
				c.Number, c.From, c.To, c.Unit = true, min(c.From, f.number), max(c.To, f.number), f.unit
			} else {
				c.Values = append(c.Values, f.text)
			}
		}
		for _, n := range st.next {
			walk(n)
		}
	}
	walk(start)
	slices.SortFunc(u.slots, func(a, b ChoiceSlot) int { return strings.Compare(a.Name, b.Name) })
	for i := range u.slots {
		u.slots[i].Optional = m.avoids(start, u.slots[i].Name, map[int32]bool{})
		slices.Sort(u.slots[i].Values)
		u.slots[i].Values = slices.Compact(u.slots[i].Values)
	}
	return u
}

// avoids tells whether a way through a template gives a slot no value.
func (m *Matcher) avoids(s int32, name string, seen map[int32]bool) bool {
	if seen[s] {
		return false
	}
	seen[s] = true
	st := &m.states[s]
	switch {
	case st.kind == endState:
		return true
	case (st.kind == slotState || st.kind == setState) && m.names[st.name] == name:
		return false
	}
	for _, n := range st.next {
		if m.avoids(n, name, seen) {
			return true
		}
	}
	return false
}

// Answer is what a language model answers.
type answer struct {
	Commands []answered `json:"commands"`
}

type answered struct {
	Intent  string         `json:"intent"`
	Targets []string       `json:"targets"`
	Slots   map[string]any `json:"slots"`
}

// Commands reads the answer of a language model: {"commands":[{"intent":"turn_on","targets":["light.hall"],"slots":{}}]}. Every word of it
// must be among the choices; else the error says which is not. No command at all is the way to say that nothing fits.
func (c *Choices) Commands(text []byte) ([]act.Command, error) {
	if len(text) > MaxAnswer {
		return nil, fmt.Errorf("the answer has %d bytes, and at most %d are read", len(text), MaxAnswer)
	}
	var a answer
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return nil, fmt.Errorf("the answer is no JSON of commands: %w", err)
	}
	if d.More() {
		return nil, fmt.Errorf("something stands behind the JSON of the answer")
	}
	if len(a.Commands) > act.MaxCommands {
		return nil, fmt.Errorf("the answer has %d commands, and at most %d are carried out", len(a.Commands), act.MaxCommands)
	}
	var out []act.Command
	for _, cmd := range a.Commands {
		list, err := c.command(cmd)
		if err != nil {
			return nil, err
		}
		if out = append(out, list...); len(out) > act.MaxCommands { // one for each backend
			return nil, fmt.Errorf("the answer is %d commands, and at most %d are carried out", len(out), act.MaxCommands)
		}
	}
	return out, nil
}

func (c *Choices) command(a answered) ([]act.Command, error) {
	err := fmt.Errorf("there is no intent %s", quote(a.Intent))
	for i := range c.Intents {
		if ch := &c.Intents[i]; ch.Intent == a.Intent {
			var list []act.Command
			if list, err = c.fits(ch, a); err == nil {
				return list, nil
			}
		}
	}
	return nil, err
}

// fits makes the commands of an answer if a choice admits it.
func (c *Choices) fits(ch *Choice, a answered) ([]act.Command, error) {
	switch {
	case len(ch.Targets) == 0 && len(a.Targets) > 0:
		return nil, fmt.Errorf("intent %s names no entities", ch.Intent)
	case len(ch.Targets) > 0 && len(a.Targets) == 0:
		return nil, fmt.Errorf("intent %s names no entity", ch.Intent)
	case len(a.Targets) > act.MaxTargets:
		return nil, fmt.Errorf("intent %s names %d entities, and at most %d are meant by one command", ch.Intent, len(a.Targets), act.MaxTargets)
	}
	for name := range a.Slots {
		if !slices.ContainsFunc(ch.Slots, func(s ChoiceSlot) bool { return s.Name == name }) {
			return nil, fmt.Errorf("intent %s has no slot %s", ch.Intent, quote(name))
		}
	}
	base := act.Command{Intent: ch.Intent, Backend: ch.Backend}
	for i := range ch.Slots {
		s := &ch.Slots[i]
		given, ok := a.Slots[s.Name]
		if !ok && s.Optional {
			continue
		}
		v, words, ok := s.value(given)
		if !ok {
			return nil, fmt.Errorf("slot %s of intent %s cannot be %s", s.Name, ch.Intent, quote(fmt.Sprint(given)))
		}
		base.Slots = append(base.Slots, act.Slot{Name: s.Name, Value: v, Words: words})
	}
	if len(a.Targets) == 0 {
		return []act.Command{base}, nil
	}
	var out []act.Command
	for _, key := range a.Targets {
		if _, ok := slices.BinarySearch(ch.Targets, key); !ok {
			return nil, fmt.Errorf("intent %s cannot be done to %s", ch.Intent, quote(key))
		}
		e := &c.Entities[c.keys[key]]
		backend := ch.Backend
		if backend == "" {
			backend = e.backend
		}
		at := slices.IndexFunc(out, func(o act.Command) bool { return o.Backend == backend })
		if at < 0 {
			at = len(out)
			cmd := base
			cmd.Backend = backend
			out = append(out, cmd)
		}
		if !slices.Contains(out[at].Targets, e.id) {
			out[at].Targets = append(out[at].Targets, e.id)
		}
	}
	for i := range out {
		slices.Sort(out[i].Targets)
	}
	return out, nil
}

// value reads a value that a slot admits.
func (s *ChoiceSlot) value(given any) (act.Value, string, bool) {
	switch v := given.(type) {
	case float64:
		if s.Number && v >= s.From && v <= s.To {
			return act.Value{Number: &v, Unit: s.Unit}, strconv.FormatFloat(v, 'g', -1, 64), true
		}
	case string:
		if s.Values != nil && slices.Contains(s.Values, v) || s.Values == nil && !s.Number && plain(v) {
			return act.Value{Text: v}, v, true
		}
	}
	return act.Value{}, "", false
}

// plain tells whether a text is up to 40 small letters, digits and blanks.
func plain(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	for _, r := range s {
		if r != ' ' && (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return false
		}
	}
	return true
}
