package graph

import (
	"maps"
	"slices"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/llm"
	"orac/appliance/act/sentence"
	"orac/appliance/amount"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/runbook"
)

// Topic is the name of the kind.
const Topic Name = "topic"

type topicIdentity struct {
	Topic struct{ Address runbook.Address } `of:"topic"`
}

// topicActs is what a topic that acts here goes by.
type topicActs struct {
	Topic struct {
		Address       runbook.Address
		Name          string
		Backends      []runbook.Address `hcl:"backends"`
		Intents       []runbook.Address `hcl:"intents"`
		English       *bool             `hcl:"english"`
		LanguageModel runbook.Address   `hcl:"language_model"`
		Enabled       bool              `hcl:"enabled"`
		Expires       time.Duration     `hcl:"expires"`
		Learn         time.Duration     `hcl:"learn"`
		Timeout       time.Duration     `hcl:"timeout"`
		Queue         int               `hcl:"queue"`
	} `of:"topic"`
	Intents  []runbook.Intent `of:"intent"`
	Words    []runbook.Words  `of:"vocabulary"`
	Backends []backendOfTopic `of:"backend"`
	Traced
}

// backendOfTopic is what a topic must know of a backend.
type backendOfTopic struct {
	Address  runbook.Address
	Name     string
	Protocol string `hcl:"protocol"`
}

func topicsThatAct() *Kind {
	return built(Kind{
		Name: Topic, Role: Serves, Words: "acts on texts: reads each, has backends carry out what was meant, and says what truly came of it",
		Health: distant, Reads: []string{deeds.Name, homes.Name}, Writes: []string{calls.Name, questions.Name},
		add: addTopics,
	}, buildTopic)
}

// Acting are the topics whose texts are acted on here.
func Acting(rb *runbook.Runbook) (list []runbook.Topic) {
	for _, t := range rb.Topics {
		if t.Acts() {
			list = append(list, t)
		}
	}
	return list
}

// BackendsOf are the backends that a topic may call: its own, and those of its intents. Each is named once.
func BackendsOf(rb *runbook.Runbook, t runbook.Topic) (list []runbook.Backend) {
	add := func(a runbook.Address) {
		if b, ok := rb.Backend(a); ok && !slices.ContainsFunc(list, func(o runbook.Backend) bool { return o.Address == a }) {
			list = append(list, b)
		}
	}
	for _, a := range t.Backends {
		add(a)
	}
	for _, a := range t.Intents {
		in, _ := rb.Intent(a)
		add(in.Backend)
	}
	return list
}

func addTopics(c *compiler, k *Kind) {
	for _, topic := range Acting(c.Runbook) {
		var id topicIdentity
		id.Topic.Address = topic.Address
		s := topicActs{Traced: c.traced()}
		fill(&s.Topic, topic)
		for _, a := range topic.Intents {
			in, _ := c.Runbook.Intent(a)
			s.Intents = append(s.Intents, in)
			for _, slot := range sortedSlots(in) {
				w, _ := c.Runbook.Words(in.Slots[slot])
				if !slices.ContainsFunc(s.Words, func(o runbook.Words) bool { return o.Address == w.Address }) {
					s.Words = append(s.Words, w)
				}
			}
		}
		address := At(Topic, topic.Name)
		var reach []string
		for _, b := range BackendsOf(c.Runbook, topic) {
			s.Backends = append(s.Backends, see[backendOfTopic](b))
			calls.connect(c, address, At(Backend, b.Name))
			homes.connect(c, At(Backend, b.Name), address)
			reach = append(reach, b.Name)
		}
		detail := topicKnows(topic)
		if len(reach) > 0 {
			detail += " at " + strings.Join(reach, ", ")
		}
		if topic.LanguageModel != "" {
			questions.connect(c, address, At(LanguageModel, topic.LanguageModel.Name()))
			detail += ", then " + topic.LanguageModel.Name()
		}
		if !topic.Enabled {
			detail += ", switched off"
		}
		c.add(Node{Address: address, Kind: k, Block: topic.Address, Detail: strings.TrimPrefix(detail, ", "), Identity: id, Settings: s})
	}
}

// topicKnows says which sentences a topic understands.
func topicKnows(t runbook.Topic) string {
	var knows []string
	if t.SpeaksEnglish() {
		knows = append(knows, "English")
	}
	if n := len(t.Intents); n > 0 {
		knows = append(knows, amount.Count(n, "intent"))
	}
	if len(knows) == 0 {
		return "what is said"
	}
	return strings.Join(knows, ", ")
}

func sortedSlots(in runbook.Intent) []string {
	return slices.Sorted(maps.Keys(in.Slots))
}

// Sentences are intents of a runbook as the reader of sentences knows them.
func Sentences(intents []runbook.Intent, words []runbook.Words) (list []sentence.Intent) {
	for _, in := range intents {
		if !in.Enabled {
			continue
		}
		x := sentence.Intent{Name: in.Name, Sentences: in.Sentences, Backend: in.Backend.Name(), Slots: map[string]sentence.Slot{}}
		for _, name := range sortedSlots(in) {
			a := in.Slots[name]
			i := slices.IndexFunc(words, func(w runbook.Words) bool { return w.Address == a })
			if i < 0 {
				continue
			}
			x.Slots[name] = slotOf(words[i])
		}
		list = append(list, x)
	}
	return list
}

// slotOf is what a vocabulary lets people say.
func slotOf(w runbook.Words) sentence.Slot {
	if r := w.Range; r.On() {
		return sentence.Slot{Range: &sentence.Range{From: r.From, To: r.To, Unit: r.Unit}}
	}
	s := sentence.Slot{Words: map[string][]string{}}
	for _, value := range slices.Sorted(maps.Keys(w.Words)) {
		ways := w.Words[value]
		said := strings.ReplaceAll(value, "_", " ")
		s.Words[value] = append([]string{said}, slices.DeleteFunc(slices.Clone(ways), func(way string) bool { return way == said })...)
	}
	return s
}

// TemplateOf is the call of an intent.
func TemplateOf(in runbook.Intent) act.Template {
	return act.Template{
		Service: in.Call.Service, Data: in.Call.Data, Payload: in.Call.Payload, Arguments: in.Call.Arguments, ProofTopic: in.Call.ProofTopic, Proof: in.Call.Proof,
	}
}

func buildTopic(a *Assembly, n *Node, _ topicIdentity, s topicActs) (node.Node, error) {
	topic := runbook.Topic{Backends: s.Topic.Backends, English: s.Topic.English}
	c := node.TopicActs{
		Sampling: s.Traced.sampling(), Enabled: s.Topic.Enabled, Expires: s.Topic.Expires, Learn: s.Topic.Learn, Timeout: s.Topic.Timeout, Queue: s.Topic.Queue,
		English: topic.SpeaksEnglish(), Intents: Sentences(s.Intents, s.Words), Calls: map[string]node.IntentCall{}, Reach: map[string]*rt.Mailbox[node.BackendAsk]{},
	}
	for _, in := range s.Intents {
		c.Calls[in.Name] = node.IntentCall{Backend: in.Backend.Name(), Reply: in.Reply, Template: TemplateOf(in)}
	}
	for _, b := range s.Backends {
		c.Reach[b.Name] = calls.inbox(a, At(Backend, b.Name))
		own := slices.Contains(s.Topic.Backends, b.Address)
		kind := runbook.Backend{Protocol: b.Protocol}
		switch {
		case kind.HasHome():
			c.Homes = append(c.Homes, b.Name) // intents may name its entities
		case own && b.Protocol == "conversation":
			c.Talks = append(c.Talks, b.Name)
		}
	}
	if m := s.Topic.LanguageModel; m != "" {
		c.Question = llm.Question
		c.Model, c.Ask = m.Name(), questions.inbox(a, At(LanguageModel, m.Name()))
	}
	return &node.Topic{
		Name: n.Address, Topic: s.Topic.Name, FS: a.FS, Age: a.Age, Config: rt.NewCell(c),
		Asks: deeds.inbox(a, n.Address), Homes: homes.inbox(a, n.Address), Events: a.Events(n.Address),
	}, nil
}
