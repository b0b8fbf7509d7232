package scenario

import (
	"regexp"

	"orac/runbook"
)

// Language is the language of scenarios: every block type that one may hold. It is never changed.
var Language = &runbook.Language{
	Noun:   "scenario",
	Title:  "The scenario, block by block",
	Schema: "orac schema --scenario",
	Intro: "This page is generated from the registry (`orac schema --scenario --markdown`, `make docs`). README.md explains the language\n" +
		"and how to write one.",
	Missing: "Check its name; examples/scenarios has some.",
	Empty:   "The smallest one:\n\n" + smallest,

	Blocks:    blocks(),
	Complete:  complete,
	Rules:     rules,
	NoSecrets: true,
}

const smallest = `scenario "quiet" {
  runbook = "orac.hcl"
  for     = "1h"
}

expect "nothing_lost" {
  holds = lost == 0
}`

// blocks are all block types in the order of the documentation.
func blocks() []*runbook.BlockType {
	all := []*runbook.BlockType{headBlock, changeBlock, microphoneBlock, soundBlock}
	all = append(all, faultBlocks()...)
	return append(all, swarmBlock, recoveryBlock, steadyBlock, expectBlock, flatBlock, sometimesBlock, limitsBlock,
		runbook.Locals("scenario"), runbook.Variable())
}

var headBlock = &runbook.BlockType{
	Type: "scenario", Named: true, Single: true, Required: true,
	Doc:  "What runs, and for how long. Every scenario has exactly one of these blocks.",
	Slot: runbook.Into(func(s *Scenario) any { return &s.Head }),
	Example: `scenario "blocked_read" {
  doc     = "The read of the microphone blocks for ever."
  runbook = "kitchen.hcl"
  for     = "20m"
}`,
	Attributes: []runbook.Attribute{
		{Name: "doc", Kind: runbook.String, Example: `"The read of the microphone blocks for ever."`, Doc: "What it shows, in a sentence."},
		{Name: "runbook", Kind: runbook.Path, Example: `"kitchen.hcl"`, Doc: "The runbook that runs, relative to the scenario."},
		{Name: "text", Kind: runbook.String, Example: `"appliance \"a\" {}"`,
			Doc: "Instead of runbook: its text, best as a heredoc (<<-EOT … EOT). ${ in it is written $${."},
		{Name: "for", Kind: runbook.Duration, Required: true, Min: "1s", Max: "400d", Example: `"1h"`,
			Doc: "How long it runs, in virtual time or in real time; faults and healing included."},
		{Name: "heal", Kind: runbook.Duration, Min: "1ms", Max: "400d", DefaultDoc: "`for` less 2 minutes, at least half of it", Example: `"50m"`,
			Doc: "The heal point, from the start: no fault begins after it, those that last are ended, and what must recover is judged from then on."},
		{Name: "epoch", Kind: runbook.String, Default: "2026-03-01T12:00:00Z", Example: `"2026-03-01T12:00:00Z"`,
			Pattern: regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$`), Expect: "a time of RFC 3339",
			Doc: "The time of day at the start, of a simulation."},
		{Name: "inference", Kind: runbook.Enum, Default: "real", Values: []string{"real", "recorded", "modelled"},
			Doc: "What listens in a simulation: the models themselves, their answers as recorded, or a stand-in that hears what sounds say of themselves."},
		{Name: "recording", Kind: runbook.Path, Example: `"kitchen.scores"`, Doc: "The file of inference = \"recorded\"."},
		{Name: "backends", Kind: runbook.Strings, Values: []string{"sim", "chaos"}, DefaultDoc: "`[\"sim\"]`", Example: `["sim", "chaos"]`,
			Doc: "Where it can run: sim is `orac sim`, in virtual time; chaos is `orac chaos`, on a real appliance in real time."},
	},
	Rules: []runbook.Rule{
		runbook.ExactlyOneOf("runbook", "text"),
		runbook.RequiredWhen("inference", "recorded", "recording", `Add recording = "PATH".`),
		runbook.OnlyWhen("inference", "recorded", "recording"),
		validEpoch,
	},
}

// changeable is the address of a block of a runbook that an edit can name.
var changeable = regexp.MustCompile(`^[a-z_]{1,40}(\.[a-z][a-z0-9_-]{0,62}){0,3}$`)

const changeableExpect = "the address of a block of the runbook, like model.hey_jarvis, watchdog or listener.kitchen.record"

var changeBlock = &runbook.BlockType{
	Type: "change", Named: true, FreeForm: true, Label: changeable, LabelExpect: changeableExpect,
	Doc:  "A change to the runbook before it runs. Its name is " + changeableExpect + "; its attributes are those of that block, and mean what they would mean there.",
	Slot: runbook.Into(func(s *Scenario) any { return &s.Changes }),
	Example: `change "model.hey_jarvis" {
  threshold = 0.6
}`,
	Attributes: []runbook.Attribute{
		{Name: "NAME", Kind: runbook.Code, Example: "0.6", Doc: "The attribute's expression. It is put into the runbook as it is, and refers to what is there."},
	},
}

var microphoneBlock = &runbook.BlockType{
	Type: "microphone", Named: true,
	Doc:  "A microphone of the world. Every device \"microphone\" of the runbook finds one of its name, made for it where there is none; this block describes one, or adds another.",
	Slot: runbook.Into(func(s *Scenario) any { return &s.Microphones }),
	Example: `microphone "laptop" {
  present = false
}`,
	Attributes: []runbook.Attribute{
		{Name: "identity", Kind: runbook.String, DefaultDoc: "the block's name", Example: `"alsa_input.usb-0d8c_USB_Audio-00.mono"`,
			Doc: "What the runbook can select it by."},
		{Name: "present", Kind: runbook.Bool, Default: "true", Doc: "Whether it is plugged in at the start."},
		{Name: "noise", Kind: runbook.Int, Default: "40", Min: "0", Max: "32767", Unit: "RMS, int16 scale",
			Doc: "How loud its background is; 0 is digital silence."},
	},
}

var soundBlock = &runbook.BlockType{
	Type: "sound", Named: true,
	Doc:  "Something that is played into a device, once or again and again.",
	Slot: runbook.Into(func(s *Scenario) any { return &s.Sounds }),
	Example: `sound "command" {
  at     = "30s"
  every  = "1m"
  jitter = "10s"
}`,
	Attributes: []runbook.Attribute{
		{Name: "device", Kind: runbook.String, DefaultDoc: "the runbook's first", Example: `"mic"`, Doc: "The name of the device that hears it."},
		{Name: "play", Kind: runbook.String, Default: playSpeech, Example: `"door.wav"`,
			Pattern: regexp.MustCompile(`^(speech|noise|[^\x00]+\.wav)$`), Expect: `"speech", "noise" or the path of a .wav file`,
			Reads: func(play string) bool { return (Sound{Play: play}).File() },
			Doc:   "speech is a wake word and a command, for inference = \"modelled\" and for `orac chaos`; noise is noise; else a WAV file, relative to the scenario, which real networks hear."},
		{Name: "model", Kind: runbook.String, DefaultDoc: "the runbook's first; of a file, any", Example: `"hey_jarvis"`, Doc: "The name of the model whose wake word it says."},
		{Name: "command", Kind: runbook.Duration, Default: "1500ms", Min: "0s", Max: "14s", Doc: "How long the command takes that speech says after the wake word; 0s: nothing follows."},
		{Name: "level", Kind: runbook.Int, Default: "1000", Min: "0", Max: "32767", Unit: "RMS, int16 scale", Doc: "How loud noise is."},
		at("When it plays first, from the start.", runbook.Attribute{Default: "10s"}),
		every, jitter, times,
		{Name: "wakes", Kind: runbook.Bool, DefaultDoc: "true for speech, else false", Example: "false",
			Doc: "Whether it is to be heard as a command. When a sound wakes that should not, that is a false wake; when one does not that should, it is missed."},
	},
	Rules: append([]runbook.Rule{
		{Uses: []string{"model", "play"}, Doc: "noise says no wake word", Hint: "Leave model out, or play something else.",
			Holds: func(g runbook.Given) bool { return !g.Written("model") || g.Text("play") != playNoise }},
		runbook.OnlyWhen("play", playSpeech, "command"),
		runbook.OnlyWhen("play", playNoise, "level"),
	}, repeats...),
}

// The attributes of what happens at times.
var (
	every = runbook.Attribute{Name: "every", Kind: runbook.Duration, Min: "1s", Max: "400d", DefaultDoc: "once", Example: `"10m"`,
		Doc: "How long it takes from one time to the next."}
	jitter = runbook.Attribute{Name: "jitter", Kind: runbook.Duration, Default: "0s", Min: "0s", Max: "400d",
		Doc: "Each time is later by up to this, drawn from the seed."}
	times = runbook.Attribute{Name: "times", Kind: runbook.Int, Min: "1", Max: "100000", Unit: "times", DefaultDoc: "until the end", Example: "10",
		Doc: "How often at most."}
)

// at is the attribute of when something happens first.
func at(doc string, a runbook.Attribute) runbook.Attribute {
	a.Name, a.Kind, a.Min, a.Max, a.Example, a.Doc = "at", runbook.Duration, "0s", "400d", `"5m"`, doc
	return a
}

// repeats are the rules of what has every, jitter and times.
var repeats = []runbook.Rule{
	{Uses: []string{"times", "every"}, Doc: "times needs every", Hint: `Add every = "10m", or leave times out.`,
		Holds: func(g runbook.Given) bool { return !g.Written("times") || g.Written("every") }},
	{Uses: []string{"jitter", "every"}, Doc: "jitter must be less than every", Hint: "Times would change places.",
		Holds: func(g runbook.Given) bool { return !g.Written("every") || g.Amount("jitter") < g.Amount("every") }},
}
