package scenario

import (
	"orac/runbook"
	"orac/runbook/language"
)

// Vocabulary is the language of scenarios: every block type that one may contain. It never changes.
var Vocabulary = &language.Vocabulary{
	Noun:   "scenario",
	Title:  "The scenario, block by block",
	Schema: "orac schema --scenario",
	Intro: "This page is generated from the registry (`orac schema --scenario --markdown`, `make docs`). README.md explains the language\n" +
		"and how to write one.",
	Missing: "Check its name. There are examples in examples/scenarios.",
	Empty:   "The smallest one:\n\n" + smallest,

	Blocks:   blocks(),
	Complete: complete,
	Rules:    rules,
	Holds:    runbook.Vocabulary,
}

const smallest = `scenario "quiet" {
  runbook = "orac.hcl"
  for     = "1h"
}

expect "nothing_lost" {
  holds = lost == 0
}`

// blocks lists all block types in the order of the documentation.
func blocks() []*language.BlockType {
	all := []*language.BlockType{headBlock, changeBlock, microphoneBlock, soundBlock, callerBlock}
	all = append(all, faultBlocks()...)
	return append(all, swarmBlock, recoveryBlock, steadyBlock, expectBlock, flatBlock, sometimesBlock, limitsBlock,
		language.Locals("scenario"), language.Variable())
}

var headBlock = &language.BlockType{
	Type: "scenario", Named: true, Single: true, Required: true,
	Doc:  "What runs, and for how long. Every scenario has exactly one of these blocks.",
	Slot: language.Into(func(s *Scenario) any { return &s.Head }),
	Example: `scenario "blocked_read" {
  doc     = "The read of the microphone blocks for ever."
  runbook = "kitchen.hcl"
  for     = "20m"
}`,
	Attributes: []language.Attribute{
		{Name: "doc", Kind: language.String, Example: `"The read of the microphone blocks for ever."`, Doc: "What the scenario shows, in one sentence."},
		{Name: "runbook", Kind: language.Path, Example: `"kitchen.hcl"`, Doc: "The runbook to run; the path is relative to the scenario."},
		{Name: "text", Kind: language.String, Example: `"appliance \"a\" {}"`,
			Doc: "Instead of runbook: the text of a runbook, best as a heredoc (<<-EOT … EOT). Write $${ for ${ in it."},
		{Name: "for", Kind: language.Duration, Required: true, Min: "1s", Max: "400d", Example: `"1h"`,
			Doc: "How long it runs, in virtual or real time, including faults and recovery."},
		{Name: "heal", Kind: language.Duration, Min: "1ms", Max: "400d", DefaultDoc: "2 minutes before the end, but not before half of `for`", Example: `"50m"`,
			Doc: "The heal point, counted from the start. It ends all faults, and none begins after it. From then on, everything must recover."},
		{Name: "epoch", Kind: language.String, Default: "2026-03-01T12:00:00Z", Example: `"2026-03-01T12:00:00Z"`,
			Pattern: language.Match(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$`), Expect: "a time as in RFC 3339",
			Doc: "The date and time at the start of a simulation."},
		{Name: "inference", Kind: language.Enum, Default: "real", Values: []string{"real", "recorded", "modelled"},
			Doc: "What listens in a simulation. real runs the models, recorded uses their recorded scores, modelled computes scores from what each sound declares to contain."},
		{Name: "recording", Kind: language.Path, Example: `"kitchen.scores"`, Doc: "The file of recorded scores, for inference = \"recorded\"."},
		{Name: "backends", Kind: language.Strings, Values: []string{"sim", "chaos"}, DefaultDoc: "`[\"sim\"]`", Example: `["sim", "chaos"]`,
			Doc: "Where it can run: sim is `orac sim`, in virtual time; chaos is `orac chaos`, on a real appliance in real time."},
	},
	Rules: []language.Rule{
		language.ExactlyOneOf("runbook", "text"),
		language.RequiredWhen("inference", "recorded", "recording", `Add recording = "PATH".`),
		language.OnlyWhen("inference", "recorded", "recording"),
		validEpoch,
	},
}

// changeable matches the address of a block of a runbook that an edit can name.
var changeable = language.Match(`^[a-z_]{1,40}(\.[a-z][a-z0-9_-]{0,62}){0,3}$`)

const changeableExpect = "the address of a block of the runbook, like model.hey_jarvis, watchdog or listener.kitchen.record"

var changeBlock = &language.BlockType{
	Type: "change", Named: true, FreeForm: true, Label: changeable, LabelExpect: changeableExpect,
	Doc:  "A change to the runbook before it runs. Its name is " + changeableExpect + ". It has the attributes of that block, with the same meaning.",
	Slot: language.Into(func(s *Scenario) any { return &s.Changes }),
	Example: `change "model.hey_jarvis" {
  threshold = 0.6
}`,
	Attributes: []language.Attribute{
		{Name: "NAME", Kind: language.Code, Example: "0.6", Doc: "The attribute's new expression. It is copied into the runbook unchanged and may refer to what the runbook contains."},
	},
}

var microphoneBlock = &language.BlockType{
	Type: "microphone", Named: true,
	Doc:  "A microphone in the simulated world. Each device \"microphone\" of the runbook has one of the same name, made automatically. This block changes one or adds another.",
	Slot: language.Into(func(s *Scenario) any { return &s.Microphones }),
	Example: `microphone "laptop" {
  present = false
}`,
	Attributes: []language.Attribute{
		{Name: "identity", Kind: language.String, DefaultDoc: "the block's name", Example: `"alsa_input.usb-0d8c_USB_Audio-00.mono"`,
			Doc: "The identity by which the runbook can select it."},
		{Name: "present", Kind: language.Bool, Default: "true", Doc: "Whether it is plugged in at the start."},
		{Name: "noise", Kind: language.Int, Default: "40", Min: "0", Max: "32767", Unit: "RMS, int16 scale",
			Doc: "How loud the background is. 0 is digital silence."},
	},
}

var soundBlock = &language.BlockType{
	Type: "sound", Named: true,
	Doc:  "A sound that is played into a device, once or repeatedly.",
	Slot: language.Into(func(s *Scenario) any { return &s.Sounds }),
	Example: `sound "command" {
  at     = "30s"
  every  = "1m"
  jitter = "10s"
}`,
	Attributes: []language.Attribute{
		{Name: "device", Kind: language.String, DefaultDoc: "the runbook's first", Example: `"mic"`, Doc: "The name of the device that hears it."},
		{Name: "play", Kind: language.String, Default: playSpeech, Example: `"door.wav"`,
			Pattern: language.Match(`^(speech|noise|[^\x00]+\.wav)$`), Expect: `"speech", "noise" or the path of a .wav file`,
			Reads: func(play string) bool { return (Sound{Play: play}).File() },
			Doc:   "speech is a wake word and a command, for inference = \"modelled\" and for `orac chaos`. noise is noise. Anything else is the path of a WAV file, relative to the scenario, which real models hear."},
		{Name: "model", Kind: language.String, DefaultDoc: "the runbook's first; for a file, any", Example: `"hey_jarvis"`, Doc: "The name of the model whose wake word it says."},
		{Name: "command", Kind: language.Duration, Default: "1500ms", Min: "0s", Max: "14s", Doc: "For speech: how long the command after the wake word takes. With 0s nothing follows."},
		{Name: "level", Kind: language.Int, Default: "1000", Min: "0", Max: "32767", Unit: "RMS, int16 scale", Doc: "For noise: how loud it is."},
		at("When it plays for the first time, counted from the start.", language.Attribute{Default: "10s"}),
		every, jitter, times,
		{Name: "wakes", Kind: language.Bool, DefaultDoc: "true for speech, otherwise false", Example: "false",
			Doc: "Whether it should wake the appliance. If it is false and the sound wakes, that is a false wake; if it is true and the sound does not wake, it is missed."},
	},
	Rules: append([]language.Rule{
		{Uses: []string{"model", "play"}, Doc: "noise contains no wake word", Hint: "Leave model out, or play something else.",
			Holds: func(g language.Given) bool { return !g.Written("model") || g.Text("play") != playNoise }},
		language.OnlyWhen("play", playSpeech, "command"),
		language.OnlyWhen("play", playNoise, "level"),
	}, repeats...),
}

// The attributes of blocks that describe something repeated or timed.
var (
	every = language.Attribute{Name: "every", Kind: language.Duration, Min: "1s", Max: "400d", DefaultDoc: "once", Example: `"10m"`,
		Doc: "The time from one occurrence to the next."}
	jitter = language.Attribute{Name: "jitter", Kind: language.Duration, Default: "0s", Min: "0s", Max: "400d",
		Doc: "Each occurrence is delayed by up to this much, drawn from the seed."}
	times = language.Attribute{Name: "times", Kind: language.Int, Min: "1", Max: "100000", Unit: "times", DefaultDoc: "until the end", Example: "10",
		Doc: "The most occurrences."}
)

// at is the attribute for the time of the first occurrence.
func at(doc string, a language.Attribute) language.Attribute {
	a.Name, a.Kind, a.Min, a.Max, a.Example, a.Doc = "at", language.Duration, "0s", "400d", `"5m"`, doc
	return a
}

// repeats are the rules of blocks with every, jitter and times.
var repeats = []language.Rule{
	{Uses: []string{"times", "every"}, Doc: "times needs every", Hint: `Add every = "10m", or leave times out.`,
		Holds: func(g language.Given) bool { return !g.Written("times") || g.Written("every") }},
	{Uses: []string{"jitter", "every"}, Doc: "jitter must be less than every", Hint: "Otherwise occurrences would change their order.",
		Holds: func(g language.Given) bool { return !g.Written("every") || g.Amount("jitter") < g.Amount("every") }},
}
