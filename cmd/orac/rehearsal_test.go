package main

import (
	"context"
	"fmt"
	"time"

	"orac/appliance/rt"
	"orac/runbook/scenario"
	"orac/sim"
	"orac/sim/trace"
	"orac/sim/trial/report"
)

// rehearse stands in for the simulator in tests of the command: what comes of a scenario follows from its name and the seed.
//
//	kept       all is kept
//	broken     every even seed recovers too late
//	unknown    a fault cannot be made
//	racy       two runs with a seed differ
//	slow       a run takes 100 ms, and an interrupt ends it
//	missing    it cannot run at all
func rehearse(ctx context.Context, list []*scenario.Scenario, o sim.Options) (report.Report, error) {
	var r report.Report
	done, breaks, began := 0, 0, time.Now()
	for _, s := range list {
		if s.Head.Name == "missing" {
			return r, fmt.Errorf("the model hey_jarvis is not there")
		}
		length := s.Head.For
		if o.For > 0 {
			length = o.For
		}
		sc := report.Scenario{Name: s.Head.Name, File: s.File, Line: 1, Doc: s.Head.Doc, For: length.Seconds(), Inference: "modelled",
			Promises: []report.Promise{{Name: "sound", What: "recover", Unit: "s", Bound: 3, File: s.File, Line: 2, Text: "runs " + o.Runbook}}}
		for _, seed := range o.Seeds {
			if s.Head.Name == "slow" {
				select {
				case <-ctx.Done():
				case <-time.After(100 * time.Millisecond):
				}
			}
			if ctx.Err() != nil {
				break
			}
			run, err := rehearsed(s.Head.Name, seed, length, o)
			if err != nil {
				return r, err
			}
			sc.Runs = append(sc.Runs, run)
			sc.Virtual += length.Seconds()
			if len(run.Breaks) > 0 {
				breaks++
			}
			done++
			o.Progress(sim.Progress{Scenario: s.Head.Name, Seed: seed, Done: done, Of: len(list) * len(o.Seeds), Virtual: time.Duration(done) * length, Wall: time.Since(began), Breaks: breaks})
		}
		sc.Wall = 0.5
		report.Collect(&sc)
		r.Scenarios = append(r.Scenarios, sc)
	}
	r.Wall = 0.5
	return r, ctx.Err()
}

func rehearsed(name string, seed uint64, length time.Duration, o sim.Options) (report.Run, error) {
	took := 1 + float64(seed%10)/10
	run := report.Run{Seed: seed, Virtual: length.Seconds(), Faults: []report.Fault{{Name: "fault.unplug.mic", Kind: "unplug", Target: "usb", Begin: 10, End: 20}}}
	switch {
	case name == "broken" && seed%2 == 0:
		took = 4
		run.Breaks = []report.Break{{Promise: "sound", What: "recover", At: 24, Text: "no hop for 4 s"}}
		if o.Shrink {
			run.Shrunk = run.Faults
		}
	case name == "unknown":
		run.Unsupported = []string{"fault.unplug.mic: there is no such device"}
	case name == "racy":
		run.Differs = "record 2 differs\nA 1 a b\nB 1 a c\n"
	}
	run.Judged = []report.Judgement{{Promise: "sound", What: "recover", Fault: "fault.unplug.mic", Kind: "unplug", At: 20 + took, Value: took, Kept: took <= 3}}
	if o.Trace == nil {
		return run, nil
	}
	f, err := o.Trace(name, seed)
	if err != nil {
		return run, err
	}
	w := trace.NewWriter(f)
	for i := range int64(20) {
		w.Record(rt.Record{At: rt.Instant(i) * 80e6, Task: "source.usb", What: "hop", Args: []int64{i, i / 15 * int64(seed)}})
	}
	if err := w.Close(); err != nil {
		return run, err
	}
	return run, f.Close()
}
