package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

var began = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// incident is a scenario of so many seeds of two hours whose every third seed recovers too late.
func incident(seeds int) Scenario {
	sc := Scenario{
		Name: "incident", File: "examples/scenarios/incident.hcl", Line: 3, For: 7200, Inference: "real (memoised)", Asked: seeds,
		Doc: "The recorded incident: a read inside the audio library blocks for an hour, and nothing in the process can interrupt it.",
		Promises: []Promise{
			{Name: "sound", What: "detect", File: "examples/scenarios/incident.hcl", Line: 40, Unit: "s", Bound: 2, Text: "a blocked read is noticed within 2 s"},
			{Name: "sound", What: "recover", File: "examples/scenarios/incident.hcl", Line: 41, Unit: "s", Bound: 3, Text: "sound flows again within 3 s after fault.read_blocks.hour"},
			{Name: "flat", What: "memory", File: "examples/scenarios/incident.hcl", Line: 50, Unit: "bytes", Bound: 8 << 20, Text: "memory grows by no more than 8 MiB"},
			{Name: "nothing is lost", What: "holds", File: "examples/scenarios/incident.hcl", Line: 55, Text: "lost == 0"},
			{Name: "safety/queues", What: "safety", Text: "every queue stays within its bound"},
		},
		Sometimes: []Sometimes{{Name: "woken while deaf", File: "examples/scenarios/incident.hcl", Line: 60, Text: "missed > 0"}},
		Wall:      0.21 * float64(seeds), Virtual: 7200 * float64(seeds), Repeated: (seeds + 9) / 10,
	}
	for seed := 1; seed <= seeds; seed++ {
		sc.Runs = append(sc.Runs, incidentRun(uint64(seed)))
	}
	Collect(&sc)
	return sc
}

func incidentRun(seed uint64) Run {
	r := rand.New(rand.NewPCG(seed, 1))
	run := Run{
		Seed: seed, Virtual: 7200, Wall: 0.21, Hash: fmt.Sprintf("%016x", seed*0x9e3779b97f4a7c15), Records: 512_000,
		Command: fmt.Sprintf("orac sim examples/scenarios/incident.hcl --seed %d", seed),
		Counts:  map[string]int{"spoken": 24, "recorded": 24, "delivered": 24, "wakes": 24, "restarts": 2, "boots": 1},
		Health:  []Step{{0, "starting"}, {1.2, "healthy"}},
	}
	fault := func(name, kind, target string, begin, end, detected, recovered float64) {
		run.Faults = append(run.Faults, Fault{Name: name, Kind: kind, Target: target, Fidelity: "modelled", How: "the read of the capture process never returns", Begin: begin, End: end, Detected: detected, Recovered: recovered})
		text := fmt.Sprintf("no hop reached the models for %s after %s began", span(recovered), name)
		run.Judged = append(run.Judged,
			Judgement{Promise: "sound", What: "detect", Fault: name, Kind: kind, At: begin + detected, Value: detected, Kept: detected <= 2},
			Judgement{Promise: "sound", What: "recover", Fault: name, Kind: kind, At: begin + recovered, Value: recovered, Kept: recovered <= 3, Text: text})
		run.Incidents = append(run.Incidents, Incident{Component: "source.usb", Cause: "no hop for 1.5 s", Begin: begin + detected, End: begin + recovered})
		run.Health = append(run.Health, Step{begin + detected/2, "degraded"}, Step{begin + detected, "unhealthy"}, Step{begin + recovered, "healthy"})
		run.Events = append(run.Events, Event{begin + detected, "source.usb", "device_lost", "deaf: usb: no hop for 1.5 s; trying again at once", true})
		if recovered > 3 {
			run.Breaks = append(run.Breaks, Break{Promise: "sound", What: "recover", File: "examples/scenarios/incident.hcl", Line: 41, Source: "\trecover = \"3s\"", At: begin + recovered, Text: text})
			run.Shrunk = []Fault{{Name: name, Kind: kind, Target: target, Begin: begin, End: end}}
		}
	}
	late := 0.0
	if seed%3 == 0 {
		late = 1.4
	}
	first := math.Round(600 + 300*r.Float64())
	fault("fault.read_blocks.hour", "read_blocks", "usb", first, first+3600, math.Round(1400+200*r.Float64())/1000, math.Round(1900+400*r.Float64()+1000*late)/1000)
	fault("fault.unplug.mic", "unplug", "usb", 5400, 5460, math.Round(1300+200*r.Float64())/1000, math.Round(1500+700*r.Float64())/1000)
	for i := range 24 {
		at := math.Round(10*(float64(i)*300+20+40*r.Float64())) / 10
		run.Events = append(run.Events, Event{At: at, Lane: "head.kitchen.hey_jarvis", Kind: "wake", Text: "hey_jarvis 0.97"}, Event{At: at + 3.1, Lane: "recorder.kitchen", Kind: "recording_ended", Text: "2.8 s"}, Event{At: at + 3.6, Lane: "delivery.whisper", Kind: "delivered", Text: ""})
		if i == 7 {
			run.Reached = []Reached{{"woken while deaf", at}}
		}
	}
	for i := range 120 {
		x := float64(i) * 60
		run.Memory = append(run.Memory, Sample{x, math.Round(96e6 + 6e6*(1-math.Exp(-x/900)) + 4e5*r.Float64())})
		level := 40 + 20*r.Float64()
		if i%5 == 0 {
			level = 2400
		}
		run.Level = append(run.Level, Sample{x, math.Round(level)})
	}
	run.Judged = append(run.Judged,
		Judgement{Promise: "flat", What: "memory", At: 7200, Value: math.Round(2.5e6 + 1e6*r.Float64()), Kept: true},
		Judgement{Promise: "nothing is lost", What: "holds", At: 7200, Kept: true},
		Judgement{Promise: "safety/queues", What: "safety", At: 7200, Kept: true},
		Judgement{Promise: "safety/lost", What: "safety", At: 7200, Kept: true})
	return run
}

// mixed is a report with something of everything: kept, broken, unknown, not deterministic.
func mixed() Report {
	quiet := Scenario{Name: "quiet month", File: "examples/scenarios/quiet.hcl", Line: 1, For: 30 * 86400, Inference: "modelled", Wall: 21.5, Virtual: 30 * 86400,
		Promises: []Promise{{Name: "no watchdog fires", What: "holds", File: "examples/scenarios/quiet.hcl", Line: 12, Text: "restarts == 0"}},
		Runs: []Run{{Seed: 1, Virtual: 30 * 86400, Wall: 21.5, Judged: []Judgement{{Promise: "no watchdog fires", What: "holds", Kept: true}},
			Command: "orac sim examples/scenarios/quiet.hcl --seed 1", Counts: map[string]int{"spoken": 0}}}}
	disk := Scenario{Name: "disk", File: "examples/scenarios/disk.hcl", Line: 2, For: 600, Inference: "modelled", Wall: 0.4, Virtual: 1200, Asked: 3,
		Promises:  []Promise{{Name: "spool", What: "recover", File: "examples/scenarios/disk.hcl", Line: 20, Unit: "s", Bound: 10}},
		Sometimes: []Sometimes{{Name: "the spool was full", File: "examples/scenarios/disk.hcl", Line: 30, Text: "dropped > 0"}},
		Runs:      []Run{{Seed: 1, Virtual: 600, Unsupported: []string{"fault.disk_slow.card: dm-delay needs root"}}, {Seed: 2, Virtual: 600, Unsupported: []string{"fault.disk_slow.card: dm-delay needs root"}}}}
	racy := Scenario{Name: "racy", File: "racy.hcl", Line: 1, For: 60, Wall: 0.1, Virtual: 120, Repeated: 1,
		Promises: []Promise{{Name: "wakes", What: "holds", Text: "wakes == 1"}},
		Runs: []Run{{Seed: 5, Virtual: 60, Judged: []Judgement{{Promise: "wakes", What: "holds", Kept: true}}, Command: "orac sim racy.hcl --seed 5",
			Differs: "record 4711\n= 12.08 ring.usb push 5\nA 12.08 head.kitchen wake 97\nB 12.16 head.kitchen wake 97\n"}}}
	r := Report{Version: 1, Backend: "sim", Orac: "0.3.0", Began: began, Wall: 24.2}
	r.Scenarios = []Scenario{incident(6), quiet, disk, racy}
	for i := range r.Scenarios {
		Collect(&r.Scenarios[i])
	}
	return r
}

// evil is text that tries to break out of every form.
const evil = "a\x1b[2Jb\nc\u202e\"'><script>alert(1)</script>]]>&amp;%0A::error::x ##[error]\x00\xff\u2028`"

// hostile has that text wherever text can be.
func hostile() Report {
	f := Fault{Name: evil, Kind: evil, Target: evil, Fidelity: evil, How: evil, Begin: 1, End: 3, Detected: 1, Recovered: 2}
	sc := Scenario{Name: evil, File: evil, Line: 7, Doc: evil, For: 10, Inference: evil, Virtual: 10, Wall: 1,
		Promises:  []Promise{{Name: evil, What: evil, File: evil, Line: 3, Text: evil, Unit: evil, Bound: 1}},
		Sometimes: []Sometimes{{Name: evil, File: evil, Text: evil, Line: 1}},
		Runs: []Run{{Seed: 1, Virtual: 10, Wall: 1, Unsupported: []string{evil}, Command: evil, Hash: evil, Differs: evil + "\n" + evil,
			Breaks: []Break{{Promise: evil, What: evil, File: evil, Line: 2, Source: evil, Text: evil, At: 2}},
			Judged: []Judgement{{Promise: evil, What: evil, Fault: evil, Kind: evil, Value: 2, Text: evil}},
			Faults: []Fault{f}, Shrunk: []Fault{f}, Events: []Event{{1, evil, evil, evil, false}}, Incidents: []Incident{{evil, evil, 1, 2}},
			Health: []Step{{0, evil}, {2, "healthy"}}, Memory: []Sample{{0, 1}, {5, math.Inf(1)}, {6, math.NaN()}}, Level: []Sample{{-5, 1}, {50, 3}}, Counts: map[string]int{evil: 3}}},
	}
	sc.Runs[0].Breaks = append(sc.Runs[0].Breaks, Break{Promise: "::error::", What: "holds", File: "::error file=a::x", Line: 1, Source: "::stop-commands::x", Text: "::error::b"})
	Collect(&sc)
	return Report{Version: 1, Backend: evil, Orac: evil, Began: began, Ended: evil, Scenarios: []Scenario{sc}}
}

// swarm is a scenario of so many seeds of an hour with random faults, a few of which break something.
func swarm(seeds int) Scenario {
	kinds := []string{"read_blocks", "unplug", "stt_down", "stt_slow", "disk_full", "power_loss", "worker_kill", "clock_jump", "audio_down", "webhook_slow"}
	sc := Scenario{Name: "swarm", File: "examples/scenarios/swarm.hcl", Line: 1, For: 3600, Inference: "real (memoised)", Asked: seeds,
		Doc: "Everything at once: faults of all kinds, drawn from the seed.", Wall: 0.45 * float64(seeds), Virtual: 3600 * float64(seeds), Repeated: seeds / 10,
		Promises: []Promise{
			{Name: "recovers", What: "recover", File: "examples/scenarios/swarm.hcl", Line: 30, Unit: "s", Bound: 10, Text: "any fault: sound flows again within 10 s after its end"},
			{Name: "delivers", What: "recover", File: "examples/scenarios/swarm.hcl", Line: 36, Unit: "s", Bound: 60, Text: "nothing waits any more within 60 s after its end"},
			{Name: "flat", What: "memory", Unit: "bytes", Bound: 16 << 20, Text: "memory grows by no more than 16 MiB"},
			{Name: "nothing is lost", What: "holds", Text: "lost == 0"},
		}}
	for seed := 1; seed <= seeds; seed++ {
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		run := Run{Seed: uint64(seed), Virtual: 3600, Wall: 0.45, Hash: "00", Records: 40000, Command: fmt.Sprintf("orac sim examples/scenarios/swarm.hcl --seed %d", seed),
			Counts: map[string]int{"spoken": 60, "delivered": 60, "wakes": 60, "boots": 1 + r.IntN(3)}, Health: []Step{{0, "starting"}, {1, "healthy"}}}
		at := 60.0
		for at < 3300 {
			at += 20 + 160*r.Float64()
			kind := kinds[r.IntN(len(kinds))]
			end := at + 5 + 80*r.Float64()
			rec := 0.4 + 5*r.Float64()*r.Float64()
			if seed%41 == 17 && kind == "power_loss" {
				rec = 11 + r.Float64()
			}
			name := fmt.Sprintf("swarm.%d", len(run.Faults)+1)
			run.Faults = append(run.Faults, Fault{Name: name, Kind: kind, Target: "usb", Fidelity: "modelled", Begin: at, End: end, Detected: 0.2 + r.Float64(), Recovered: rec})
			run.Judged = append(run.Judged, Judgement{Promise: "recovers", What: "recover", Fault: name, Kind: kind, At: end + rec, Value: rec, Kept: rec <= 10, Text: "no hop for " + span(rec) + " after " + name},
				Judgement{Promise: "delivers", What: "recover", Fault: name, Kind: kind, At: end + rec*3, Value: rec * 3, Kept: true})
			run.Health = append(run.Health, Step{at + 1, "degraded"}, Step{end + rec, "healthy"})
			if kind == "power_loss" {
				run.Events = append(run.Events, Event{end, "process", "boot", "after " + name, false})
			}
			run.Incidents = append(run.Incidents, Incident{Component: "source.usb", Cause: kind, Begin: at + 0.5, End: end + rec})
		}
		for i := range 60 {
			x := float64(i)*60 + 10*r.Float64()
			run.Events = append(run.Events, Event{At: x, Lane: "head.kitchen.hey_jarvis", Kind: "wake", Text: ""}, Event{At: x + 3, Lane: "recorder.kitchen", Kind: "recording_ended", Text: ""}, Event{At: x + 4, Lane: "delivery.whisper", Kind: "delivered", Text: ""})
		}
		for i := range 300 {
			x := float64(i) * 12
			run.Memory = append(run.Memory, Sample{x, 96e6 + 4e6*math.Sin(x/700) + x*500})
			run.Level = append(run.Level, Sample{x, 60 + 2000*r.Float64()*float64(i%5/4)})
		}
		run.Judged = append(run.Judged, Judgement{Promise: "flat", What: "memory", At: 3600, Value: 2e6 + 4e6*r.Float64(), Kept: true}, Judgement{Promise: "nothing is lost", What: "holds", At: 3600, Kept: true})
		sc.Runs = append(sc.Runs, run)
	}
	Collect(&sc)
	return sc
}
