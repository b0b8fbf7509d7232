package sentence

import "slices"

// selection says which entities a part of a sentence names, before anything is known of what shall be done to them.
type selection struct {
	parts  []phrase
	except []phrase
}

// phrase is one of the names: "the lamp in the hall".
type phrase struct {
	kind       phraseKind
	names      []named // of byName: entities that are called so
	class      int32   // of byClass
	bare       bool    // of byName: an everyday word, which is no name alone
	all        bool    // "all lights", "every light", "lights"
	quantified bool    // "all" or the like was said, and not only a plural
	places     []int32
	where      whereKind
	except     []phrase // of an exclusion that stands elsewhere in the sentence
}

// named is an entity with how far its name is from what was said.
type named struct {
	entity  int32
	penalty int16
}

type phraseKind uint8

const (
	byName phraseKind = iota
	byClass
	byPlace // a room alone
	byPronoun
	byWhole // "everything"
)

type whereKind uint8

const (
	nowhere     whereKind = iota
	inPlaces              // those that are named
	whereHere             // where the speaker is
	whereThere            // where it was before
	throughHome           // everywhere
)

// targetHit is a selection that begins at a place.
type targetHit struct {
	to      int
	changes int16
	penalty int16
	sel     selection
}

const (
	mostParts = 8  // "the lamp and the fan and …"
	mostHits  = 64 // selections that begin at one place
)

// selections are all selections that begin at a place.
func (l *lattice) selections(at int) []targetHit {
	if l.found[at] {
		return l.targets[at]
	}
	l.found[at] = true
	var out []targetHit
	open := []targetHit{}
	for _, p := range l.atoms(at) {
		open = append(open, targetHit{p.to, p.changes, p.penalty, selection{parts: []phrase{p.phrase}}})
	}
	for len(open) > 0 && len(out) < mostHits && !l.busy() {
		t := open[0]
		open = open[1:]
		out = append(out, t)
		if len(t.sel.parts) >= mostParts {
			continue
		}
		for _, s := range l.joined(t.to) {
			for _, p := range l.atoms(s.to) {
				more := targetHit{p.to, t.changes + s.changes + p.changes, t.penalty + p.penalty + 1, selection{parts: append(slices.Clone(t.sel.parts), p.phrase)}}
				open = append(open, more)
			}
		}
		for _, s := range l.after(t.to, excluding) {
			for _, f := range l.optionally(s, "for", "from") {
				for _, p := range l.atoms(f.to) {
					less := targetHit{p.to, t.changes + f.changes + p.changes, t.penalty + p.penalty, selection{parts: t.sel.parts, except: []phrase{p.phrase}}}
					out = append(out, less)
					for _, s := range l.joined(p.to) {
						for _, q := range l.atoms(s.to) {
							out = append(out, targetHit{q.to, less.changes + s.changes + q.changes, less.penalty + q.penalty + 1, selection{parts: t.sel.parts, except: []phrase{p.phrase, q.phrase}}})
						}
					}
				}
			}
		}
	}
	l.targets[at] = out
	return out
}

// joined are the places behind "and", "as well as", or a comma.
func (l *lattice) joined(at int) []step {
	out := l.after(at, listing)
	if s, ok := l.phrase(at, []string{"as", "well", "as"}); ok {
		out = append(out, s)
	}
	if at < len(l.tokens) && l.tokens[at].pause {
		out = append(out, step{to: at})
	}
	return out
}

// optionally are a place, and those behind some words.
func (l *lattice) optionally(s step, list ...string) []step {
	out := []step{s}
	for _, w := range list {
		if t, ok := l.phrase(s.to, []string{w}); ok {
			out = append(out, step{t.to, s.changes + t.changes})
		}
	}
	return out
}

type atom struct {
	phrase
	to      int
	changes int16
	penalty int16
}

// atoms are the single names that begin at a place.
func (l *lattice) atoms(at int) (out []atom) {
	add := func(p phrase, to int, changes, penalty int16) {
		out = append(out, atom{p, to, changes, penalty})
		for _, s := range l.suffixes(to) {
			q := p
			if q.where == nowhere {
				q.where, q.places = s.where, s.places
				out = append(out, atom{q, s.to, changes + s.changes, penalty})
			}
		}
	}
	for _, d := range l.determined(at) {
		if len(out) > 400 {
			break
		}
		if d.wholly {
			add(phrase{kind: byWhole, all: true}, d.to, d.changes, 0)
		}
		if d.pronoun {
			out = append(out, atom{phrase{kind: byPronoun}, d.to, d.changes, 0})
			continue
		}
		l.nouns(d, phrase{}, add)
		for _, p := range l.placeLists(d.to) {
			l.nouns(determined{step: step{p.to, d.changes + p.changes}, all: d.all}, phrase{where: inPlaces, places: p.places}, add)
			add(phrase{kind: byPlace, where: inPlaces, places: p.places, all: d.all}, p.to, d.changes+p.changes, 1)
		}
		for _, h := range here { // "all the lights here" is a suffix; "this room" alone is a place
			if s, ok := l.phrase(d.to, h); ok && len(h) > 1 {
				add(phrase{kind: byPlace, where: whereHere}, s.to, d.changes+s.changes, 1)
			}
		}
	}
	return out
}

// nouns are names of entities and classes behind a determiner or a room.
func (l *lattice) nouns(d determined, p phrase, add func(phrase, int, int16, int16)) {
	hits := l.names(d.to)
	for i, h := range hits {
		switch h.kind {
		case toClass:
			q := p
			q.kind, q.class, q.all, q.quantified = byClass, h.index/2, d.all || h.index%2 == 1, d.all
			add(q, h.to, d.changes+h.changes, 2)
		case toEntity:
			same := func(o hit) bool { return o.kind == toEntity && o.to == h.to && o.changes == h.changes }
			if slices.ContainsFunc(hits[:i], same) {
				continue // it was taken with the first
			}
			q := p
			q.kind, q.all = byName, d.all
			best := int16(99)
			for _, o := range hits[i:] {
				if same(o) {
					q.names = append(q.names, named{o.index, o.penalty})
					best = min(best, o.penalty)
				}
			}
			q.bare = best >= barePenalty
			add(q, h.to, d.changes+h.changes, best)
			// "the sofa lamp", where it is called "sofa".
			for _, c := range l.names(h.to) {
				if c.kind != toClass || !classes[c.index/2].inWords {
					continue
				}
				r := q
				r.names, r.bare = nil, false
				for _, n := range q.names {
					if slices.Contains(classes[c.index/2].domains, l.m.house.entities[n.entity].Domain) {
						r.names = append(r.names, n)
					}
				}
				if r.names != nil {
					r.all = r.all || c.index%2 == 1
					add(r, c.to, d.changes+h.changes+c.changes, best%barePenalty+1)
				}
			}
		}
	}
}

type determined struct {
	step
	all, wholly, pronoun bool
}

// determined are the places behind "the", "all of my" and the like, beginning with no such word.
func (l *lattice) determined(at int) []determined {
	out := []determined{{step: step{to: at}}}
	for i := 0; i < len(out) && len(out) < 12; i++ {
		d := out[i]
		if d.wholly || d.pronoun {
			continue
		}
		for _, e := range l.edges[d.to] {
			if e.word == 0 {
				continue
			}
			flags := l.m.flags[e.word]
			s := step{e.to, d.changes + e.changes}
			if flags&isDeterminer != 0 && (d.all || l.m.lex.texts[e.word] != "of") {
				out = append(out, determined{step: s, all: d.all})
			}
			if flags&isQuantifier != 0 {
				out = append(out, determined{step: s, all: true})
			}
			if flags&isPronoun != 0 {
				out = append(out, determined{step: s, pronoun: true})
			}
			if flags&isWhole != 0 && d.to == at {
				out = append(out, determined{step: s, wholly: true, all: true})
			}
		}
	}
	return out
}

type placeList struct {
	step
	places []int32
}

// placeLists are rooms and floors: "kitchen", "kitchen and the hall".
func (l *lattice) placeLists(at int) (out []placeList) {
	open := []placeList{{step: step{to: at}}}
	for len(open) > 0 && len(out) < 24 && !l.busy() {
		p := open[0]
		open = open[1:]
		from := []step{p.step}
		if len(p.places) > 0 {
			from = nil
			for _, s := range l.joined(p.to) {
				from = append(from, l.optionally(step{s.to, p.changes + s.changes}, "the", "my", "in", "on")...)
				if t, ok := l.phrase(s.to, []string{"in", "the"}); ok {
					from = append(from, step{t.to, p.changes + s.changes + t.changes})
				}
			}
		}
		for _, f := range from {
			for _, h := range l.names(f.to) {
				if h.kind == toPlace && len(p.places) < mostParts {
					next := placeList{step{h.to, f.changes + h.changes}, append(slices.Clone(p.places), h.index)}
					out, open = append(out, next), append(open, next)
				}
			}
		}
	}
	return out
}

type suffix struct {
	step
	where  whereKind
	places []int32
}

// suffixes say where: "in the kitchen", "upstairs", "here".
func (l *lattice) suffixes(at int) (out []suffix) {
	for _, s := range append(l.after(at, placing), step{to: at}) {
		for _, f := range l.optionally(s, "the", "my", "our") {
			for _, p := range l.placeLists(f.to) {
				if s.to != at || f.to == at && l.upstairs(p.places) {
					out = append(out, suffix{step{p.to, f.changes + p.changes}, inPlaces, p.places})
				}
			}
			for _, w := range anywhere {
				if t, ok := l.phrase(f.to, w); ok && (f.to != at || len(w) == 1 && w[0] == "everywhere") {
					out = append(out, suffix{step{t.to, f.changes + t.changes}, throughHome, nil})
				}
			}
		}
	}
	for _, h := range here {
		if s, ok := l.phrase(at, h); ok {
			out = append(out, suffix{s, whereHere, nil})
		}
	}
	for _, h := range there {
		if s, ok := l.phrase(at, h); ok {
			out = append(out, suffix{s, whereThere, nil})
		}
	}
	return out
}

// upstairs tells whether places can stand without "in": "the lights upstairs".
func (l *lattice) upstairs(places []int32) bool {
	return len(places) == 1 && l.m.adverb[places[0]]
}
