package scenario

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"orac/runbook/language"
)

// Kind is the name of a kind of fault. Info returns its row of the table.
type Kind string

// Info is a kind of fault: a row of the table.
type Info struct {
	Kind     Kind
	Doc      string
	Family   *Family // what it endangers, and so how it is judged
	Target   Target  // what it breaks; "" if it breaks the whole appliance or all devices
	Lasts    bool    // it takes time: Fault.For
	Harmless bool    // it only looks like a fault: nothing may react to it
	// What its target, a server, does; both runners can make that without knowing the kind. All are zero if it does something else.
	Status  int  // it answers every request with this HTTP status
	Refuses bool // it refuses connections
	Late    bool // it answers later, by Fault.Delay
	// Sound is what its target, a device, makes of its sound; both runners can make that, too. It changes samples at 16 kHz, of which
	// from is the number of the first since the device was opened or the fault began. nil if it does something else.
	Sound func(pcm []int16, from int)
	How   string // what Sound does, in a few words
	// Blow is what befalls the process of its target on a live appliance: that which captures a device or plays at a speaker, or an engine. The live runner can
	// make that; the simulator models what comes of it. "" if it does something else.
	Blow Blow
	// Apart, Unmodelled and Unreal say why a swarm never draws it, why the simulator has no model of it, and why it cannot be made
	// on a live appliance. "" means that it does, has, or can.
	Apart, Unmodelled, Unreal string

	duration string // default of For
	more     []language.Attribute
	drawn    func(*rand.Rand, *Fault) // sets the attributes in more for a swarm, except way: any of its values
	rules    []language.Rule
	example  string // attributes of its example, except at
}

// Blow is what befalls a process of the appliance.
type Blow string

// The blows, in words for people.
const (
	Killed  Blow = "SIGKILL"
	Frozen  Blow = "SIGSTOP"
	Garbled Blow = "malformed frames in its pipe"
)

// Kinds lists all kinds of faults, in the order of the documentation.
func Kinds() []Info { return slices.Clone(kinds) }

// Info returns the row of the kind. A kind that is not in the table has none: its Family is that of the unknown.
func (k Kind) Info() Info {
	i, ok := places[k]
	if !ok {
		return Info{Kind: k, Family: unknown}
	}
	return kinds[i]
}

// places are the places of kinds in the table.
var places = func() map[Kind]int {
	m := map[Kind]int{}
	for i, k := range kinds {
		m[k.Kind] = i
	}
	return m
}()

// Compare orders kinds as the table does.
func Compare(a, b Kind) int { return cmp.Compare(places[a], places[b]) }

// Draw returns a fault of the kind for a swarm, with everything that is drawn except its target and its times.
func (k Kind) Draw(r *rand.Rand, target string) Fault {
	f, i := Fault{Kind: k, Target: target}, k.Info()
	if i.drawn != nil {
		i.drawn(r, &f)
	}
	for _, a := range i.more {
		if a.Name == "way" {
			f.Way = a.Values[r.IntN(len(a.Values))]
		}
	}
	return f
}

// kindNames returns the names of the kinds that fit.
func kindNames(fits func(Info) bool) []string {
	var out []string
	for _, k := range kinds {
		if fits(k) {
			out = append(out, string(k.Kind))
		}
	}
	return out
}

// drawn tells whether a swarm may draw a kind.
func drawn(i Info) bool { return i.Apart == "" }

// LosesKeys is the way of IssuerKeysRotated in which what was signed before is void.
const LosesKeys = "loses"

// The ways of Push besides "well": this appliance is the first that is changed, and the first one falls ill by it.
const (
	FirstOfAll    = "first"
	FirstFallsIll = "ill"
)

// The phases of a run of Home Assistant, as the ways of HomeGone and HomeHangs name them.
const (
	Asked     = "asked"
	Listening = "listening"
	Thinking  = "thinking"
	Answering = "answering"
)

// Target is what a fault can be aimed at.
type Target string

// The targets.
const (
	Device          Target = "device"
	STTTarget       Target = "stt"
	EngineTarget    Target = "engine"
	HeartbeatTarget Target = "heartbeat"
	WebhookTarget   Target = "webhook"
	CoreTarget      Target = "core"
	BackendTarget   Target = "backend"
	ModelTarget     Target = "language_model"
	LoginTarget     Target = "login"
	TracesTarget    Target = "traces"
	BrokerTarget    Target = "mqtt"
	WyomingTarget   Target = "wyoming"
	SpeakerTarget   Target = "speaker"
	TTSTarget       Target = "tts"
	ESPHomeTarget   Target = "esphome"
	NodeTarget      Target = "node"
)

// targets are the attributes that name a target.
var targets = map[Target]language.Attribute{
	Device:          {DefaultDoc: "the runbook's first", Example: `"mic"`, Doc: "The name of the device."},
	STTTarget:       {DefaultDoc: "the runbook's first", Example: `"whisper"`, Doc: "The name of the speech-to-text service."},
	EngineTarget:    {DefaultDoc: "the runbook's first", Example: `"local"`, Doc: "The name of the stt block whose engine runs in the appliance."},
	HeartbeatTarget: {DefaultDoc: "the runbook's first", Example: `"whisper"`, Doc: "The name of the heartbeat."},
	WebhookTarget:   {DefaultDoc: "the runbook's first", Example: `"light"`, Doc: "The name of the webhook."},
	CoreTarget:      {DefaultDoc: "the runbook's first", Example: `"house"`, Doc: "The name of the Core."},
	BackendTarget:   {DefaultDoc: "the runbook's first", Example: `"home"`, Doc: "The name of the backend."},
	ModelTarget:     {DefaultDoc: "the runbook's first", Example: `"qwen"`, Doc: "The name of the language model."},
	LoginTarget:     {DefaultDoc: "the runbook's first", Example: `"house"`, Doc: "The name of the login whose issuer breaks."},
	TracesTarget:    {DefaultDoc: "the runbook's only one", Example: `"traces"`, Doc: "The block of the collector: traces."},
	BrokerTarget:    {DefaultDoc: "the runbook's first", Example: `"home"`, Doc: "The name of the mqtt block whose broker breaks."},
	WyomingTarget:   {DefaultDoc: "the runbook's first", Example: `"house"`, Doc: "The name of a Wyoming service that serves speech to text."},
	SpeakerTarget:   {DefaultDoc: "the runbook's first", Example: `"kitchen"`, Doc: "The name of the speaker."},
	TTSTarget:       {DefaultDoc: "the runbook's first", Example: `"local"`, Doc: "The name of the tts block."},
	ESPHomeTarget:   {DefaultDoc: "the runbook's first", Example: `"home"`, Doc: "The name of the esphome or wyoming_satellite block."},
	NodeTarget:      {Required: true, Example: `"features.mic"`, Doc: "The address of the node, as `orac graph` shows it."},
}

// alone is why the Core of a live appliance cannot break.
const alone = "only a simulation has other appliances whose commands go on to a Core"

// changing and changes are what a kind says that changes the runbook.
const changing = "  block = \"model.hey_jarvis\"\n  set   = { threshold = 0.6 }\n"

var changes = []language.Attribute{
	{Name: "block", Kind: language.String, Required: true, Pattern: changeable, Expect: changeableExpect, Example: `"model.hey_jarvis"`, Doc: "The block that is changed."},
	{Name: "set", Kind: language.CodeMap, Required: true, NonEmpty: true, Example: `{ threshold = 0.6 }`, Doc: "The new values of its attributes, written as in the runbook."},
}

func extra(name string, kind language.Kind, standard, least, most, doc string) language.Attribute {
	return language.Attribute{Name: name, Kind: kind, Default: standard, Min: least, Max: most, Doc: doc}
}

func delay(standard, doc string) []language.Attribute {
	return []language.Attribute{extra("delay", language.Duration, standard, "1ms", "1h", doc)}
}

// faultBlocks makes a block type for every kind: all share one struct.
func faultBlocks() []*language.BlockType {
	var out []*language.BlockType
	for _, k := range kinds {
		if k.Unreal != "" {
			k.Doc += " Only `orac sim` makes it."
		}
		t := &language.BlockType{
			Type: "fault", Variant: string(k.Kind), Named: true, Doc: k.Doc,
			Slot:    language.Into(func(s *Scenario) any { return &s.Faults }),
			Example: fmt.Sprintf("fault %q \"first\" {\n  at    = \"5m\"\n%s}", k.Kind, k.example),
			Rules:   append(slices.Clone(k.rules), repeats...),
		}
		if a, ok := targets[k.Target]; ok {
			a.Name, a.Kind = "target", language.String
			if k.Target == NodeTarget {
				t.Example = fmt.Sprintf("fault %q \"first\" {\n  at     = \"5m\"\n  target = %s\n}", k.Kind, a.Example)
			}
			t.Attributes = append(t.Attributes, a)
		}
		t.Attributes = append(t.Attributes, at("When it begins for the first time, counted from the start.", language.Attribute{Required: k.Kind != PowerLoss}))
		if k.Lasts {
			t.Attributes = append(t.Attributes, extra("for", language.Duration, cmp.Or(k.duration, "10s"), "1ms", "400d", "How long it lasts."))
			t.Rules = append(t.Rules, language.Rule{Uses: []string{"for", "every"}, Doc: "for must be less than every", Hint: "It must be over before it begins again.",
				Holds: func(g language.Given) bool { return !g.Written("every") || g.Amount("for") < g.Amount("every") }})
		}
		t.Attributes = append(t.Attributes, every, jitter, times)
		t.Attributes = append(t.Attributes, k.more...)
		if k.example == "" && k.Target != NodeTarget {
			t.Example = fmt.Sprintf("fault %q \"first\" {\n  at = \"5m\"\n}", k.Kind)
		}
		out = append(out, t)
	}
	return out
}
