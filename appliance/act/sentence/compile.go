package sentence

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"orac/appliance/act"
)

// Matcher reads texts. It is immutable.
type Matcher struct {
	lex       *lexicon
	flags     []wordFlags // by wordID
	adverb    map[int32]bool
	house     house
	states    []state
	starts    entries
	continues entries
	templates []template
	intents   []compiled
	kinds     []slotKind
	builtins  map[string]int32
	names     []string // of slots
	sets      []fixed
	skip      map[string]bool
	words     *nearWords
	version   string
	problems  []Problem

	choiceOnce sync.Once
	choices    *Choices // set by choiceOnce
}

type wordFlags uint8

const (
	isDeterminer wordFlags = 1 << iota
	isQuantifier
	isPronoun
	isWhole
)

// maxProblems bounds what is told of a grammar.
const maxProblems = 100

// Compile makes a Matcher. What is wrong with the grammar is left out and told; the rest works.
func Compile(g Grammar) (*Matcher, []Problem) {
	m := &Matcher{lex: newLexicon(), builtins: map[string]int32{}, skip: skipping(g.Skip), adverb: map[int32]bool{}}
	for _, list := range []map[string]bool{determiners, quantifiers, pronouns, wholes, listing, excluding, placing} {
		for _, w := range sorted(list) {
			m.lex.word(w)
		}
	}
	for _, lists := range [][][]string{anywhere, here, there, separating, {{"as", "well", "as", "for", "from", "not"}}} {
		for _, list := range lists {
			for _, w := range list {
				m.lex.word(w)
			}
		}
	}
	numberWords(func(w string) { m.lex.word(w) })
	m.load(g.Homes)
	for _, name := range []string{"upstairs", "downstairs", "outside", "outdoors", "inside", "indoors"} {
		if p, ok := m.house.named[name]; ok {
			m.adverb[p] = true
		}
	}
	for _, in := range g.Intents {
		m.intent(in, false)
	}
	if g.English {
		for _, in := range English() {
			m.intent(in, true)
		}
	}
	m.index()
	m.flags = make([]wordFlags, len(m.lex.texts))
	for f, list := range map[wordFlags]map[string]bool{isDeterminer: determiners, isQuantifier: quantifiers, isPronoun: pronouns, isWhole: wholes} {
		for w := range list {
			m.flags[m.lex.ids[w]] |= f
		}
	}
	m.nearIndex()
	m.version = versionOf(g)
	return m, m.problems
}

func skipping(more []string) map[string]bool {
	skip := map[string]bool{}
	for _, w := range fillers {
		skip[w] = true
	}
	for _, s := range more {
		if list := words(s, nil); len(list) == 1 {
			skip[list[0]] = true
		}
	}
	return skip
}

// Version is a hash of all that a reading depends on, apart from its context.
func (m *Matcher) Version() string { return m.version }

// Templates is how many templates the matcher understands.
func (m *Matcher) Templates() int { return len(m.templates) }

func versionOf(g Grammar) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %v ", englishVersion, g.English)
	json.NewEncoder(h).Encode(struct {
		Intents []Intent
		Skip    []string
	}{g.Intents, g.Skip})
	for _, home := range g.Homes {
		if home != nil {
			fmt.Fprintf(h, "%q %q ", home.Backend, home.Version)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

func (m *Matcher) problem(p Problem) {
	if len(m.problems) < maxProblems {
		m.problems = append(m.problems, p)
	}
}

// intent compiles an intent. What of it cannot be compiled is told.
func (m *Matcher) intent(in Intent, english bool) {
	if !english && (!isName(in.Name) || len(in.Name) > act.MaxName) {
		m.problem(Problem{Intent: in.Name, Text: "the name of an intent has letters, digits and _, at most 64"})
		return
	}
	index := int32(len(m.intents))
	c := compiled{Intent: in, english: english, implied: -1, careful: english && slices.Contains(carefulIntents, in.Name)}
	slots := map[string]int32{}
	for _, name := range sorted(in.Slots) {
		kind, err := m.declared(name, in.Slots[name])
		if err != "" {
			m.problem(Problem{Intent: in.Name, Text: "slot " + quote(name) + ": " + err})
			continue
		}
		slots[name] = kind
	}
	if in.Implied != "" {
		kind, ok := m.slotKind(in.Implied, slots)
		if !ok || m.kinds[kind].what != target {
			m.problem(Problem{Intent: in.Name, Text: fmt.Sprintf("%q is no slot of entities that could be implied; use one of %s", in.Implied, builtinNames())})
		} else {
			c.implied = kind
		}
	}
	m.intents = append(m.intents, c)
	for _, text := range in.Sentences {
		more := false
		body := text
		if english {
			body, more = strings.CutPrefix(text, "& ")
		}
		if len(m.templates) >= MaxTemplates {
			m.problem(Problem{Intent: in.Name, Template: text, Text: fmt.Sprintf("it is the template after the %dth, and is left out", MaxTemplates)})
			return
		}
		parsed, err := parseTemplate(body, m.skip)
		var start int32
		if err == nil {
			start, err = m.add(parsed, int32(len(m.templates)), slots)
		}
		if err != nil {
			m.problem(Problem{Intent: in.Name, Template: text, Column: err.column, Text: err.text})
			continue
		}
		m.templates = append(m.templates, template{intent: index, text: text, start: start, more: more, parsed: parsed})
	}
}

// declared compiles a slot of the runbook.
func (m *Matcher) declared(name string, s Slot) (int32, string) {
	kind := slotKind{name: name, vocab: -1}
	switch {
	case !isName(name):
		return 0, "a name has letters, digits and _, at most 64"
	case s.Is != "":
		k, ok := m.slotKind(s.Is, nil)
		if !ok {
			return 0, fmt.Sprintf("there is no slot %q; use one of %s", s.Is, builtinNames())
		}
		return k, ""
	case s.Range != nil:
		if !(s.Range.From <= s.Range.To) {
			return 0, "a range goes from the smaller number to the larger"
		}
		r := *s.Range
		kind.what, kind.rng = number, &r
		for _, w := range words(r.Unit, nil) {
			m.lex.word(w)
		}
	case len(s.Words) == 0:
		return 0, "it has no words and no range; give it one of them"
	default:
		kind.what, kind.vocab = vocabulary, len(m.kinds)
		n := 0
		for _, value := range sorted(s.Words) {
			said := s.Words[value]
			if len(said) == 0 {
				said = []string{value}
			}
			if n += len(said); n > MaxWords {
				return 0, fmt.Sprintf("it has more than %d words", MaxWords)
			}
			for _, w := range said {
				list := words(w, m.skip)
				if len(list) == 0 {
					m.problem(Problem{Text: fmt.Sprintf("slot %q: %q has no word that can be said", name, w), Warning: true})
				}
				m.lex.name(list, ref{kind: toValue, index: int32(len(kind.values)), vocab: int32(kind.vocab)})
			}
			kind.values = append(kind.values, value)
		}
	}
	m.kinds = append(m.kinds, kind)
	return int32(len(m.kinds) - 1), ""
}

func sorted[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// builtinNames are the built-in slots that README.md describes; the others are for the shipped English.
func builtinNames() string {
	return "area, climate, cover, degrees, duration, entity, fan, floor, kelvin, light, lock, media_player, number, openable, percent, scene, sensor, switch, switchable, text, vacuum, where"
}
