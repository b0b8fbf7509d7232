package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"orac/chaos/play"
	"orac/cmd/orac/screen"
	"orac/runbook/scenario"
	"orac/sim/report"
)

// chaosFlags are the flags of orac chaos.
type chaosFlags struct {
	forms
	seed                    uint64
	workers                 int
	compare, sounds, binary string
	list                    bool
}

func (a *app) chaosCommand() *cobra.Command {
	var f chaosFlags
	c := &cobra.Command{
		Use:   "chaos {SCENARIO… | --list}",
		Short: "run scenarios on a live appliance with real faults, and judge its promises",
		Long: `Runs scenarios on the real thing, in real time: this binary, an audio server of its own with virtual microphones, a
speech-to-text server in a process of its own behind a proxy that breaks connections, a state directory on a file system of its
own. Faults are real where this machine can make them; --list says which, and how. One that cannot be made is unsupported, and
a run with one is unknown, never kept.

Only processes that it started are touched. How a fault is undone is written down before it is made, and a watchdog undoes it
if this process dies. It takes root for the file system; without: unshare --user --map-root-user --mount orac chaos …

With --compare the times of recovery stand beside those of a report of orac sim: a fault whose real recovery is outside the
simulated range is a defect of the model.

Exit codes: 0 every promise was kept; 1 one was broken; 2 not known; 64 usage, or a scenario that is wrong.`,
		Example: `  orac chaos --list
  orac chaos examples/scenarios/unplug.hcl
  orac chaos examples/scenarios/*.hcl --html chaos.html
  orac sim unplug.hcl --seeds 1-20 --json sim.json; orac chaos unplug.hcl --compare sim.json`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, paths []string) error { return a.chaos(c.Context(), f, paths) },
	}
	f.flags(c)
	c.Flags().Uint64Var(&f.seed, "seed", 1, "the seed that what is random is drawn from")
	c.Flags().IntVar(&f.workers, "workers", 1, "scenarios at the same time: each has a world of its own, but they share the processors")
	c.Flags().StringVar(&f.compare, "compare", "", "set the times beside those of this report of orac sim")
	c.Flags().StringVar(&f.sounds, "sounds", ".orac/sounds", "the folder of spoken commands that make deps makes")
	c.Flags().StringVar(&f.binary, "binary", "", "the orac that is broken; default: this one")
	c.Flags().BoolVar(&f.list, "list", false, "list the kinds of faults, and how they are made on this machine")
	_ = c.MarkFlagDirname("sounds") // it is there: the lines above
	return c
}

func (a *app) chaos(ctx context.Context, f chaosFlags, paths []string) error {
	if f.list {
		return a.chaosList()
	}
	list, err := a.chaosScenarios(f, paths)
	if err != nil {
		return err
	}
	var simulated *report.Report
	if f.compare != "" {
		r, err := readReport(f.compare, os.Stdin)
		if err != nil {
			return usage("--compare: %w", err)
		}
		simulated = &r
	}
	if err := play.Machine(); err != nil {
		return &exit{report.ExitUnknown, err}
	}
	o := play.Options{Seed: f.seed, Sounds: f.sounds}
	if o.Models, err = filepath.Abs(a.store(nil).Dir); err != nil {
		return failed(err)
	}
	if f.binary != "" {
		if o.Binary, err = filepath.Abs(f.binary); err != nil {
			return failed(err)
		}
	}
	began := time.Now()
	o.Say = func(text string) {
		fmt.Fprintf(a.err, "%s %s\n", a.err.Faint(fmt.Sprintf("%6.1f s", time.Since(began).Seconds())), screen.Clean(text))
	}
	r := play.All(ctx, list, f.workers, o)
	r.Orac = version()
	return a.chaosReport(r, simulated, f)
}

// chaosScenarios reads scenarios, and leaves those that can run here.
func (a *app) chaosScenarios(f chaosFlags, paths []string) ([]*scenario.Scenario, error) {
	if len(paths) == 0 {
		return nil, usage("name a scenario, or --list")
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.workers < 1 {
		return nil, usage("--workers %d: it must be 1 or more", f.workers)
	}
	o, err := a.options()
	if err != nil {
		return nil, err
	}
	all, err := a.scenarios(paths, o)
	if err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(all, func(sc *scenario.Scenario) bool {
		if slices.Contains(sc.Head.Backends, "chaos") {
			return false
		}
		fmt.Fprintf(a.err, "%s %s is for the simulator alone: its backends do not have chaos\n", a.err.Faint("note:"), screen.Clean(sc.File))
		return true
	})
	if len(list) == 0 {
		return nil, usage(`none of these scenarios runs on a live appliance: write backends = ["sim", "chaos"] into one that can`)
	}
	return list, nil
}

func (a *app) chaosReport(r report.Report, simulated *report.Report, f chaosFlags) error {
	code := r.Exit()
	err := a.showReport(r, f.forms)
	if simulated != nil {
		to := a.out
		if f.toStdout() {
			to = a.err
		}
		c := report.Compare(*simulated, r, report.DefaultTolerance)
		err = errors.Join(err, c.Terminal(to, report.Look{Colour: to.Colour(), Width: to.Width()}))
	}
	if err != nil {
		a.complain(err)
		if code == report.ExitKept { // nobody can read that it was
			code = report.ExitUnknown
		}
	}
	if code != report.ExitKept {
		return &exit{code: code}
	}
	return nil
}

// chaosList says which faults can be made on this machine, and how.
func (a *app) chaosList() error {
	rows := [][]string{{"FAULT", "HERE", "HOW"}}
	for _, k := range play.Kinds {
		if err := k.Here(); err != nil {
			rows = append(rows, []string{string(k.Kind), "unsupported", screen.Clean(err.Error())})
			continue
		}
		rows = append(rows, []string{string(k.Kind), "real", k.How})
	}
	a.out.Table(rows)
	if err := play.Machine(); err != nil {
		return &exit{report.ExitUnknown, err}
	}
	return nil
}
