package scenario

import (
	"time"

	"orac/runbook"
)

var swarmBlock = &runbook.BlockType{
	Type: "swarm", Single: true, Optional: true,
	Doc:  "Faults drawn from the seed. Each seed picks a subset of the kinds first, so that a rare combination is not always drowned by the others.",
	Slot: runbook.Into(func(s *Scenario) any { return &s.Swarm }),
	Example: `swarm {
  every   = "1m"
  weights = { unplug = 2, stt_down = 1, kill = 0.5 }
}`,
	Attributes: []runbook.Attribute{
		{Name: "weights", Kind: runbook.Numbers, Values: swarmKinds(), Min: "0.001", Max: "1000", DefaultDoc: "all, each 1", Example: "{ unplug = 2, stt_down = 1 }",
			Doc: "How often a kind is drawn, beside the others. A kind whose target the runbook does not have is passed over."},
		{Name: "every", Kind: runbook.Duration, Required: true, Min: "1s", Max: "30d", Example: `"1m"`, Doc: "The mean time from one fault to the next."},
		{Name: "least", Kind: runbook.Duration, Default: "1s", Min: "1ms", Max: "1d", Doc: "The shortest time that a fault lasts."},
		{Name: "most", Kind: runbook.Duration, Default: "30s", Min: "1ms", Max: "1d", Doc: "The longest."},
		{Name: "from", Kind: runbook.Duration, Default: "30s", Min: "0s", Max: "400d", Doc: "No fault begins before this, from the start."},
		{Name: "subset", Kind: runbook.Bool, Default: "true", Doc: "Whether a seed uses some of the kinds; false: all."},
	},
	Rules: []runbook.Rule{runbook.NotMoreThan("least", "most", "A fault lasts from least to most.")},
}

var doc = runbook.Attribute{Name: "doc", Kind: runbook.String, Example: `"Nothing that was said is lost."`, Doc: "What it promises, in a sentence."}

// holds is the condition of a promise.
func holds(doc string) runbook.Attribute {
	return runbook.Attribute{Name: "holds", Kind: runbook.Expression, Required: true, Sees: state, Example: "lost == 0", Doc: doc}
}

var recoveryBlock = &runbook.BlockType{
	Type: "recovery", Named: true,
	Doc:  "A promise of how soon a fault is noticed, and recovered from. Without after and kinds it is about every fault.",
	Slot: runbook.Into(func(s *Scenario) any { return &s.Recoveries }),
	Example: `recovery "microphone_back" {
  after   = [fault.unplug.mic]
  from    = "end"
  recover = "3s"
}`,
	Attributes: []runbook.Attribute{
		doc,
		{Name: "after", Kind: runbook.Refs, Refs: []string{"fault"}, Example: "[fault.unplug.mic]", Doc: "The faults that it is about."},
		{Name: "kinds", Kind: runbook.Strings, Values: kindNames(), Expect: "kinds of faults", Example: `["unplug", "audio_down"]`, Doc: "And all faults of these kinds, those of the swarm too."},
		{Name: "from", Kind: runbook.Enum, Default: "begin", Values: []string{"begin", "end"},
			Doc: "Where the clock starts: when the fault begins, or when it is over, as where something went away that must return."},
		{Name: "detect", Kind: runbook.Duration, Min: "1ms", Max: "30d", Example: `"1s"`, Doc: "Until the appliance says that something is wrong, from when the fault begins."},
		{Name: "recover", Kind: runbook.Duration, Min: "1ms", Max: "30d", Example: `"3s"`, Doc: "Until it is recovered."},
		{Name: "means", Kind: runbook.Enum, Default: "sound", Values: []string{"sound", "health", "delivered"},
			Doc: "What recovered is: new sound reaches the models, the appliance calls itself healthy, or no utterance waits any more."},
		{Name: "probes", Kind: runbook.Int, Default: "5", Min: "1", Max: "1000", Unit: "probes", Doc: "How many good looks in a row it takes."},
	},
	Rules: []runbook.Rule{
		{Uses: []string{"detect", "recover"}, Doc: "detect or recover must be given", Hint: `Add recover = "10s".`,
			Holds: func(g runbook.Given) bool { return g.Written("detect") || g.Written("recover") }},
	},
}

var steadyBlock = &runbook.BlockType{
	Type: "steady", Named: true,
	Doc:  "A promise that a condition holds whenever it is looked at.",
	Slot: runbook.Into(func(s *Scenario) any { return &s.Steady }),
	Example: `steady "one_holder" {
  holds = holders <= 1
}`,
	Attributes: []runbook.Attribute{
		doc, holds("What must be true."),
		{Name: "every", Kind: runbook.Duration, Default: "1s", Min: "10ms", Max: "1d", Doc: "How often it is looked at."},
		{Name: "from", Kind: runbook.Duration, Default: "0s", Min: "0s", Max: "400d", Doc: "From when on, from the start."},
		{Name: "healed", Kind: runbook.Bool, Default: "false", Doc: "Whether it is judged only after the heal point."},
		{Name: "most", Kind: runbook.Duration, Default: "0s", Min: "0s", Max: "30d", Doc: "How long it may be false at a stretch."},
	},
}

var expectBlock = &runbook.BlockType{
	Type: "expect", Named: true,
	Doc:  "A promise that a condition holds at the end.",
	Slot: runbook.Into(func(s *Scenario) any { return &s.Holds }),
	Example: `expect "nothing_lost" {
  holds = lost == 0 && duplicated == 0
}`,
	Attributes: []runbook.Attribute{doc, holds("What must be true at the end.")},
}

var flatBlock = &runbook.BlockType{
	Type: "flat", Named: true,
	Doc:  "A promise that something does not grow after a warm-up.",
	Slot: runbook.Into(func(s *Scenario) any { return &s.Flats }),
	Example: `flat "memory" {
  memory  = "8MiB"
  tasks   = 0
  warm_up = "10m"
}`,
	Attributes: []runbook.Attribute{
		doc,
		{Name: "memory", Kind: runbook.ByteSize, Min: "1KiB", Max: "1TiB", DefaultDoc: "not asked", Example: `"8MiB"`, Doc: "The most that resident memory may grow."},
		{Name: "tasks", Kind: runbook.Int, Default: "-1", Min: "-1", Max: "100000", Unit: "tasks", Doc: "The most that the number of tasks may grow; -1: not asked."},
		{Name: "warm_up", Kind: runbook.Duration, Default: "5m", Min: "0s", Max: "400d", Doc: "How long it may grow before, from the start."},
	},
	Rules: []runbook.Rule{
		{Uses: []string{"memory", "tasks"}, Doc: "memory or tasks must be given", Hint: `Add memory = "8MiB".`,
			Holds: func(g runbook.Given) bool { return g.Written("memory") || g.Written("tasks") }},
	},
}

var sometimesBlock = &runbook.BlockType{
	Type: "sometimes", Named: true,
	Doc:  "A situation that some seed must reach. When none does, the scenario has not shown what it is for, and is not passed.",
	Slot: runbook.Into(func(s *Scenario) any { return &s.Sometimes }),
	Example: `sometimes "spooled" {
  holds = waiting >= 10
}`,
	Attributes: []runbook.Attribute{doc, holds("What must be true at some moment of some seed.")},
}

var limitsBlock = &runbook.BlockType{
	Type: "limits", Single: true,
	Doc:  "What a run itself may take.",
	Slot: runbook.Into(func(s *Scenario) any { return &s.Limits }),
	Example: `limits {
  wall = "1m"
}`,
	Attributes: []runbook.Attribute{
		{Name: "wall", Kind: runbook.Duration, Default: "5m", Min: "1s", Max: "1d", Doc: "Real time of one seed in a simulation."},
		{Name: "memory", Kind: runbook.ByteSize, Default: "2GiB", Min: "64MiB", Max: "1TiB", Doc: "Memory of the simulator."},
		{Name: "events", Kind: runbook.Int, Default: "100000", Min: "100", Max: "10000000", Unit: "events", Doc: "How many events of one seed are kept for the report."},
	},
}

// validEpoch demands a day and a time that exist.
var validEpoch = runbook.Rule{
	Uses: []string{"epoch"}, Doc: "epoch must be a time that exists", Hint: `Write it like "2026-03-01T12:00:00Z".`,
	Holds: func(g runbook.Given) bool {
		_, err := time.Parse(time.RFC3339, g.Text("epoch"))
		return err == nil
	},
}
