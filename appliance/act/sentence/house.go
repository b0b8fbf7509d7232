package sentence

import (
	"slices"
	"strings"

	"orac/appliance/act"
)

// entity is one that sentences may name.
type entity struct {
	*act.Entity
	backend string
	area    int32 // index into house.areas; -1 for none
	careful bool  // a lock, a garage door, a group with one of them: must be heard exactly
}

// place is one or more areas that share a name: an area, a floor, what lies upstairs.
type place struct {
	name  string
	areas []int32
	ids   []string // of the areas, or of the floor
	floor bool
}

// house is all homes together, as sentences see them. It is built into a lexicon, and never changes.
type house struct {
	entities []entity
	areas    []*act.Area
	backends []string // of the areas
	places   []place
	named    map[string]int32 // places by their words
	byID     map[string][]int32
	byKey    map[string][]int32
	inArea   map[int32][]int32
	ofDomain map[string][]int32
}

// load makes the house of homes, and puts all its names into the lexicon.
func (m *Matcher) load(homes []*act.Home) {
	h := &m.house
	*h = house{named: map[string]int32{}, byID: map[string][]int32{}, byKey: map[string][]int32{}, inArea: map[int32][]int32{}, ofDomain: map[string][]int32{}}
	for i := range classes {
		m.classWords(int32(i))
	}
	for _, home := range homes {
		if home != nil {
			m.loadHome(home)
		}
	}
	for i := range h.entities {
		key := h.key(int32(i))
		h.byKey[key] = append(h.byKey[key], int32(i))
	}
	m.stairs(upstairs, homes, func(level int) bool { return level > 0 })
	m.stairs(downstairs, homes, func(level int) bool { return level <= 0 })
}

// key names an entity among all homes: its ID; "backend/ID" where there are more of this ID.
func (h *house) key(index int32) string {
	e := &h.entities[index]
	if len(h.byID[e.ID]) > 1 {
		return e.backend + "/" + e.ID
	}
	return e.ID
}

// keys are the keys of entities.
func (h *house) keys(list []int32) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = h.key(e)
	}
	return out
}

func (m *Matcher) loadHome(home *act.Home) {
	h := &m.house
	areas := map[string]int32{}
	floors := map[string][]int32{}
	for i := range home.Areas {
		a := &home.Areas[i]
		key := int32(len(h.areas))
		h.areas, h.backends = append(h.areas, a), append(h.backends, home.Backend)
		areas[a.ID] = key
		if a.Floor != "" {
			floors[a.Floor] = append(floors[a.Floor], key)
		}
		m.place(append([]string{a.Name}, a.Aliases...), a.ID, false, key)
	}
	for i := range home.Floors {
		f := &home.Floors[i]
		m.place(append([]string{f.Name}, f.Aliases...), f.ID, true, floors[f.ID]...)
	}
	careful := guards(home)
	for i := range home.Entities {
		e := &home.Entities[i]
		if !e.Enabled {
			continue
		}
		if len(h.entities) >= MaxEntities {
			m.problem(Problem{Text: "the homes have more than 5000 entities that sentences may name; the rest is left out. Enable fewer of them", Warning: true})
			return
		}
		area, ok := areas[e.Area]
		if !ok {
			area = -1
		}
		index := int32(len(h.entities))
		h.entities = append(h.entities, entity{Entity: e, backend: home.Backend, area: area, careful: careful[e.ID]})
		h.byID[e.ID] = append(h.byID[e.ID], index)
		h.inArea[area] = append(h.inArea[area], index)
		h.ofDomain[e.Domain] = append(h.ofDomain[e.Domain], index)
		for j, name := range append([]string{e.Name}, e.Aliases...) {
			m.entityName(index, name, j > 0)
		}
	}
}

// guards are the entities that guard a home, and the groups that they are members of: also members of groups in groups, and those that
// sentences may not name.
func guards(home *act.Home) map[string]bool {
	out := map[string]bool{}
	groups := map[string][]string{} // by member
	var open []string
	for i := range home.Entities {
		e := &home.Entities[i]
		for _, member := range e.Members {
			groups[member] = append(groups[member], e.ID)
		}
		if e.Domain == "lock" || e.Domain == "alarm_control_panel" || e.Domain == "valve" || e.Domain == "siren" || e.Domain == "cover" && protected[e.Class] {
			open = append(open, e.ID)
		}
	}
	for len(open) > 0 {
		id := open[len(open)-1]
		open = open[:len(open)-1]
		if !out[id] {
			out[id] = true
			open = append(open, groups[id]...)
		}
	}
	return out
}

// place adds names of areas. Areas of one name, of several homes, are one place.
func (m *Matcher) place(names []string, id string, floor bool, areas ...int32) {
	h := &m.house
	for _, name := range names {
		list := words(name, m.skip)
		for len(list) > 1 && list[0] == "the" {
			list = list[1:]
		}
		key := strings.Join(list, " ")
		if key == "" || len(list) == 1 && function(key) {
			continue
		}
		at, ok := h.named[key]
		if !ok {
			at = int32(len(h.places))
			h.places = append(h.places, place{name: strings.TrimSpace(names[0]), floor: floor})
			h.named[key] = at
			m.lex.name(list, ref{kind: toPlace, index: at})
			if last := list[len(list)-1]; !strings.HasSuffix(last, "s") { // "the kitchen's lights"
				m.lex.name(append(slices.Clone(list[:len(list)-1]), last+"s"), ref{kind: toPlace, index: at, penalty: 1})
			}
		}
		p := &h.places[at]
		if !slices.Contains(p.ids, id) {
			p.ids = append(p.ids, id)
		}
		for _, a := range areas {
			if !slices.Contains(p.areas, a) {
				p.areas = append(p.areas, a)
			}
		}
	}
}

// stairs adds "upstairs" and "downstairs", unless a floor is called so.
func (m *Matcher) stairs(names []string, homes []*act.Home, level func(int) bool) {
	if _, ok := m.house.named[names[0]]; ok {
		return
	}
	for key, a := range m.house.areas {
		for _, home := range homes {
			if home == nil || home.Backend != m.house.backends[key] {
				continue
			}
			for _, f := range home.Floors {
				if f.ID == a.Floor && level(f.Level) {
					m.place(names, f.ID, true, int32(key))
				}
			}
		}
	}
}

func (m *Matcher) classWords(index int32) {
	c := &classes[index]
	for i, list := range []string{c.one, c.many} {
		for name := range strings.SplitSeq(list, "|") {
			m.lex.name(words(name, m.skip), ref{kind: toClass, index: index*2 + int32(i)}) // odd: many
		}
	}
}

// entityName adds a name with its shorter forms: without its room ("kitchen ceiling light"), and without what it is ("sofa lamp").
func (m *Matcher) entityName(index int32, name string, _ bool) {
	e := &m.house.entities[index]
	full := words(name, m.skip)
	for len(full) > 1 && full[0] == "the" {
		full = full[1:]
	}
	if len(full) == 0 || len(full) == 1 && function(full[0]) {
		return // it has no name that could be said: only what it is, and its room, name it
	}
	m.lex.name(full, ref{kind: toEntity, index: index})
	forms := [][]string{full}
	if e.area >= 0 {
		a := m.house.areas[e.area]
		for _, room := range append([]string{a.Name}, a.Aliases...) {
			r := words(room, m.skip)
			if len(r) > 0 && len(full) > len(r) && slices.Equal(full[:len(r)], r) {
				forms = append(forms, full[len(r):])
			}
		}
	}
	for i, form := range forms {
		if i > 0 && !m.common(form) {
			m.lex.name(form, ref{kind: toEntity, index: index, penalty: 2})
		}
		if qualifiers[form[0]] && len(form) > 2 { // "the left bedside lamp" is one of "the bedside lamps"
			m.lex.name(form[1:], ref{kind: toEntity, index: index, penalty: 4})
			m.shortName(index, form[1:], 5)
		}
		m.shortName(index, form, 3)
	}
}

// barePenalty is that of forms which are everyday words: "the star" is a light only in "the star light" or "the star and the sofa lamp".
const barePenalty = 20

// shortName adds the form of a name without what the entity is.
func (m *Matcher) shortName(index int32, form []string, penalty int16) {
	short := withoutClass(form, &m.house.entities[index])
	switch {
	case short == nil || m.common(short):
		return
	case len(short) == 1 && commonWords()[short[0]]:
		penalty += barePenalty
	}
	m.lex.name(short, ref{kind: toEntity, index: index, penalty: penalty})
}

// common tells whether words are no name: a class, or a place.
func (m *Matcher) common(list []string) bool {
	key := strings.Join(list, " ")
	if _, ok := m.house.named[key]; ok {
		return true
	}
	return classNames[key] || function(key) || key == ""
}

// function tells whether a word stands around names, and can be none.
func function(w string) bool {
	return determiners[w] || quantifiers[w] || pronouns[w] || wholes[w] || listing[w] || placing[w] || excluding[w]
}

var classNames = func() map[string]bool {
	names := map[string]bool{}
	for _, c := range classes {
		for name := range strings.SplitSeq(c.one+"|"+c.many, "|") {
			names[strings.Join(words(name, nil), " ")] = true
		}
	}
	return names
}()

// withoutClass cuts what an entity is from the end of its name.
func withoutClass(list []string, e *entity) []string {
	for i := range classes {
		if c := &classes[i]; slices.Contains(c.domains, e.Domain) {
			for name := range strings.SplitSeq(c.one+"|"+c.many, "|") {
				w := strings.Fields(name)
				if n := len(list) - len(w); n > 0 && slices.Equal(list[n:], w) {
					return list[:n]
				}
			}
		}
	}
	return nil
}

func set(list string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		out[w] = true
	}
	return out
}
