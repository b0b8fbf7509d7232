package play

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"orac/chaos/homeserver"
	"orac/chaos/journal"
	"orac/chaos/ptrace"
	"orac/chaos/sttserver"
	"orac/runbook/scenario"
	"orac/sim/trial/judge"
	"orac/sim/trial/report"
)

// Tool runs what the binary is besides orac when a run starts it: a watchdog, a speech-to-text server, a home, a tracer. It returns
// the exit code, and false if args request none of them.
func Tool(args []string, in io.Reader, out, stderr io.Writer) (code int, is bool) {
	if len(args) == 0 {
		return 0, false
	}
	switch args[0] {
	case WatchdogCommand:
		return journal.WatchdogMain(args[1:], in, out, stderr), true
	case ServerCommand:
		return sttserver.Main(in, out, stderr), true
	case HouseCommand:
		return homeserver.Main(args[1:], in, out, stderr), true
	case ptrace.Command:
		return ptrace.Main(args[1:], stderr), true
	}
	return 0, false
}

// Machine returns what this machine lacks for any run at all; nil if nothing.
func Machine() error {
	for _, program := range []string{"pulseaudio", "pactl"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s is not installed: run make deps", program)
		}
	}
	return nil
}

// All runs and judges scenarios, up to workers at a time. A scenario that could not run is unknown, with the reason.
func All(ctx context.Context, list []*scenario.Scenario, workers int, o Options) report.Report {
	began := time.Now()
	r := report.Report{Version: report.Version, Backend: "chaos", Began: began, Scenarios: make([]report.Scenario, len(list))}
	next := make(chan int)
	var busy sync.WaitGroup
	for range max(1, min(workers, len(list))) {
		busy.Go(func() {
			for i := range next {
				r.Scenarios[i] = one(ctx, list[i], o)
			}
		})
	}
	for i := range list {
		next <- i
	}
	close(next)
	busy.Wait()
	if ctx.Err() != nil {
		r.Ended = "interrupted"
	}
	r.Wall = time.Since(began).Seconds()
	return r
}

// one runs a scenario and judges it.
func one(ctx context.Context, sc *scenario.Scenario, o Options) report.Scenario {
	began := time.Now()
	out := report.Scenario{
		Name: sc.Head.Name, File: sc.File, Line: judge.Line(sc, sc.Head.Address), Doc: sc.Head.Doc, For: sc.Head.For.Seconds(),
		Inference: "real", Asked: 1,
	}
	out.Promises, out.Sometimes = judge.Declared(sc)
	if ctx.Err() != nil {
		report.Collect(&out)
		return out
	}
	if say := o.Say; say != nil {
		o.Say = func(text string) { say(sc.Head.Name + ": " + text) }
	}
	r, err := Run(ctx, sc, o)
	if err != nil {
		r.Unsupported = append(r.Unsupported, err.Error())
	}
	r.Seed = o.Seed
	out.Runs = []report.Run{r}
	out.Virtual, out.Wall = r.Virtual, time.Since(began).Seconds()
	report.Collect(&out)
	return out
}
