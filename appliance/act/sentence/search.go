package sentence

import (
	"cmp"
	"slices"
	"sync"

	"orac/appliance/act"
)

// item is a state of the automaton that was reached at a place of the text.
type item struct {
	state    int32
	at       int32
	changes  int16
	penalty  int16
	commands int16 // that were complete before
	from     int32 // place at which its command began
	bind     int32 // what the last step gave; -1 for nothing
	back     int32 // the item before; -1 for none
	next     int32 // the next of its place; -1 for none
}

// binding is what a slot took, or that a command ended.
type binding struct {
	name  int32 // of the slot; -1: the template is complete
	kind  int32 // of the slot; -1: a fixed value. Of a fixed value: the slot of entities that it implies
	from  int32 // places of the text; of a complete command: where it began
	to    int32
	value act.Value
	sel   *selection
	where *phrase // that a target without a room is in
	place int32   // of an area or a floor; -1 for none
	done  int32   // template
}

// parse is a way to read all of a text.
type parse struct {
	changes  int16
	penalty  int16
	order    int32 // of the first template
	last     int32 // item
	commands int16
}

const (
	mostItems    = 20_000 // of a text
	mostSame     = 24     // items of one state at one place
	mostParses   = 400
	textPenalty  = 4
	startPenalty = 3 // of one more command
)

// search finds all ways to read a text.
type search struct {
	*lattice
	items    []item
	bindings []binding
	agenda   [][2]int32 // first and last item of each place; -1 for none
	same     map[uint64]uint8
	parses   []parse
}

func (l *lattice) parse() *search {
	s := &search{lattice: l, agenda: make([][2]int32, len(l.edges)), same: make(map[uint64]uint8, 64), items: itemRoom.Get().([]item)[:0], bindings: make([]binding, 0, 32)}
	for i := range s.agenda {
		s.agenda[i] = [2]int32{-1, -1}
	}
	s.begin(&l.m.starts, item{at: 0, bind: -1, back: -1})
	for _, at := range s.order() {
		for i := s.agenda[at][0]; i >= 0; i = s.items[i].next {
			s.step(i)
		}
	}
	slices.SortStableFunc(s.parses, func(a, b parse) int {
		return cmp.Or(cmp.Compare(a.changes, b.changes), cmp.Compare(a.penalty, b.penalty), cmp.Compare(a.order, b.order))
	})
	return s
}

// begin enters the automaton at the place of an item.
func (s *search) begin(ways *entries, from item) {
	from.from = from.at
	for _, e := range s.edges[from.at] {
		for _, st := range ways.words[e.word] {
			next := from
			next.state, next.at, next.changes = s.m.states[st].next[0], int32(e.to), from.changes+e.changes
			s.push(next)
		}
	}
	for _, st := range ways.slots {
		next := from
		next.state = st
		s.push(next)
	}
}

// viable tells whether a state can go on at a place: most cannot, and are not kept.
func (s *search) viable(state int32, at int32) bool {
	st := &s.m.states[state]
	switch st.kind {
	case wordState:
		for _, e := range s.edges[at] {
			if e.word == st.word {
				return true
			}
		}
		return false
	case slotState:
		return int(at) != len(s.tokens)
	case endState:
		return int(at) == len(s.tokens) || len(s.separators(int(at))) > 0
	}
	for _, n := range st.next {
		if s.viable(n, at) {
			return true
		}
	}
	return false
}

func (s *search) push(it item) {
	if !s.viable(it.state, it.at) || len(s.items) >= mostItems || s.busy() {
		return
	}
	if s.m.states[it.state].kind != wordState { // ways come together only where choices end
		key := uint64(it.state)<<32 | uint64(it.at)
		if s.same[key] >= mostSame {
			return
		}
		s.same[key]++
	}
	it.next = -1
	s.items = append(s.items, it)
	index, ends := int32(len(s.items)-1), &s.agenda[it.at]
	if ends[1] < 0 {
		ends[0] = index
	} else {
		s.items[ends[1]].next = index
	}
	ends[1] = index
}

// itemRoom keeps the room for items of searches that have ended.
var itemRoom = sync.Pool{New: func() any { return make([]item, 0, 512) }}

// free gives the room back. Nothing of the search may be used any more.
func (s *search) free() {
	itemRoom.Put(s.items)
	s.items = nil
}

// bound goes on behind a slot.
func (s *search) bound(index int32, it item, b binding, to int, changes, penalty int16) {
	st := &s.m.states[it.state]
	if !s.viable(st.next[0], int32(to)) {
		return
	}
	b.from, b.to = it.at, int32(to)
	s.bindings = append(s.bindings, b)
	it.state, it.at, it.bind, it.back = st.next[0], int32(to), int32(len(s.bindings)-1), index
	it.changes, it.penalty = it.changes+changes, it.penalty+penalty
	s.push(it)
}

func (s *search) step(index int32) {
	it := s.items[index]
	st := &s.m.states[it.state]
	switch st.kind {
	case freeState:
		for _, n := range st.next {
			next := it
			next.state, next.bind, next.back = n, -1, index
			s.push(next)
		}
	case wordState:
		for _, e := range s.edges[it.at] {
			if e.word == st.word {
				next := it
				next.state, next.at, next.changes, next.bind, next.back = st.next[0], int32(e.to), it.changes+e.changes, -1, index
				s.push(next)
			}
		}
	case setState:
		f := &s.m.sets[st.slot]
		s.bound(index, it, binding{name: st.name, kind: f.implied, value: f.value(), place: -1}, int(it.at), 0, 0)
	case slotState:
		s.slot(index, it, st)
	case endState:
		s.end(index, it, st)
	}
}

func (s *search) end(index int32, it item, st *state) {
	s.bindings = append(s.bindings, binding{name: -1, from: it.from, to: it.at, done: st.end, place: -1})
	it.bind, it.back = int32(len(s.bindings)-1), index
	it.commands++
	if int(it.at) == len(s.tokens) {
		if len(s.parses) < mostParses {
			s.items = append(s.items, it)
			s.parses = append(s.parses, parse{it.changes, it.penalty, st.end, int32(len(s.items) - 1), it.commands})
		}
		return
	}
	if it.commands >= act.MaxCommands {
		return
	}
	s.items = append(s.items, it)
	done := int32(len(s.items) - 1)
	for _, sep := range s.separators(int(it.at)) {
		next := it
		next.at, next.changes, next.penalty, next.bind, next.back = int32(sep.to), it.changes+sep.changes, it.penalty+startPenalty, -1, done
		s.begin(&s.m.starts, next)
		s.begin(&s.m.continues, next)
	}
}

// separators are the places behind what stands between two commands; the place itself if there is a pause.
func (s *search) separators(at int) (out []step) {
	if at >= len(s.tokens) {
		return nil
	}
	if s.tokens[at].pause {
		out = append(out, step{to: at})
	}
	for _, list := range separating {
		if p, ok := s.phrase(at, list); ok {
			out = append(out, p)
		}
	}
	return out
}

var separating = [][]string{{"and"}, {"then"}, {"and", "then"}, {"and", "also"}, {"also"}, {"after", "that"}, {"and", "after", "that"}}

func (s *search) slot(index int32, it item, st *state) {
	kind := &s.m.kinds[st.slot]
	b := binding{name: st.name, kind: st.slot, place: -1}
	at := int(it.at)
	switch kind.what {
	case target:
		for i, t := range s.selections(at) {
			b := b
			b.sel = &s.targets[at][i].sel
			s.bound(index, it, b, t.to, t.changes, t.penalty)
		}
	case vocabulary:
		for _, h := range s.names(at) {
			if h.kind == toValue && int(h.vocab) == kind.vocab {
				b.value = act.Value{Text: kind.values[h.index]}
				s.bound(index, it, b, h.to, h.changes, 0)
			}
		}
	case area, floor:
		for _, from := range s.optionally(step{to: at}, "the", "my") {
			for _, h := range s.names(from.to) {
				if h.kind == toPlace && s.m.house.places[h.index].floor == (kind.what == floor) {
					b.place = h.index
					b.value = act.Value{Text: s.m.house.places[h.index].ids[0]}
					s.bound(index, it, b, h.to, from.changes+h.changes, 0)
				}
			}
		}
	case number:
		for _, a := range s.amounts(at, kind.rng) {
			if kind.said && !a.said {
				continue
			}
			v := a.value
			if kind.less {
				v = -v
			}
			b.value = act.Value{Number: &v, Unit: a.unit}
			s.bound(index, it, b, a.to, a.changes, 0)
		}
	case duration:
		for _, a := range s.durations(at) {
			v := a.value
			b.value = act.Value{Number: &v, Unit: "s"}
			s.bound(index, it, b, a.to, a.changes, 0)
		}
	case where:
		for _, w := range s.suffixes(at) {
			b.where = &phrase{where: w.where, places: w.places}
			s.bound(index, it, b, w.to, w.changes, 0)
		}
	case except:
		for _, x := range s.after(at, excluding) {
			for _, f := range s.optionally(x, "for", "from") {
				for _, t := range s.selections(f.to) {
					b.where = &phrase{kind: byWhole, except: t.sel.parts}
					s.bound(index, it, b, t.to, f.changes+t.changes, t.penalty)
				}
			}
		}
	case freeText:
		text := ""
		for to := at; to < len(s.tokens) && to < at+4; to++ {
			if to > at {
				text += " "
			}
			text += s.tokens[to].text
			b.value = act.Value{Text: text}
			s.bound(index, it, b, to+1, 0, int16(textPenalty+to-at))
		}
	}
}

func (f *fixed) value() act.Value {
	if f.isNumber {
		n := f.number
		return act.Value{Number: &n, Unit: f.unit}
	}
	return act.Value{Text: f.text}
}
