package sentence

import (
	"fmt"
	"slices"
	"strings"
)

// trouble is why a selection names nothing, or not one thing.
type trouble struct {
	why  string
	near []string
}

// resolve finds the entities of a selection that a filter takes, sorted by ID.
func (m *Matcher) resolve(sel *selection, f *filter, ctx *context) ([]int32, *trouble) {
	var out []int32
	if !slices.ContainsFunc(sel.parts, func(p phrase) bool { return !p.bare }) {
		return nil, &trouble{why: m.title(sel.parts[0].names[0].entity) + " may have been meant; say its whole name"}
	}
	for i := range sel.parts {
		list, t := m.phrase(&sel.parts[i], f, ctx)
		if t != nil {
			return nil, t
		}
		out = append(out, list...)
	}
	rooms := *f
	rooms.place = true // "all lights except the kitchen"
	for i := range sel.except {
		p := sel.except[i]
		p.all = true
		list, t := m.phrase(&p, &rooms, ctx)
		if t != nil {
			return nil, t
		}
		out = slices.DeleteFunc(out, func(e int32) bool { return slices.Contains(list, e) })
	}
	out = m.tidy(out)
	if len(out) == 0 {
		return nil, &trouble{why: "nothing is left of what was named"}
	}
	return out, nil
}

// tidy sorts, and leaves out what is there twice: also a group whose members are named.
func (m *Matcher) tidy(list []int32) []int32 {
	slices.SortFunc(list, func(a, b int32) int {
		x, y := &m.house.entities[a], &m.house.entities[b]
		return strings.Compare(x.ID+"\x00"+x.backend, y.ID+"\x00"+y.backend)
	})
	list = slices.Compact(list)
	if len(list) < 2 {
		return list
	}
	have := map[[2]string]bool{} // by backend and ID
	for _, i := range list {
		e := &m.house.entities[i]
		have[[2]string{e.backend, e.ID}] = true
	}
	return slices.DeleteFunc(list, func(i int32) bool {
		e := &m.house.entities[i]
		return slices.ContainsFunc(e.Members, func(id string) bool { return have[[2]string{e.backend, id}] })
	})
}

// takes tells whether a filter takes an entity.
func (m *Matcher) takes(f *filter, index int32) bool {
	e := &m.house.entities[index]
	return m.rank(f, index) >= 0 && (len(f.classes) == 0 || e.Domain != "binary_sensor" && e.Domain != "sensor" || slices.Contains(f.classes, e.Class))
}

// rank is how much a filter prefers the domain of an entity: 0 most; -1 not at all.
func (m *Matcher) rank(f *filter, index int32) int {
	if f.domains == nil {
		return 0
	}
	return slices.Index(f.domains, m.house.entities[index].Domain)
}

func (m *Matcher) phrase(p *phrase, f *filter, ctx *context) ([]int32, *trouble) {
	within, t := m.within(p, ctx)
	if t != nil {
		return nil, t
	}
	switch p.kind {
	case byPronoun:
		var list []int32
		for _, e := range ctx.it {
			if m.takes(f, e) {
				list = append(list, e)
			}
		}
		if list == nil {
			return nil, &trouble{why: "nothing was named within the last minute that it could be"}
		}
		return list, nil
	case byWhole:
		var list []int32
		for i := range m.house.entities {
			if e := &m.house.entities[i]; (f.whole || everything[e.Domain] && !e.careful) && m.takes(f, int32(i)) && inside(within, e.area) {
				list = append(list, int32(i))
			}
		}
		if list == nil {
			return nil, &trouble{why: "there is nothing that this could be done to" + m.placeWords(p, ctx)}
		}
		return list, nil
	case byPlace:
		if !f.place {
			return nil, &trouble{why: "it is a room" + m.placeWords(p, ctx) + " that was named, and not what is in it"}
		}
		return m.ofClass(nil, p, f, within, ctx)
	case byClass:
		if f.named {
			return nil, &trouble{why: "the " + firstWord(classes[p.class].one) + " has no name that was said"}
		}
		return m.ofClass(&classes[p.class], p, f, within, ctx)
	default:
		return m.called(p, f, within, ctx)
	}
}

// within are the areas that a phrase names; nil is everywhere.
func (m *Matcher) within(p *phrase, ctx *context) ([]int32, *trouble) {
	switch p.where {
	case inPlaces:
		out := []int32{}
		for _, i := range p.places {
			out = append(out, m.house.places[i].areas...)
		}
		return out, nil
	case whereHere:
		if len(ctx.here) == 0 {
			return nil, &trouble{why: "it is not known in which room this was said; name the room"}
		}
		return ctx.here, nil
	case whereThere:
		if len(ctx.there) == 0 {
			return nil, &trouble{why: "no room was named within the last minute that \"there\" could be"}
		}
		return ctx.there, nil
	}
	return nil, nil
}

func inside(within []int32, area int32) bool { return within == nil || slices.Contains(within, area) }

// called are the entities of a name. If more than one is called so, the nearest name decides, then the domain, then the speaker's room.
func (m *Matcher) called(p *phrase, f *filter, within []int32, ctx *context) ([]int32, *trouble) {
	var list []named
	for _, n := range p.names {
		if m.takes(f, n.entity) && inside(within, m.house.entities[n.entity].area) {
			list = append(list, n)
		}
	}
	if len(list) == 0 {
		return nil, &trouble{why: fmt.Sprintf("%s cannot be what is meant%s", m.title(p.names[0].entity), m.placeWords(p, ctx))}
	}
	narrow := func(keep func(named) bool) {
		if less := slices.DeleteFunc(slices.Clone(list), func(n named) bool { return !keep(n) }); len(less) > 0 {
			list = less
		}
	}
	if p.all { // "all desk lamps"
		return entitiesOf(list), nil
	}
	if within == nil && len(ctx.here) > 0 && list[0].penalty >= 2 { // a short form is meant for the room
		narrow(func(n named) bool { return slices.Contains(ctx.here, m.house.entities[n.entity].area) })
	}
	least := slices.MinFunc(list, func(a, b named) int { return int(a.penalty - b.penalty) }).penalty
	narrow(func(n named) bool { return n.penalty == least })
	first := m.rank(f, slices.MinFunc(list, func(a, b named) int { return m.rank(f, a.entity) - m.rank(f, b.entity) }).entity)
	narrow(func(n named) bool { return m.rank(f, n.entity) == first })
	if within == nil && len(ctx.here) > 0 {
		narrow(func(n named) bool { return slices.Contains(ctx.here, m.house.entities[n.entity].area) })
	}
	if len(list) > 1 {
		return nil, m.ambiguous(entitiesOf(list))
	}
	return entitiesOf(list), nil
}

func entitiesOf(list []named) []int32 {
	out := make([]int32, len(list))
	for i, n := range list {
		out[i] = n.entity
	}
	return out
}

// ofClass are the entities of a class, or all that the filter takes if c is nil. Without a room those in the speaker's are meant, else the
// only one there is; many in the whole house only if it was said so, or nothing can come of it.
func (m *Matcher) ofClass(c *class, p *phrase, f *filter, within []int32, ctx *context) ([]int32, *trouble) {
	var list []int32
	for _, domain := range f.all(c) {
		for _, i := range m.house.ofDomain[domain] {
			if m.takes(f, i) && (c == nil || c.has(&m.house.entities[i])) {
				list = append(list, i)
			}
		}
		if len(list) > 0 && (f.one || c != nil && !p.all && len(c.domains) > 1) && slices.ContainsFunc(list, func(i int32) bool { return inside(within, m.house.entities[i].area) }) {
			break // the first domain that has one in the room
		}
	}
	what := "such thing"
	if c != nil {
		what = firstWord(c.one)
	}
	pick := func(areas []int32) (out []int32) {
		for _, i := range list {
			if inside(areas, m.house.entities[i].area) {
				out = append(out, i)
			}
		}
		if c != nil && c.called != "" { // lamps are lights that are called lamps, if any in the room are
			lamps := slices.DeleteFunc(slices.Clone(out), func(i int32) bool { return !strings.Contains(strings.ToLower(m.house.entities[i].Name), c.called) })
			if len(lamps) > 0 {
				out = lamps
			}
		}
		return m.tidy(out)
	}
	careful := func(list []int32) bool {
		return slices.ContainsFunc(list, func(i int32) bool { return m.house.entities[i].careful })
	}
	switch {
	case p.where == inPlaces || p.where == whereHere || p.where == whereThere:
		out := pick(within)
		switch {
		case len(out) == 0:
			return nil, &trouble{why: fmt.Sprintf("there is no %s%s", what, m.placeWords(p, ctx))}
		case len(out) > 1 && careful(out) && !p.all:
			return nil, m.ambiguous(out)
		}
		return out, nil
	case p.where == throughHome || p.quantified || ctx.asks == asksHouse:
		if out := pick(nil); len(out) > 0 {
			return out, nil
		}
	case len(ctx.here) > 0:
		if out := pick(ctx.here); len(out) == 1 || len(out) > 1 && (p.all || !careful(out)) {
			return out, nil
		} else if len(out) > 1 {
			return nil, m.ambiguous(out)
		}
	}
	out := pick(nil)
	switch {
	case len(out) == 0:
		return nil, &trouble{why: fmt.Sprintf("there is no %s that this could be done to", what)}
	case len(out) == 1:
		return out, nil
	case p.all && ctx.asks != asksNothing:
		return out, nil
	case len(ctx.here) > 0:
		t := m.ambiguous(out)
		t.why = fmt.Sprintf("there is no %s in %s; name the room", what, ctx.area)
		return nil, t
	case p.all && !careful(out):
		return out, nil
	}
	return nil, m.ambiguous(out)
}

// all are the domains of a class that a filter takes, in the order of the filter.
func (f *filter) all(c *class) (out []string) {
	switch {
	case f.domains == nil && c != nil:
		return c.domains
	case f.domains == nil:
		return nil
	case c == nil:
		return f.domains
	}
	for _, d := range c.domains {
		if slices.Contains(f.domains, d) {
			out = append(out, d)
		}
	}
	return out
}

// has tells whether an entity is of a class.
func (c *class) has(e *entity) bool {
	switch {
	case !slices.Contains(c.domains, e.Domain):
		return false
	case e.Domain == "lock":
		return true
	case e.Domain == "cover" && e.careful && !protected[e.Class]: // a group with a garage door in it has a name, or is not meant
		return false
	case len(c.classes) > 0:
		return slices.Contains(c.classes, e.Class) && (e.Class != "" || e.Domain != "binary_sensor")
	}
	return e.Domain != "cover" || !e.careful
}

func firstWord(list string) string {
	one, _, _ := strings.Cut(list, "|")
	return one
}

// title names an entity for people, with its room if its name does not.
func (m *Matcher) title(index int32) string {
	e := &m.house.entities[index]
	name := strings.TrimSpace(e.Name)
	if name == "" {
		name = e.ID
	}
	if e.area >= 0 {
		if room := m.house.areas[e.area].Name; !strings.Contains(strings.ToLower(name), strings.ToLower(room)) {
			name += " (" + room + ")"
		}
	}
	return name
}

// ambiguous says that more than one thing may be meant.
func (m *Matcher) ambiguous(list []int32) *trouble {
	t := &trouble{why: fmt.Sprintf("%d things may be meant; name one of them", len(list))}
	for _, i := range list {
		title := m.title(i)
		if slices.Contains(t.near, title) {
			title = fmt.Sprintf("%s [%s]", title, m.house.entities[i].ID)
		}
		if len(t.near) < 3 {
			t.near = append(t.near, title)
		}
	}
	return t
}

func (m *Matcher) placeWords(p *phrase, ctx *context) string {
	switch p.where {
	case inPlaces:
		var names []string
		for _, i := range p.places {
			names = append(names, m.house.places[i].name)
		}
		return " in " + strings.Join(names, " and ")
	case whereHere:
		return " in " + ctx.area
	case whereThere:
		return " there"
	}
	return ""
}
