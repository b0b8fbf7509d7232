package sentence

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"orac/appliance/act"
)

// say draws a sentence of a part.
func say(t *rapid.T, m *Matcher, intent *compiled, p part) string {
	switch p.kind {
	case isWord:
		return p.word
	case isSequence:
		var out []string
		for _, q := range p.list {
			out = append(out, say(t, m, intent, q))
		}
		return strings.Join(out, " ")
	case isChoice:
		return say(t, m, intent, rapid.SampledFrom(p.list).Draw(t, "choice"))
	case isSlot:
		if s, ok := intent.Slots[p.slot.kind]; ok && s.Words != nil {
			value := rapid.SampledFrom(sorted(s.Words)).Draw(t, "value")
			return rapid.SampledFrom(append([]string{value}, s.Words[value]...)[min(1, len(s.Words[value])):]).Draw(t, "said")
		}
		switch kind := builtin[p.slot.kind]; kind.what {
		case number:
			least := int(max(0, kind.rng.From)) + 1
			n := rapid.IntRange(least, min(int(kind.rng.To), least+98)).Draw(t, "number")
			return strconv.Itoa(n) + map[string]string{"%": " percent", "°": " degrees", "K": " kelvin"}[kind.rng.Unit]
		case duration:
			return fmt.Sprintf("%d minutes", rapid.IntRange(1, 90).Draw(t, "minutes"))
		case target:
			for _, e := range standIn().Entities {
				i := m.house.byID[e.ID][0]
				if m.takes(&kind.filter, i) && !kind.filter.place && rapid.Bool().Draw(t, "this") {
					return strings.Join(words(e.Name, nil), " ")
				}
			}
			for _, e := range standIn().Entities {
				if i := m.house.byID[e.ID][0]; m.takes(&kind.filter, i) {
					return strings.Join(words(e.Name, nil), " ")
				}
			}
		case where:
			return "in the kitchen"
		case except:
			return "except the sofa lamp"
		case freeText:
			return "pizza"
		}
	}
	return ""
}

// TestEverySentenceOfATemplateMatches: whatever way is taken through a template, the sentence is read: by this template, or by one before it.
func TestEverySentenceOfATemplateMatches(t *testing.T) {
	m := english()
	rapid.Check(t, func(t *rapid.T) {
		index := rapid.IntRange(0, len(m.templates)-1).Draw(t, "template")
		tpl := &m.templates[index]
		if tpl.more {
			return
		}
		text := say(t, m, &m.intents[tpl.intent], tpl.parsed)
		list, _ := tokens(text, m.skip)
		s := m.line(list, m.context(Context{Area: "living_room", Now: corpusTime})).parse()
		for i := range s.parses {
			for j := s.parses[i].last; j >= 0; j = s.items[j].back {
				if b := s.items[j].bind; b >= 0 && s.bindings[b].name < 0 && s.bindings[b].done == int32(index) {
					return
				}
			}
		}
		t.Fatalf("%q does not match %q", text, tpl.text)
	})
}

// TestOwnTemplates: a sentence of a template of the runbook is read as its intent, or as one that Check reported to share it.
func TestOwnTemplates(t *testing.T) {
	word := rapid.SampledFrom([]string{"make", "brew", "some", "tea", "hot", "now", "the", "robot"})
	var piece func(depth int) *rapid.Generator[string]
	piece = func(depth int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			if depth == 0 {
				return word.Draw(t, "word")
			}
			list := rapid.SliceOfN(piece(depth-1), 1, 3).Draw(t, "parts")
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				return "(" + strings.Join(list, "|") + ")"
			case 1:
				return "[" + strings.Join(list, " ") + "]"
			case 2:
				return strings.Join(list, " ") + " {percent}"
			}
			return strings.Join(list, " ")
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		var intents []Intent
		for i := range rapid.IntRange(1, 4).Draw(t, "intents") {
			intents = append(intents, Intent{Name: fmt.Sprintf("intent%d", i), Backend: "x", Sentences: []string{piece(2).Draw(t, "template")}})
		}
		m, _ := Compile(Grammar{Intents: intents})
		shared := map[string]bool{}
		for _, p := range Check(intents) {
			shared[p.Intent] = true
		}
		for i := range m.templates {
			tpl := &m.templates[i]
			in := m.intents[tpl.intent].Name
			text := say(t, m, &m.intents[tpl.intent], tpl.parsed)
			r, _ := m.Read(text, Context{})
			if r.Tier != act.Sentence || len(r.Commands) != 1 || r.Commands[0].Intent != in && !shared[in] {
				t.Fatalf("%q of %q is read as %s", text, tpl.text, show(r))
			}
		}
	})
}

// TestReadIsPure: a reading depends on the text and the context alone, also after other texts.
func TestReadIsPure(t *testing.T) {
	texts := nots(t)
	corpus(t, func(s spoken, _ []string) { texts = append(texts, s.text) })
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(texts).Draw(t, "text")
		c := Context{Area: "kitchen", Now: corpusTime}
		before, _ := english().Read(text, c)
		english().Read(rapid.SampledFrom(texts).Draw(t, "other"), c)
		if after, _ := english().Read(text, c); !reflect.DeepEqual(before, after) {
			t.Fatalf("%q: %s, then %s", text, show(before), show(after))
		}
	})
}
