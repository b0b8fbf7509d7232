package node

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/sentence"
	"orac/appliance/event"
	"orac/appliance/rt"
)

// HomeSeen is the vocabulary of a backend, on each change.
type HomeSeen struct {
	Backend string
	Home    *act.Home // nil: it has none yet
}

// grammar is what a matcher is made of.
type grammar struct {
	english bool
	intents []sentence.Intent
	homes   []*act.Home
}

// built is a matcher that was compiled.
type built struct {
	grammar
	matcher  *sentence.Matcher
	problems []string
}

// askHomes asks the backends for their vocabularies: they tell them by themselves only when they change.
func (n *Topic) askHomes(t *rt.Task) {
	for _, name := range sortedNames(n.c.Reach) {
		n.c.Reach[name].TrySend(t, tellHome{})
	}
}

// seen takes a vocabulary.
func (n *Topic) seen(h HomeSeen) {
	if h.Home != nil {
		n.homes[h.Backend] = h.Home
	}
}

// wants is what the matcher should be made of.
func (n *Topic) wants() grammar {
	g := grammar{english: n.c.English, intents: n.c.Intents}
	for _, name := range n.c.Homes {
		if h := n.homes[name]; h != nil {
			g.homes = append(g.homes, h)
		}
	}
	return g
}

func (g grammar) same(o grammar) bool {
	return g.english == o.english && reflect.DeepEqual(g.intents, o.intents) &&
		slices.EqualFunc(g.homes, o.homes, func(a, b *act.Home) bool { return a.Backend == b.Backend && a.Version == b.Version })
}

// rebuild compiles the sentences in a task of its own, if what they are made of has changed. The old ones serve meanwhile.
func (n *Topic) rebuild(t *rt.Task) {
	g := n.wants()
	if n.compile != nil && !n.compile.Done() || n.matcher != nil && n.grammar.same(g) {
		return
	}
	done := n.compiled
	n.compile = t.Go("sentences", func(t *rt.Task) error {
		b := built{grammar: g}
		var problems []sentence.Problem
		b.matcher, problems = sentence.Compile(sentence.Grammar{Intents: g.intents, English: g.english, Homes: g.homes})
		for _, p := range problems[:min(len(problems), mostProblems)] {
			b.problems = append(b.problems, p.String())
		}
		return done.Send(t, b)
	})
}

// mostProblems bounds what is shown of the problems of sentences.
const mostProblems = 20

func (n *Topic) built(b built) {
	n.matcher, n.grammar, n.problem = b.matcher, b.grammar, b.problems
}

// compileTime is how long a request waits for the first matcher.
const compileTime = 10 * time.Second

// compileLook is how often a request that waits for sentences looks again.
const compileLook = 20 * time.Millisecond

// reads is a text that was read.
type reads struct {
	act.Reading
	remember sentence.Remembered
	model    string // that was asked
	learns   string // the version of the vocabulary for which the answer may be learnt; "": it may not
	talks    bool   // a conversation was handed the text
	err      error  // of a model that did not answer
}

// read finds out what a text means: the first tier that knows wins. Its error is that of the task.
func (n *Topic) read(t *rt.Task, j *deed, until rt.Instant) (r reads, err error) {
	for wait := t.Now().Add(compileTime); n.matcher == nil; {
		n.rebuild(t)
		_, err := n.pump(t, min(wait, until))
		if errors.Is(err, rt.ErrTimeout) {
			return reads{Reading: act.Reading{Why: "the sentences are not ready yet"}}, nil
		}
		if err != nil {
			return r, err
		}
	}
	m := n.matcher
	r.Reading, r.remember = m.Read(j.Text, n.context(j))
	// Sentences that are being compiled, of a vocabulary that has just come, may know what these do not.
	for wait := min(t.Now().Add(compileTime), until); r.Tier == act.NoTier && !n.grammar.same(n.wants()) && t.Now() < wait; {
		n.rebuild(t) // begins nothing while the task of the last one has not ended
		if _, err := n.pump(t, min(wait, t.Now().Add(compileLook))); err != nil && !errors.Is(err, rt.ErrTimeout) {
			return r, err
		}
		if n.matcher != m {
			m = n.matcher
			r.Reading, r.remember = m.Read(j.Text, n.context(j))
		}
	}
	if r.Tier != act.NoTier {
		return r, nil
	}
	// A text that refers to what was said before means something else each time.
	version := m.Version()
	if sentence.Refers(j.Text) && !n.memory.of(j.Session).At.IsZero() {
		version = ""
	}
	if list, ok := n.learnt.find(t.Wall(), j.Text, j.Area, version); ok {
		return reads{Reading: act.Reading{Tier: act.Learnt, Commands: list, Score: 1}, remember: r.remember}, nil
	}
	if n.c.Model != "" && n.c.Ask != nil {
		list, merr, err := n.choose(t, j, m, until)
		switch {
		case err != nil:
			return r, err
		case merr != nil:
			r.err, r.model = merr, n.c.Model
			r.Why += "; " + n.modelWords(merr)
		case len(list) > 0:
			return reads{Reading: act.Reading{Tier: act.ByModel, Commands: list}, remember: r.remember, model: n.c.Model, learns: version}, nil
		default:
			r.model = n.c.Model
			r.Why += "; " + n.c.Model + " found nothing that fits"
		}
	}
	if len(n.c.Talks) > 0 {
		c := act.Command{Intent: Conversation, Backend: n.c.Talks[0], Words: j.Text, Slots: []act.Slot{{Name: "text", Value: act.Value{Text: j.Text}, Words: j.Text}}}
		return reads{Reading: act.Reading{Tier: act.Handed, Commands: []act.Command{c}}, remember: r.remember, model: r.model, talks: true}, nil
	}
	if away := n.unknownHomes(); away != "" {
		r.Why = strings.TrimPrefix(r.Why+"; "+away, "; ")
	}
	return r, nil
}

// context is what a request is read in.
func (n *Topic) context(j *deed) sentence.Context {
	return sentence.Context{Area: j.Area, Before: n.memory.of(j.Session), Now: j.at}
}

// Conversation is the intent of a text that is handed to the conversation of a backend.
const Conversation = "conversation"

// unknownHomes says which backends have not told what they have; "" if all have.
func (n *Topic) unknownHomes() string {
	var names []string
	for _, name := range n.c.Homes {
		if n.homes[name] == nil {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return strings.Join(names, " and ") + " has not told yet what there is"
}

// modelWords say for people why a language model was of no use. Its address and its own words are in the events of its node.
func (n *Topic) modelWords(err error) string {
	var busy *act.BusyError
	var late *act.TimeoutError
	switch {
	case errors.As(err, &busy):
		return n.c.Model + " is busy"
	case errors.As(err, &late):
		return n.c.Model + " did not answer in time"
	case errors.Is(err, errImpossible):
		return n.c.Model + " answered something that cannot be done"
	}
	return n.c.Model + " could not be asked"
}

// errImpossible is an answer of a language model that names what does not exist, or what may not be done.
var errImpossible = errors.New("cannot be done")

// choose asks the language model. Whatever it answers is checked against what the sentences can do. modelErr says why it is of no use.
func (n *Topic) choose(t *rt.Task, j *deed, m *sentence.Matcher, until rt.Instant) (list []act.Command, modelErr, err error) {
	choices := m.Choices()
	reply := rt.NewMailbox[chosen]("reply", 1)
	q := ModelAsk{Question: n.c.Question(choices, j.Text, n.c.Sampling.Onward(j.Thread(), event.ReadStep(j.at))), Until: until, Reply: reply}
	if !n.c.Ask.TrySend(t, q) {
		return nil, &act.BusyError{What: "language_model." + n.c.Model, RetryAfter: time.Second}, nil
	}
	a, err := awaited(t, n, reply, until.Add(time.Second))
	switch {
	case errors.Is(err, rt.ErrTimeout):
		reply.Close(t)
		return nil, &act.TimeoutError{What: "language_model." + n.c.Model, Limit: n.c.Timeout}, nil
	case err != nil:
		return nil, nil, err
	case a.err != nil:
		return nil, a.err, nil
	}
	list, rejected := choices.Commands(a.text)
	if rejected != nil {
		n.c.Ask.TrySend(t, ModelAsk{Rejected: true})
		t.Trace("answer rejected")
		return nil, fmt.Errorf("%s answered something that %w: %w", n.c.Model, errImpossible, rejected), nil
	}
	return list, nil, nil
}
