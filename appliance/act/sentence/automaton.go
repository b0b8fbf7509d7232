package sentence

import (
	"fmt"
	"strings"
)

// state is a place in the automaton of all templates. It has either one outgoing edge that needs a word or a slot, or edges that need
// nothing.
type state struct {
	kind stateKind
	word wordID  // of wordState
	slot int32   // of slotState, index into matcher.kinds; of setState, index into matcher.sets
	name int32   // of slotState: index into matcher.names
	next []int32 // one for words and slots
	end  int32   // of endState: index of the template
}

type stateKind uint8

const (
	freeState stateKind = iota // leads on without a word
	wordState
	slotState
	setState // gives a slot a value, without a word
	endState
)

// template is a compiled one.
type template struct {
	intent int32 // index into matcher.intents
	text   string
	start  int32
	more   bool // only after another command: "and the fan on"
	parsed part
}

// compiled is an intent in a matcher.
type compiled struct {
	Intent
	english bool
	careful bool // what it does must be heard exactly: unlock
	implied int32
}

// add compiles a template whose parts are parsed, and returns its first state.
func (m *Matcher) add(p part, index int32, slots map[string]int32) (start int32, err *templateError) {
	from := len(m.states)
	end := m.state(state{kind: endState, end: index})
	start, err = m.part(p, end, slots)
	if err == nil && len(m.states)-from > MaxStates {
		err = &templateError{0, fmt.Sprintf("it has %d words and slots, and at most %d are compiled; make several templates of it", len(m.states)-from, MaxStates)}
	}
	if err != nil {
		m.states = m.states[:from]
	}
	return start, err
}

func (m *Matcher) state(s state) int32 {
	m.states = append(m.states, s)
	return int32(len(m.states) - 1)
}

// part compiles a part that leads to a state.
func (m *Matcher) part(p part, to int32, slots map[string]int32) (int32, *templateError) {
	switch p.kind {
	case isWord:
		return m.state(state{kind: wordState, word: m.lex.word(p.word), next: []int32{to}}), nil
	case isSlot:
		kind, ok := m.slotKind(p.slot.kind, slots)
		if !ok {
			return 0, &templateError{p.column, fmt.Sprintf("there is no slot %q; declare it in slots, or use one of %s", p.slot.kind, builtinNames())}
		}
		return m.state(state{kind: slotState, slot: kind, name: m.slotName(p.slot.name), next: []int32{to}}), nil
	case isValue:
		v := p.value
		v.implied = -1
		if name, ok := strings.CutPrefix(v.text, "@"); ok {
			kind, ok := m.slotKind(name, slots)
			if !ok || m.kinds[kind].what != target {
				return 0, &templateError{p.column, fmt.Sprintf("%q is no slot of entities that could be implied", name)}
			}
			v.implied = kind
		}
		m.sets = append(m.sets, v)
		return m.state(state{kind: setState, slot: int32(len(m.sets) - 1), name: m.slotName(v.name), next: []int32{to}}), nil
	case isSequence:
		for i := len(p.list) - 1; i >= 0; i-- {
			var err *templateError
			if to, err = m.part(p.list[i], to, slots); err != nil {
				return 0, err
			}
		}
		return to, nil
	default:
		free := state{kind: freeState}
		for _, q := range p.list {
			from, err := m.part(q, to, slots)
			if err != nil {
				return 0, err
			}
			free.next = append(free.next, from)
		}
		return m.state(free), nil
	}
}

func (m *Matcher) slotName(name string) int32 {
	for i, n := range m.names {
		if n == name {
			return int32(i)
		}
	}
	m.names = append(m.names, name)
	return int32(len(m.names) - 1)
}

// slotKind finds a slot of the intent, or a built-in one.
func (m *Matcher) slotKind(name string, slots map[string]int32) (int32, bool) {
	if i, ok := slots[name]; ok {
		return i, true
	}
	if i, ok := m.builtins[name]; ok {
		return i, true
	}
	kind, ok := builtin[name]
	if !ok {
		return 0, false
	}
	kind.name, kind.vocab = name, -1
	m.kinds = append(m.kinds, kind)
	m.builtins[name] = int32(len(m.kinds) - 1)
	return m.builtins[name], true
}

// first finds which states can follow a start by their first word: most templates are ruled out without a look at them.
func (m *Matcher) index() {
	seen := map[int32]bool{}
	for _, t := range m.templates {
		starts := &m.starts
		if t.more {
			starts = &m.continues
		}
		if starts.words == nil {
			starts.words = map[wordID][]int32{}
		}
		clear(seen)
		m.reach(t.start, starts, seen)
	}
}

// entries are the ways into the automaton.
type entries struct {
	words map[wordID][]int32 // states of kind wordState
	slots []int32            // states of kind slotState, and those with values before their first word
}

func (m *Matcher) reach(s int32, into *entries, seen map[int32]bool) {
	if seen[s] {
		return
	}
	seen[s] = true
	switch st := &m.states[s]; st.kind {
	case wordState:
		into.words[st.word] = append(into.words[st.word], s)
	case slotState, setState:
		into.slots = append(into.slots, s)
	case freeState:
		for _, n := range st.next {
			m.reach(n, into, seen)
		}
	}
}
