package scenario

import (
	"time"

	"orac/runbook/language"
)

var swarmBlock = &language.BlockType{
	Type: "swarm", Single: true, Optional: true,
	Doc:  "Faults drawn from the seed. Each seed first picks a subset of the kinds, so that rare combinations are not drowned out by the other kinds.",
	Slot: language.Into(func(s *Scenario) any { return &s.Swarm }),
	Example: `swarm {
  every   = "1m"
  weights = { unplug = 2, stt_down = 1, kill = 0.5 }
}`,
	Attributes: []language.Attribute{
		{Name: "weights", Kind: language.Numbers, Values: kindNames(drawn), Min: "0.001", Max: "1000", DefaultDoc: "all, each 1", Example: "{ unplug = 2, stt_down = 1 }",
			Doc: "How often each kind is drawn, relative to the others. A kind is skipped if the runbook has no target for it."},
		{Name: "every", Kind: language.Duration, Required: true, Min: "1s", Max: "30d", Example: `"1m"`, Doc: "The mean time between two faults."},
		{Name: "least", Kind: language.Duration, Default: "1s", Min: "1ms", Max: "1d", Doc: "The shortest time that a fault lasts."},
		{Name: "most", Kind: language.Duration, Default: "30s", Min: "1ms", Max: "1d", Doc: "The longest time that a fault lasts."},
		{Name: "from", Kind: language.Duration, Default: "30s", Min: "0s", Max: "400d", Doc: "No fault begins before this time, counted from the start."},
		{Name: "subset", Kind: language.Bool, Default: "true", Doc: "When true, each seed uses only some of the kinds; when false, all."},
	},
	Rules: []language.Rule{language.NotMoreThan("least", "most", "A fault lasts between least and most.")},
}

var doc = language.Attribute{Name: "doc", Kind: language.String, Example: `"Nothing that was said is lost."`, Doc: "What it promises, in one sentence."}

// holds is the condition of a promise.
func holds(doc string) language.Attribute {
	return language.Attribute{Name: "holds", Kind: language.Expression, Required: true, Sees: state, Example: "lost == 0", Doc: doc}
}

var recoveryBlock = &language.BlockType{
	Type: "recovery", Named: true,
	Doc:  "A promise of how soon ORAC notices a fault and recovers from it. Without after and kinds, it covers every fault.",
	Slot: language.Into(func(s *Scenario) any { return &s.Recoveries }),
	Example: `recovery "microphone_back" {
  after   = [fault.unplug.mic]
  from    = "end"
  recover = "3s"
}`,
	Attributes: []language.Attribute{
		doc,
		{Name: "after", Kind: language.Refs, Refs: []string{"fault"}, Example: "[fault.unplug.mic]", Doc: "The faults that the promise covers."},
		{Name: "kinds", Kind: language.Strings, Values: kindNames(func(Info) bool { return true }), Expect: "kinds of faults", Example: `["unplug", "audio_down"]`, Doc: "The promise also covers all faults of these kinds, including those of the swarm."},
		{Name: "from", Kind: language.Enum, Default: "begin", Values: []string{"begin", "end"},
			Doc: "When the clock starts: when the fault begins or when it ends. Use end if recovery is impossible before, such as while a device is unplugged."},
		{Name: "detect", Kind: language.Duration, Min: "1ms", Max: "30d", Example: `"1s"`, Doc: "The longest time from the beginning of the fault until the appliance reports that something is wrong."},
		{Name: "recover", Kind: language.Duration, Min: "1ms", Max: "30d", Example: `"3s"`, Doc: "The longest time until it has recovered."},
		{Name: "means", Kind: language.Enum, Default: MeansSound, Values: []string{MeansSound, MeansHealth, MeansDelivered},
			Doc: "When it counts as recovered: new sound reaches the models, the appliance reports that it is healthy, or no utterance is waiting."},
		{Name: "probes", Kind: language.Int, Default: "5", Min: "1", Max: "1000", Unit: "probes", Doc: "How many good probes in a row are needed."},
	},
	Rules: []language.Rule{
		{Uses: []string{"detect", "recover"}, Doc: "detect or recover must be given", Hint: `Add recover = "10s".`,
			Holds: func(g language.Given) bool { return g.Written("detect") || g.Written("recover") }},
	},
}

var steadyBlock = &language.BlockType{
	Type: "steady", Named: true,
	Doc:  "A promise that a condition holds whenever it is checked.",
	Slot: language.Into(func(s *Scenario) any { return &s.Steady }),
	Example: `steady "one_holder" {
  holds = holders <= 1
}`,
	Attributes: []language.Attribute{
		doc, holds("What must be true."),
		{Name: "every", Kind: language.Duration, Default: "1s", Min: "10ms", Max: "1d", Doc: "How often it is checked."},
		{Name: "from", Kind: language.Duration, Default: "0s", Min: "0s", Max: "400d", Doc: "It is checked from this time, counted from the start."},
		{Name: "healed", Kind: language.Bool, Default: "false", Doc: "Whether it is checked only after the heal point."},
		{Name: "most", Kind: language.Duration, Default: "0s", Min: "0s", Max: "30d", Doc: "How long it may be false without a break."},
	},
}

var expectBlock = &language.BlockType{
	Type: "expect", Named: true,
	Doc:  "A promise that a condition holds at the end.",
	Slot: language.Into(func(s *Scenario) any { return &s.Holds }),
	Example: `expect "nothing_lost" {
  holds = lost == 0 && duplicated == 0
}`,
	Attributes: []language.Attribute{doc, holds("What must be true at the end.")},
}

var flatBlock = &language.BlockType{
	Type: "flat", Named: true,
	Doc:  "A promise that something does not grow after a warm-up.",
	Slot: language.Into(func(s *Scenario) any { return &s.Flats }),
	Example: `flat "memory" {
  memory  = "8MiB"
  tasks   = 0
  warm_up = "10m"
}`,
	Attributes: []language.Attribute{
		doc,
		{Name: "memory", Kind: language.ByteSize, Min: "1KiB", Max: "1TiB", DefaultDoc: "not checked", Example: `"8MiB"`, Doc: "The most that resident memory may grow."},
		{Name: "tasks", Kind: language.Int, Default: "-1", Min: "-1", Max: "100000", Unit: "tasks", Doc: "The most that the number of tasks may grow; -1: not checked."},
		{Name: "warm_up", Kind: language.Duration, Default: "5m", Min: "0s", Max: "400d", Doc: "How long it may grow freely, counted from the start."},
	},
	Rules: []language.Rule{
		{Uses: []string{"memory", "tasks"}, Doc: "memory or tasks must be given", Hint: `Add memory = "8MiB".`,
			Holds: func(g language.Given) bool { return g.Written("memory") || g.Written("tasks") }},
	},
}

var sometimesBlock = &language.BlockType{
	Type: "sometimes", Named: true,
	Doc:  "A situation that some seed must reach. If none does, the scenario has not shown what it should and does not pass.",
	Slot: language.Into(func(s *Scenario) any { return &s.Sometimes }),
	Example: `sometimes "spooled" {
  holds = waiting >= 10
}`,
	Attributes: []language.Attribute{doc, holds("What must be true at some moment of some seed.")},
}

var limitsBlock = &language.BlockType{
	Type: "limits", Single: true,
	Doc:  "What a run may use of this machine.",
	Slot: language.Into(func(s *Scenario) any { return &s.Limits }),
	Example: `limits {
  wall = "1m"
}`,
	Attributes: []language.Attribute{
		{Name: "wall", Kind: language.Duration, Default: "5m", Min: "1s", Max: "1d", Doc: "The most real time of one seed in a simulation."},
		{Name: "memory", Kind: language.ByteSize, Default: "2GiB", Min: "64MiB", Max: "1TiB", Doc: "The most memory of the simulator."},
		{Name: "events", Kind: language.Int, Default: "100000", Min: "100", Max: "10000000", Unit: "events", Doc: "How many events of one seed are kept for the report."},
	},
}

// validEpoch demands an existing day and time.
var validEpoch = language.Rule{
	Uses: []string{"epoch"}, Doc: "epoch must be a valid time", Hint: `Write it like "2026-03-01T12:00:00Z".`,
	Holds: func(g language.Given) bool {
		_, err := time.Parse(time.RFC3339, g.Text("epoch"))
		return err == nil
	},
}
