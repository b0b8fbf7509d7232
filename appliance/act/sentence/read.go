package sentence

import (
	"fmt"
	"slices"
	"strings"

	"orac/appliance/act"
)

// Read reads a text: which commands it is, or why it is none. It also returns what the next text may refer to as "it" and "there":
// the caller keeps that for each session, and hands it in as Context.Before.
func (m *Matcher) Read(text string, c Context) (act.Reading, Remembered) {
	none := func(why string, near ...string) (act.Reading, Remembered) {
		return act.Reading{Tier: act.NoTier, Why: why, Near: near}, c.Before
	}
	if len(text) > act.MaxText {
		return none(fmt.Sprintf("the text has %d bytes, and at most %d are read", len(text), act.MaxText))
	}
	list, more := tokens(text, m.skip)
	switch {
	case more:
		return none(fmt.Sprintf("the text has more than %d words", maxTokens))
	case len(list) == 0:
		return none("there is no word in the text")
	}
	if isCorrection(list) {
		return act.Reading{Tier: act.Correction, Score: 1}, c.Before
	}
	ctx := m.context(c)
	var trouble *trouble
	texts := [][]token{list}
	if bare := unwrap(list); len(bare) > 0 && len(bare) < len(list) {
		texts = append(texts, bare)
	}
	for _, t := range texts {
		s := m.line(t, ctx).parse()
		r := s.best()
		s.free()
		if r.commands != nil {
			return m.reading(act.Sentence, r, c, t)
		}
		if r.trouble != nil {
			trouble = r.trouble
		}
	}
	if trouble == nil {
		t := texts[len(texts)-1]
		r := m.near(t, ctx)
		if r.commands != nil {
			return m.reading(act.Near, r, c, t)
		}
		trouble = r.trouble
	}
	if trouble != nil {
		return none(trouble.why, trouble.near...)
	}
	return none("no sentence is like this")
}

// result is the best way to read a text.
type result struct {
	commands []act.Command
	changes  int
	areas    []int32
	targets  []string // keys of entities
	trouble  *trouble
	careful  bool // something that keeps the house closed is acted on
}

func (m *Matcher) reading(tier act.Tier, r result, c Context, list []token) (act.Reading, Remembered) {
	letters := 0
	for _, t := range list {
		letters += len(t.text)
	}
	out := act.Reading{Tier: tier, Commands: r.commands, Changes: r.changes, Score: max(0, 1-float64(r.changes)/float64(max(1, letters)))}
	keep := c.Before
	if len(r.targets) > 0 {
		keep = Remembered{Targets: r.targets, At: c.Now}
		if len(r.areas) > 0 {
			keep.Area = m.house.areas[r.areas[0]].ID
		}
	}
	return out, keep
}

// best is the first way that names things which there are. One that may mean more than one thing ends the search.
func (s *search) best() (out result) {
	for i := range s.parses {
		r := s.commands(&s.parses[i])
		if r.commands != nil {
			return r
		}
		if out.trouble == nil || len(out.trouble.near) == 0 && len(r.trouble.near) > 0 {
			out.trouble = r.trouble
		}
		if len(r.trouble.near) > 0 {
			return out
		}
	}
	return out
}

// commands makes the commands of a parse.
func (s *search) commands(p *parse) (out result) {
	out.changes = int(p.changes)
	var chain []*binding
	for i := p.last; i >= 0; i = s.items[i].back {
		if b := s.items[i].bind; b >= 0 {
			chain = append(chain, &s.bindings[b])
		}
	}
	slices.Reverse(chain)
	ctx := s.ctx
	defer func() { s.ctx = ctx }()
	begin := 0
	for i, b := range chain {
		if b.name >= 0 {
			continue
		}
		list, t := s.command(b, chain[begin:i], &out)
		if t != nil {
			return result{trouble: t}
		}
		out.commands = append(out.commands, list...)
		begin = i + 1
		s.ctx = ctx.after(s.m, &out) // "turn on the lamp and set it to half"
	}
	if len(out.commands) > act.MaxCommands {
		return result{trouble: &trouble{why: fmt.Sprintf("it is %d commands, and at most %d are carried out", len(out.commands), act.MaxCommands)}}
	}
	return out
}

// command makes one command of a template and its slots: one for each backend whose entities it names.
func (s *search) command(done *binding, bound []*binding, out *result) ([]act.Command, *trouble) {
	m := s.m
	in := &m.intents[m.templates[done.done].intent]
	s.ctx = s.ctx.asking(in)
	c := act.Command{Intent: in.Name, Backend: in.Backend, Words: s.words(done.from, done.to)}
	var entities []int32
	var room *phrase
	var without []phrase
	implied, named := in.implied, false
	for _, b := range bound {
		if b.where != nil && b.where.except != nil {
			without = b.where.except
		} else if b.where != nil {
			room = b.where
		}
	}
	for _, b := range bound {
		switch {
		case b.where != nil:
		case b.sel != nil:
			named = true
			list, t := m.resolve(b.sel.within(room, without), &m.kinds[b.kind].filter, s.ctx)
			if t != nil {
				return nil, t
			}
			entities = append(entities, list...)
			if areas := b.sel.areas(m, s.ctx); len(areas) > 0 {
				out.areas = areas
			}
			if !in.english {
				c.Slots = append(c.Slots, act.Slot{Name: m.names[b.name], Value: act.Value{Text: strings.Join(m.idsOf(list), ",")}, Words: s.words(b.from, b.to)})
			}
		case b.from == b.to && b.kind >= 0:
			implied = b.kind
		default:
			c.Slots = append(c.Slots, act.Slot{Name: m.names[b.name], Value: b.value, Words: s.words(b.from, b.to)})
		}
	}
	if !named && implied >= 0 {
		list, t := m.implied(&m.kinds[implied].filter, room, s.ctx)
		if t != nil {
			return nil, t
		}
		entities, named = list, true
	}
	entities = m.tidy(entities)
	asks := in.english && strings.HasPrefix(in.Name, "ask_")
	out.careful = out.careful || in.careful || !asks && slices.ContainsFunc(entities, func(e int32) bool { return m.house.entities[e].careful })
	if !named {
		return []act.Command{c}, nil
	}
	if len(entities) > act.MaxTargets {
		return nil, &trouble{why: fmt.Sprintf("it names %d things, and at most %d are meant by one command", len(entities), act.MaxTargets)}
	}
	out.targets = m.house.keys(entities)
	if out.areas == nil {
		out.areas = m.oneArea(entities)
	}
	if !in.english && in.Backend != "" {
		c.Targets = m.idsOf(entities)
		return []act.Command{c}, nil
	}
	var list []act.Command
	for _, e := range entities {
		backend, id := m.house.entities[e].backend, m.house.entities[e].ID
		at := slices.IndexFunc(list, func(c act.Command) bool { return c.Backend == backend })
		if at < 0 {
			at = len(list)
			c.Backend, c.Targets = backend, nil
			list = append(list, c)
		}
		list[at].Targets = append(list[at].Targets, id)
	}
	return list, nil
}

// implied are the entities that are meant where none is named: those that were named last, else those of the room, else the only one.
func (m *Matcher) implied(f *filter, room *phrase, ctx *context) ([]int32, *trouble) {
	p := phrase{kind: byClass}
	if room != nil {
		p.where, p.places = room.where, room.places
	} else if list, t := m.phrase(&phrase{kind: byPronoun}, f, ctx); t == nil {
		return list, nil
	}
	within, t := m.within(&p, ctx)
	if t != nil {
		return nil, t
	}
	return m.ofClass(nil, &p, f, within, ctx)
}

// within is a selection with the room that was named elsewhere in the sentence, where it names none itself.
func (sel *selection) within(room *phrase, without []phrase) *selection {
	if room == nil {
		return &selection{sel.parts, append(slices.Clone(sel.except), without...)}
	}
	out := &selection{except: append(slices.Clone(sel.except), without...)}
	for _, p := range sel.parts {
		if p.where == nowhere {
			p.where, p.places = room.where, room.places
		}
		out.parts = append(out.parts, p)
	}
	return out
}

func (m *Matcher) idsOf(list []int32) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = m.house.entities[e].ID
	}
	return out
}

// oneArea is the room in which all entities are; none if there are several.
func (m *Matcher) oneArea(list []int32) []int32 {
	if len(list) == 0 {
		return nil
	}
	area := m.house.entities[list[0]].area
	for _, e := range list {
		if m.house.entities[e].area != area {
			return nil
		}
	}
	if area < 0 {
		return nil
	}
	return []int32{area}
}

// areas is the room that was named, if it was one.
func (sel *selection) areas(m *Matcher, ctx *context) []int32 {
	if len(sel.parts) != 1 {
		return nil
	}
	list, t := m.within(&sel.parts[0], ctx)
	if t != nil || len(list) != 1 {
		return nil
	}
	return list
}

// isCorrection tells whether somebody says that what was done last was wrong. "error" is what remains of "computer, error".
func isCorrection(list []token) bool {
	text := make([]string, 0, len(list))
	for _, t := range unwrap(list) {
		text = append(text, t.text)
	}
	return corrections[strings.Join(text, " ")]
}

// unwrap takes off what stands around a command: names of assistants, "could you", "thanks".
func unwrap(list []token) []token {
	cut := func(table [][]string, ends bool) bool {
		for _, p := range table {
			n := len(p)
			if len(list) <= n {
				continue
			}
			at := 0
			if ends {
				at = len(list) - n
			}
			if slices.EqualFunc(p, list[at:at+n], func(w string, t token) bool { return w == t.text }) {
				if ends {
					list = list[:at]
				} else {
					list = list[n:]
				}
				return true
			}
		}
		return false
	}
	for cut(openings, false) || cut(closings, true) {
	}
	return list
}

func phrases(lines ...string) (out [][]string) {
	for _, l := range lines {
		for s := range strings.SplitSeq(l, "|") {
			out = append(out, strings.Fields(s))
		}
	}
	return out
}

var (
	openings = phrases("hey computer|okay computer|hello computer|computer|hey orac|okay orac|orac|hey jarvis|jarvis|alexa|hey mycroft|hey|okay|hello|hi|it is time to|so|well|now|right|alright|all right|oh|and|then|yes|yeah",
		"could you|can you|would you|will you|i want you to|i would like you to|i need you to|go ahead and|please|be so kind and|be so good and|do me a favour and|quickly|let us|go and|tell me|do you know|can you tell me|could you tell me")
	closings    = phrases("thanks|thank you|thank you very much|thanks a lot|for me|now|right now|right away|immediately|at once|would you|will you|could you|can you|okay|computer|orac|jarvis|if you can|if you would|if you do not mind|straight away|quickly|again|then|for us|too|as well|already|my dear|mate")
	corrections = func() map[string]bool {
		out := map[string]bool{}
		for _, p := range phrases("error|computer error|that was wrong|that is wrong|this is wrong|this was wrong|wrong|wrong command|wrong one|wrong answer|undo|undo that|undo it|undo this|undo the last command|undo last command|not that|not that one|that is not what i meant|that is not what i said|that is not what i asked for|that was not what i meant|that was not right|that is not right|that was a mistake|that was an error|mistake|no that was wrong|no that is wrong|no undo that|no not that|no not that one|i did not mean that|i did not say that|take that back|revert that|revert|put it back|change it back|error error|incorrect|that is incorrect|that was incorrect|no wrong|no error") {
			out[strings.Join(p, " ")] = true
		}
		return out
	}()
)
