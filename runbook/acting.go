package runbook

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"orac/runbook/language"
	"orac/runbook/pattern"
)

// Acting is how a text becomes a deed: what texts are about, what they may mean, and who carries it out.
type Acting struct {
	Topics         []Topic
	Intents        []Intent
	Vocabularies   []Words
	Backends       []Backend
	LanguageModels []LanguageModel
	CoreServers    []CoreServer
}

var acting = []*language.BlockType{topicBlock, intentBlock, vocabularyBlock, backendBlock, languageModelBlock, coreServerBlock}

// Topic is what a command is about: its name is that of the models' topic.
type Topic struct {
	Address       Address
	Name          string
	WakeWords     []string      `hcl:"wake_words"` // that are stripped; nil: those that heartbeats name
	Core          Address       `hcl:"core"`       // ""; that of the server
	Backends      []Address     `hcl:"backends"`
	Intents       []Address     `hcl:"intents"`
	English       *bool         `hcl:"english"` // nil: see SpeaksEnglish
	LanguageModel Address       `hcl:"language_model"`
	Enabled       bool          `hcl:"enabled"`
	Expires       time.Duration `hcl:"expires"`
	Learn         time.Duration `hcl:"learn"` // 0: nothing is learnt
	Timeout       time.Duration `hcl:"timeout"`
	Queue         int           `hcl:"queue"`
}

// Acts tells whether the texts of the topic are acted on by this appliance.
func (t Topic) Acts() bool {
	return len(t.Backends) > 0 || len(t.Intents) > 0 || t.LanguageModel != "" || t.SpeaksEnglish()
}

// SpeaksEnglish tells whether the topic understands the sentences that ORAC brings.
func (t Topic) SpeaksEnglish() bool {
	if t.English != nil {
		return *t.English
	}
	return len(t.Backends) > 0
}

// Intent is something that people want in their own words, and the call that carries it out.
type Intent struct {
	Address   Address
	Name      string
	Sentences []string           `hcl:"sentences"`
	Slots     map[string]Address `hcl:"slots"`
	Backend   Address            `hcl:"backend"`
	Enabled   bool               `hcl:"enabled"`
	Reply     string             `hcl:"reply"`
	Call      Call               `hcl:"call"`
}

// Call is what a backend is asked. {slot} in a text stands for what was said.
type Call struct {
	Service   string         `hcl:"service"`
	Data      map[string]any `hcl:"data"` // as encoding/json decodes it
	Payload   string         `hcl:"payload"`
	Arguments []string       `hcl:"arguments"`

	ProofTopic string `hcl:"proof_topic"` // "": nothing proves it
	Proof      string `hcl:"proof"`       // "": anything does
}

// Words is what a slot may hold: words, or a range of numbers.
type Words struct {
	Address Address
	Name    string
	Words   map[string][]string `hcl:"words"` // how people say each
	Range   Range               `hcl:"range"`
}

// Range are the numbers that a slot may hold; none if To is not above From.
type Range struct {
	From float64 `hcl:"from"`
	To   float64 `hcl:"to"`
	Unit string  `hcl:"unit"`
}

// On tells whether there is a range.
func (r Range) On() bool { return r.To > r.From }

var topicBlock = &language.BlockType{
	Type: "topic", Named: true, Label: language.Match(`^[A-Za-z0-9_]{1,100}$`), LabelExpect: "1 to 100 letters, digits and _",
	Doc:  "What happens to the commands of one topic. With backends, intents, english or a language_model this appliance acts on them; otherwise they go to a Core. A topic needs no block: models and the machines that send utterances name it.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Topics }),
	Example: `topic "kitchen" {
  wake_words = ["hey jarvis"]
}`,
	Attributes: []language.Attribute{
		{Name: "wake_words", Kind: language.Strings, Gives: language.Tunes, OnChange: language.InPlace, Example: `["hey jarvis", "computer"]`,
			Doc: "The wake words that are removed from the beginning of a text. Without it, those that heartbeats name for the topic. `[]` removes none."},
		{Name: "core", Kind: language.Ref, Gives: language.Tunes, OnChange: language.InPlace, Refs: []string{"core"}, Example: "core.house",
			Doc: "Where the texts of this topic go, instead of to the server's core. Not for a topic that acts here."},
		{Name: "backends", Kind: language.Refs, Gives: language.Tunes, OnChange: language.InPlace, Refs: []string{"backend"}, Example: "[backend.home]",
			Doc: "Who carries commands out. The entities, areas and floors of these backends are what the shipped sentences can name."},
		{Name: "intents", Kind: language.Refs, Gives: language.Tunes, OnChange: language.InPlace, Refs: []string{"intent"}, Example: "[intent.coffee]",
			Doc: "What may be said beside the shipped sentences. Each is carried out by its own backend."},
		{Name: "english", Kind: language.Bool, Gives: language.Tunes, OnChange: language.InPlace, DefaultDoc: "true with backends", Example: "true",
			Doc: "Whether the topic understands the English sentences that ORAC brings: lights, switches, covers, climate, fans, media players, scenes, locks, vacuums, timers, time and date, and questions about them. Timers, time and date need no backend."},
		{Name: "language_model", Kind: language.Ref, Gives: language.Tunes, OnChange: language.InPlace, Refs: []string{"language_model"}, Example: "language_model.qwen",
			Doc: "What is asked when no sentence fits. It chooses among what the sentences can do, and may do nothing else."},
		{Name: "enabled", Kind: language.Bool, Gives: language.Tunes, OnChange: language.InPlace, Default: "true",
			Doc: "Whether the topic acts. When false, its commands are refused, and told so."},
		{Name: "expires", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "30s", Min: "1s", Max: "1h",
			Doc: "How old a command may be. An older one is not carried out: a light that goes on minutes later surprises people. It counts from the last word, if that is known."},
		{Name: "learn", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "30d", Min: "0s", Max: "365d",
			Doc: "How long an answer of the language model that proved right is used again without asking it. `0s` learns nothing. It counts no more as soon as the backends have other entities or names."},
		{Name: "timeout", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "30s", Min: "1s", Max: "5m",
			Doc: "How long a command may take from its turn in the queue to its proof. What is not proven by then is told as not proven."},
		{Name: "queue", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "16", Min: "1", Max: "256", Unit: "commands",
			Doc: "How many commands may wait. Further ones are refused at once with 503 and Retry-After. A peer that has more places than others gives up its last."},
	},
	Rules: append(onlyActing("enabled", "expires", "learn", "timeout", "queue"), language.Rule{
		Uses: []string{"core", "backends", "intents", "english", "language_model"},
		Doc:  "a topic either acts here or goes to a core",
		Hint: "Leave core out, or leave backends, intents, english and language_model out.",
		Holds: func(g language.Given) bool {
			return !g.Written("core") || !g.Flag("english") && !g.Written("backends") && !g.Written("intents") && !g.Written("language_model")
		},
	}),
}

// onlyActing allows attributes only for a topic that acts here.
func onlyActing(names ...string) (rules []language.Rule) {
	for _, name := range names {
		rules = append(rules, language.Rule{
			Uses: []string{name, "backends", "intents", "english", "language_model"},
			Doc:  name + " is only for a topic that acts here",
			Hint: "Give the topic backends, intents, english = true or a language_model, or leave " + name + " out.",
			Holds: func(g language.Given) bool {
				return !g.Written(name) || g.Flag("english") || g.Written("language_model") || len(g.Texts("backends"))+len(g.Texts("intents")) > 0
			},
		})
	}
	return rules
}

// slotPattern is the name of a slot.
var slotPattern = language.Match(`^[a-z][a-z0-9_]{0,30}$`)

const slotExpect = "a lower-case letter, then at most 30 lower-case letters, digits or _"

var intentBlock = &language.BlockType{
	Type: "intent", Named: true,
	Doc:  "Something that people want, how they say it, and the call that does it. Sentences are templates: `(a|b)` is one of several, `[a]` may be left out, `{slot}` is a word of a vocabulary.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Intents }),
	Example: `intent "coffee" {
  sentences = ["(make|brew) [me] [a] {drink} [please]"]
  slots     = { drink = vocabulary.drinks }
  backend   = backend.home
  call {
    service = "script.make_coffee"
    data    = { drink = "{drink}" }
  }
}`,
	Attributes: []language.Attribute{
		{Name: "sentences", Kind: language.Strings, Gives: language.Tunes, OnChange: language.InPlace, Required: true, NonEmpty: true, Example: `["(make|brew) [me] [a] {drink} [please]"]`,
			Doc: "How people say it. `orac validate` tells two intents that the same words fit, sentences that are never reached, and those that would explode."},
		{Name: "slots", Kind: language.RefMap, Gives: language.Tunes, OnChange: language.InPlace, Refs: []string{"vocabulary"}, Example: "{ drink = vocabulary.drinks }",
			Pattern: slotPattern, Expect: slotExpect,
			Doc: "What each `{slot}` may hold. Without an entry, a slot is one that ORAC brings: `{name}`, `{light}`, `{area}`, `{duration}` and others."},
		{Name: "backend", Kind: language.Ref, Gives: language.Tunes, OnChange: language.InPlace, Required: true, Refs: []string{"backend"}, Example: "backend.kitchen",
			Doc: "Who carries it out."},
		{Name: "enabled", Kind: language.Bool, Gives: language.Tunes, OnChange: language.InPlace, Default: "true",
			Doc: "Whether the intent is understood."},
		{Name: "reply", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"Your {drink} is on its way."`,
			Pattern: oneLine, Expect: oneLineExpect,
			Doc: "What people are told once it is proven to be done. `{slot}` stands for what was said."},
	},
	Nested: []*language.BlockType{callBlock},
}

var callBlock = &language.BlockType{
	Type: "call", Single: true,
	Doc: "What the backend is asked. `{slot}` stands for what was said: a text that is nothing but `{slot}` becomes the number or text itself, anything else becomes text. What was said is a value, never syntax. `{targets}` are the entities that were named.",
	Example: `call {
  service = "script.make_coffee"
  data    = { drink = "{drink}" }
}`,
	Rules: []language.Rule{{
		Uses: []string{"proof", "proof_topic"}, Doc: "proof needs proof_topic", Hint: "Add proof_topic, the topic where the device tells its state.",
		Holds: func(g language.Given) bool { return !g.Written("proof") || g.Written("proof_topic") },
	}},
	Attributes: []language.Attribute{
		{Name: "service", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"script.turn_on"`,
			Pattern: language.Match(`^[A-Za-z0-9_./{}?=&+,:@$-]{1,300}$`), Expect: "1 to 300 letters, digits and _ . / - { } ? = & + , : @ $",
			Doc: "For protocol home_assistant the service, like `script.turn_on`; for mqtt the topic; for webhook what is added to url, which may be empty. For exec and conversation it is only a name."},
		{Name: "data", Kind: language.Values, Gives: language.Tunes, OnChange: language.InPlace, Example: `{ drink = "{drink}", cups = 2 }`,
			Doc: "For home_assistant the data of the service; for mqtt and webhook the JSON to send, unless payload is given."},
		{Name: "payload", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"{drink}"`,
			Pattern: language.Match(`^[^\x00]{0,1000}$`), Expect: "at most 1000 characters",
			Doc: "For mqtt and webhook: what to send instead of data."},
		{Name: "arguments", Kind: language.Strings, Gives: language.Runs, OnChange: language.InPlace, Example: `["--drink", "{drink}"]`,
			Doc: "For exec: what follows the command. Each is one argument; no shell reads it."},
		{Name: "proof_topic", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"kitchen/coffee/state"`,
			Pattern: language.Match(`^[^#+\x00-\x1f]{1,300}$`), Expect: "1 to 300 characters without # and +",
			Doc: "For mqtt: the topic where the device tells its state. A message there, within the backend's timeout, proves that it was done. Without it, nothing does."},
		{Name: "proof", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"brewing"`,
			Pattern: language.Match(`^[^\x00]{1,300}$`), Expect: "1 to 300 characters",
			Doc: "For mqtt: what the message on proof_topic says. Without it, any message is a proof."},
	},
}

var vocabularyBlock = &language.BlockType{
	Type: "vocabulary", Named: true,
	Doc:  "What a slot of an intent may hold: words with other ways to say them, or a range of numbers.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Vocabularies }),
	Example: `vocabulary "cups" {
  range {
    from = 1
    to   = 4
  }
}

vocabulary "drinks" {
  words = { coffee = ["a cup of coffee", "cappuccino"], espresso = [] }
}`,
	Attributes: []language.Attribute{
		{Name: "words", Kind: language.TextLists, Gives: language.Tunes, OnChange: language.InPlace, Example: `{ coffee = ["a cup of coffee"], espresso = [] }`,
			Doc: "Each value, and how else people say it. The name itself, with spaces for _, is always one way."},
	},
	Nested: []*language.BlockType{rangeBlock},
}

var rangeBlock = &language.BlockType{
	Type: "range", Single: true, Optional: true,
	Doc: "The numbers that a slot may hold, instead of words. They are understood as digits and as words.",
	Example: `range {
  from = 0
  to   = 100
  unit = "%"
}`,
	Attributes: []language.Attribute{
		{Name: "from", Kind: language.Float, Gives: language.Tunes, OnChange: language.InPlace, Default: "0", Min: "-1000000", Max: "1000000",
			Doc: "The smallest."},
		{Name: "to", Kind: language.Float, Gives: language.Tunes, OnChange: language.InPlace, Default: "0", Min: "-1000000", Max: "1000000", Example: "100",
			Doc: "The largest."},
		{Name: "unit", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"%"`,
			Pattern: language.Match(`^[\pL\pN%°/ ]{1,20}$`), Expect: "1 to 20 letters, digits, % or °",
			Doc: "What the number counts: `%`, `°C`, `minutes`. People may say it or leave it out."},
	},
}

var actingRules = []language.Between{
	{Doc: "A vocabulary has words or a range, not both. Each word and each way to say it has 1 to 100 characters, and there are at most 1000.", Check: vocabulariesHaveWords},
	{Doc: "Every {slot} of a call is a slot of the sentences of its intent.", Check: callsNameTheirSlots},
	{Doc: "The call of an intent says what the protocol of its backend needs, and nothing that it does not take.", Check: callsFitTheirBackends},
	{Doc: "A listener that acts names a topic that acts here, and a service to deliver to.", Check: listenersActSomewhere},
	{Doc: "If other machines can reach a core_server, it needs tls, or plain_http_on_the_network = true. No two servers listen at the same address.", Check: coreServersAreSafe},
}

const mostWords = 1000

func vocabulariesHaveWords(value any, d *language.Document) (found language.Diagnostics) {
	for _, v := range value.(*Runbook).Vocabularies {
		problem := func(summary, hint string) {
			found = append(found, d.Problem(v.Address, "words", language.Error, summary, hint))
		}
		ways, odd := 0, ""
		for _, word := range slices.Sorted(maps.Keys(v.Words)) {
			list := v.Words[word]
			ways += 1 + len(list)
			for _, way := range append(slices.Clone(list), word) {
				if strings.TrimSpace(way) == "" || len(way) > 100 || !oneLine.MatchString(way) {
					odd = word
				}
			}
		}
		switch {
		case len(v.Words) > 0 && v.Range.On():
			problem("has both words and a range", "Keep one of them, or make two vocabularies.")
		case len(v.Words) == 0 && !v.Range.On():
			problem("has no words, and no range of numbers", `Add words = { coffee = [] }, or range { from = 0  to = 100 }: to must be more than from.`)
		case ways > mostWords:
			problem(fmt.Sprintf("has %d words and ways to say them", ways), fmt.Sprintf("At most %d are accepted.", mostWords))
		case odd != "":
			problem(fmt.Sprintf("%q is said in a way that nobody can say", language.Clip(odd)), "Each word, and each way to say it, is 1 to 100 characters on one line.")
		}
	}
	return found
}

// slotIn finds the slots in a template.
var slotIn = pattern.Lazy(`\{([^{}]*)\}`)

func callsNameTheirSlots(value any, d *language.Document) (found language.Diagnostics) {
	for _, in := range value.(*Runbook).Intents {
		said := map[string]bool{}
		for _, s := range in.Sentences {
			for _, m := range slotIn().FindAllStringSubmatch(s, -1) {
				name, _, _ := strings.Cut(m[1], ":")
				said[name] = true
			}
		}
		look := func(block Address, attribute, text string) {
			for _, m := range slotIn().FindAllStringSubmatch(text, -1) {
				if !said[m[1]] && m[1] != "targets" {
					found = append(found, d.Problem(block, attribute, language.Error, fmt.Sprintf("no sentence has {%s}", language.Clip(m[1])), "Write a {slot} that a sentence of this intent has."))
				}
			}
		}
		call := in.Address + ".call"
		look(in.Address, "reply", in.Reply)
		look(call, "service", in.Call.Service)
		look(call, "payload", in.Call.Payload)
		look(call, "proof_topic", in.Call.ProofTopic)
		look(call, "proof", in.Call.Proof)
		for _, a := range in.Call.Arguments {
			look(call, "arguments", a)
		}
		eachText(in.Call.Data, func(text string) { look(call, "data", text) })
	}
	return found
}

// eachText visits the texts in a value as encoding/json decodes it, but not the names in its maps.
func eachText(value any, visit func(string)) {
	switch v := value.(type) {
	case string:
		visit(v)
	case []any:
		for _, el := range v {
			eachText(el, visit)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			eachText(v[name], visit)
		}
	}
}

func callsFitTheirBackends(value any, d *language.Document) (found language.Diagnostics) {
	rb := value.(*Runbook)
	for _, in := range rb.Intents {
		b, ok := rb.Backend(in.Backend)
		if !ok {
			continue
		}
		p := backendProtocols.of(b.Protocol)
		call := in.Address + ".call"
		for _, x := range []struct {
			name    string
			written bool
			needed  bool
		}{
			{"service", in.Call.Service != "", slices.Contains(p.callNeeds, "service")},
			{"data", len(in.Call.Data) > 0, false},
			{"payload", in.Call.Payload != "", false},
			{"arguments", len(in.Call.Arguments) > 0, false},
			{"proof_topic", in.Call.ProofTopic != "", false},
		} {
			switch {
			case x.needed && !x.written:
				found = append(found, d.Problem(in.Address, "", language.Error, fmt.Sprintf("%s needs %s in call: it is %s", in.Backend, x.name, p.noun), callBlock.Attribute(x.name).Doc))
			case x.written && !slices.Contains(p.callTakes, x.name) && x.name != "service":
				found = append(found, d.Problem(call, x.name, language.Error, fmt.Sprintf("%s is %s, which takes no %s", in.Backend, p.noun, x.name), "Leave it out. "+callBlock.Attribute(x.name).Doc))
			}
		}
	}
	return found
}

func listenersActSomewhere(value any, d *language.Document) (found language.Diagnostics) {
	rb := value.(*Runbook)
	for _, l := range rb.Listeners {
		t, ok := rb.Topic(l.Act)
		switch {
		case !ok:
		case !t.Acts():
			found = append(found, d.Problem(l.Address, "act", language.Error, fmt.Sprintf("%s does not act here", t.Address), "Give the topic backends, intents, english = true or a language_model."))
		case len(l.Deliver) == 0:
			found = append(found, d.Problem(l.Address, "act", language.Error, "nothing understands what was said", "Add deliver = [stt.NAME]: the text that it understands is acted on."))
		}
	}
	return found
}
