package sentence

import (
	_ "embed"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"orac/appliance/act"
)

// A near match reads words that speech to text, or a tongue, got wrong. The bounds here are what corpus_test.go measures: with the errors of
// testdata they find most sentences again, and turn none of those that must not match into an action.

// nearWords are the words of a vocabulary by how they sound.
type nearWords struct {
	sounds  []string            // by wordID
	bySound map[string][]wordID // those of one sound
	byFirst map[byte][]wordID   // those of one first sound
}

func (m *Matcher) nearIndex() {
	n := &nearWords{sounds: make([]string, len(m.lex.texts)), bySound: map[string][]wordID{}, byFirst: map[byte][]wordID{}}
	for id := 1; id < len(m.lex.texts); id++ {
		w := m.lex.texts[id]
		s := sound(w)
		if s == "" || len(w) < 3 || len(w) > 40 {
			continue
		}
		n.sounds[id] = s
		n.bySound[s] = append(n.bySound[s], wordID(id))
		n.byFirst[s[0]] = append(n.byFirst[s[0]], wordID(id))
	}
	m.words = n
}

//go:embed common.txt
var commonText string

// commonWords are words of everyday English that are never taken for a misheard one: "bathroom" is no "bedroom" that somebody
// mumbled, also in a home without a bathroom; and who "turned" on a light tells of it.
var commonWords = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(commonText) {
		if !strings.HasPrefix(line, "#") {
			for _, w := range words(line, nil) {
				out[w] = true
			}
		}
	}
	return out
})

// confusions are words of which speech to text makes others, although both are words: "turn of the lights". None leads to what unlocks.
var confusions = map[string][]string{
	"of": {"off"}, "clothes": {"close"}, "certains": {"curtains"}, "certain": {"curtain"}, "switches": {"switch"}, "cloth": {"close"}, "lamb": {"lamp"}, "two": {"to"}, "too": {"to"}, "for": {"four"}, "four": {"for"}, "fore": {"four"}, "won": {"one"}, "ate": {"eight"},
	"hole": {"hall"}, "haul": {"hall"}, "sealing": {"ceiling"}, "tern": {"turn"}, "torn": {"turn"}, "term": {"turn"}, "turns": {"turn"}, "shot": {"shut"}, "said": {"set"}, "sat": {"set"}, "sit": {"set"}, "sets": {"set"},
	"paws": {"pause"}, "pose": {"pause"}, "poz": {"pause"}, "seen": {"scene"}, "lite": {"light"}, "lights": {"light"}, "light": {"lights"}, "lied": {"light"}, "lies": {"lights"}, "blind": {"blinds"}, "blinds": {"blind"},
	"fun": {"fan"}, "van": {"fan"}, "eating": {"heating"}, "heeding": {"heating"}, "there": {"their"}, "flaw": {"floor"}, "flour": {"floor"}, "dime": {"dim"}, "them": {"dim"}, "whether": {"weather"}, "read": {"red"}, "blew": {"blue"},
	"weight": {"white"}, "wight": {"white"}, "mutes": {"mute"}, "moot": {"mute"}, "opened": nil, "an": {"on"}, "in": {"on"}, "tea": {"tv"}, "plays": {"play"}, "louder": nil, "allowed": {"louder"}, "size": {"sofa"},
	"curtain": {"curtains"}, "curtains": {"curtain"}, "shutter": {"shutters"}, "shutters": {"shutter"}, "lamp": {"lamps"}, "lamps": {"lamp"}, "thirteen": {"thirty"}, "desks": {"desk"},
}

// near reads a text in which words may be wrong.
func (m *Matcher) near(list []token, ctx *context) result {
	letters := 0
	for _, t := range list {
		letters += len(t.text)
	}
	most := min(1+letters/7, 4)
	r := m.loose(list, false).bestNear(ctx, most)
	if r.commands == nil || !r.careful {
		return r
	}
	// What locks or opens a house must be said clearly: one letter, and the same sound.
	strict := m.loose(list, true).bestNear(ctx, 2)
	if strict.commands == nil || !reflect.DeepEqual(strict.commands, r.commands) {
		return result{trouble: &trouble{why: "it was not clear enough to act on what keeps the house closed; say it again", near: []string{describe(m, r.commands)}}}
	}
	return strict
}

// loose makes the lattice of a text with the words that may have been meant beside those that were understood.
func (m *Matcher) loose(list []token, strict bool) *lattice {
	l := m.line(list, nil)
	for i, t := range list {
		if t.digits {
			continue
		}
		own := m.lex.ids[t.text]
		add := func(to int, w wordID, changes int) {
			if w == 0 {
				return
			}
			for j, e := range l.edges[i] {
				if e.to == to && e.word == w {
					l.edges[i][j].changes = min(e.changes, int16(changes))
					return
				}
			}
			l.edges[i] = append(l.edges[i], edge{to: to, word: w, changes: int16(changes), token: -1})
		}
		if !strict {
			for _, w := range confusions[t.text] {
				add(i+1, m.lex.ids[w], 1)
			}
		}
		if own == 0 && !commonWords()[t.text] && len(t.text) > 2 {
			m.alike(t.text, strict, func(w wordID, changes int) { add(i+1, w, changes) })
			for cut := 2; cut <= len(t.text)-2; cut++ { // "livingroom"
				a, b := m.lex.ids[t.text[:cut]], m.lex.ids[t.text[cut:]]
				if a != 0 && b != 0 {
					l.split(i, a, b)
				}
			}
		}
		if i+1 < len(list) && !list[i+1].digits && !list[i+1].pause { // "bed room"
			add(i+2, m.lex.ids[t.text+list[i+1].text], 1)
			if t.text == list[i+1].text { // "the the"
				add(i+2, own, 1)
			}
		}
	}
	return l
}

// alike finds the words of the vocabulary that sound or look like one that is not in it.
func (m *Matcher) alike(w string, strict bool, add func(wordID, int)) {
	n := m.words
	s := sound(w)
	if s == "" || len(w) > 40 {
		return
	}
	found := false
	for _, id := range n.bySound[s] {
		v := m.lex.texts[id]
		most := min(3, max(1, len(v)-2))
		if strict {
			most = 1 + len(v)/6
		}
		if d := distance(w, v, most); d <= most {
			add(id, d)
			found = true
		}
	}
	if found || strict || len(w) < 5 {
		return
	}
	for _, id := range n.byFirst[s[0]] {
		v := m.lex.texts[id]
		most := 1
		if len(v) >= 8 {
			most = 2
		}
		if len(v) < 4 || n.sounds[id] == s {
			continue
		}
		if d := distance(w, v, most); d <= most {
			if w[len(w)-1] == 's' != (v[len(v)-1] == 's') { // one, or many: that is another meaning
				d++
			}
			add(id, d)
		}
	}
}

// bestNear is the best way to read a loose lattice with at most so many changes. Two different ones that are as good are none.
func (l *lattice) bestNear(ctx *context, most int) (out result) {
	l.ctx = ctx
	s := l.parse()
	defer s.free()
	var first *parse
	for i := range s.parses {
		p := &s.parses[i]
		if int(p.changes) > most || first != nil && (p.changes > first.changes || p.penalty > first.penalty) {
			break
		}
		r := s.commands(p)
		switch {
		case r.commands == nil && first == nil:
			if out.trouble == nil || len(out.trouble.near) == 0 {
				out.trouble = r.trouble
			}
			if len(r.trouble.near) > 0 {
				return out
			}
		case r.commands == nil:
		case first == nil:
			first, out = p, r
		case !same(out.commands, r.commands):
			a, b := describe(s.m, out.commands), describe(s.m, r.commands)
			return result{trouble: &trouble{why: "it may have been one of two things; say it again", near: []string{a, b}}}
		}
	}
	return out
}

// same tells whether commands do the same.
func same(a, b []act.Command) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		x.Words, y.Words = "", ""
		if x.Intent != y.Intent || x.Backend != y.Backend || !reflect.DeepEqual(x.Targets, y.Targets) || len(x.Slots) != len(y.Slots) {
			return false
		}
		for j := range x.Slots {
			if x.Slots[j].Name != y.Slots[j].Name || !reflect.DeepEqual(x.Slots[j].Value, y.Slots[j].Value) {
				return false
			}
		}
	}
	return true
}

// describe says what commands are, for people.
func describe(m *Matcher, list []act.Command) string {
	var out []string
	for _, c := range list {
		text := strings.ReplaceAll(c.Intent, "_", " ")
		if len(c.Targets) > 0 {
			text += " " + m.title(m.house.byID[c.Targets[0]][0])
		}
		if len(c.Targets) > 1 {
			text += fmt.Sprintf(" and %d more", len(c.Targets)-1)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}
