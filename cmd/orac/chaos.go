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
	"orac/sim"
	"orac/sim/trial/report"
)

// chaosFlags holds the flags of orac chaos.
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
		Short: "break a real appliance in real ways, and judge its promises",
		Long: `Runs scenarios in real time on a real appliance: this binary, its own audio server with virtual microphones, a speech-to-text server
behind a proxy that breaks connections, and a state directory on a file system of its own. --list shows which faults this machine
can make, and how. A run with a fault that it cannot make counts as unknown, never as kept.

It touches only processes that it has started. Before it makes a fault it writes down how to undo it, and a watchdog does that if
this process dies. The file system needs root, or: unshare --user --map-root-user --mount orac chaos …

--compare shows the recovery times beside those of a report of orac sim. A real time outside the simulated range is a defect of
the model.

Exit codes: 0 every promise was kept, 1 one was broken, 2 not known, 64 wrong usage or a wrong scenario.`,
		Example: `  orac chaos --list
  orac chaos examples/scenarios/unplug.hcl
  orac chaos examples/scenarios/*.hcl --html chaos.html
  orac sim unplug.hcl --seeds 1-20 --json sim.json; orac chaos unplug.hcl --compare sim.json`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, paths []string) error { return a.chaos(c.Context(), f, paths) },
	}
	f.flags(c)
	c.Flags().Uint64Var(&f.seed, "seed", 1, "seed the random choices with this `SEED`")
	c.Flags().IntVar(&f.workers, "workers", 1, "run `N` scenarios at a time; they share the processors")
	c.Flags().StringVar(&f.compare, "compare", "", "compare the times with the report of orac sim in this `FILE`")
	c.Flags().StringVar(&f.sounds, "sounds", ".orac/sounds", "take the spoken commands from this `DIR`")
	c.Flags().StringVar(&f.binary, "binary", "", "break this `PROGRAM` instead of this one")
	c.Flags().BoolVar(&f.list, "list", false, "list the faults, and how this machine makes them")
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
		r, err := report.ReadFile(f.compare, os.Stdin)
		if err != nil {
			return usage("--compare: %w", err)
		}
		simulated = &r
	}
	if err := play.Machine(); err != nil {
		return &exit{report.ExitUnknown, err}
	}
	o := play.Options{Seed: f.seed, Sounds: f.sounds}
	if o.Models, err = filepath.Abs(a.simStore(list, "", a.options()).Dir); err != nil {
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

// chaosScenarios reads scenarios, and drops those that cannot run here.
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
	all, err := a.scenarios(paths, a.options())
	if err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(all, func(sc *scenario.Scenario) bool {
		if slices.Contains(sc.Head.Backends, "chaos") {
			return false
		}
		fmt.Fprintf(a.err, "%s %s runs only in the simulator: its backends lack chaos\n", a.err.Faint("note:"), screen.Clean(sc.File))
		return true
	})
	if len(list) == 0 {
		return nil, usage(`none of these scenarios can run on a live appliance: write backends = ["sim", "chaos"] into one that can`)
	}
	return list, nil
}

func (a *app) chaosReport(r report.Report, simulated *report.Report, f chaosFlags) error {
	err := a.showReport(r, f.forms)
	if simulated != nil {
		to := a.out
		if f.toStdout() {
			to = a.err
		}
		c := report.Compare(*simulated, r, report.DefaultTolerance)
		err = errors.Join(err, c.Terminal(to, report.Look{Colour: to.Colour(), Width: to.Width()}))
	}
	return a.verdict(r, err)
}

// chaosList says which faults can be made on this machine, and how.
func (a *app) chaosList() error {
	rows := [][]string{{"FAULT", "HERE", "HOW"}}
	for _, k := range scenario.Kinds() {
		if err := play.Here(k.Kind); err != nil {
			why := screen.Clean(err.Error())
			if how, modelled := sim.How(k.Kind); modelled {
				why += "; orac sim models it: " + how
			}
			rows = append(rows, []string{string(k.Kind), "unsupported", why})
			continue
		}
		mk, _ := play.MakerOf(k.Kind) // it can be made here
		rows = append(rows, []string{string(k.Kind), "real", mk.How})
	}
	a.out.Table(rows)
	if err := play.Machine(); err != nil {
		return &exit{report.ExitUnknown, err}
	}
	return nil
}
