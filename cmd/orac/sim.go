package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orac/cmd/orac/screen"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/scenario"
	"orac/sim"
	"orac/sim/trace"
	"orac/sim/trial/report"
	"orac/sim/trial/seeds"
)

// simulate runs scenarios; tests replace it with a rehearsal.
var simulate = sim.Simulate

// simFlags holds the flags of orac sim.
type simFlags struct {
	forms
	seed    uint64
	seeds   string
	length  string // --for
	told    string // --progress
	trace   string
	shrink  bool
	workers int

	oneSeed, runbook bool // --seed, -f are given
}

func (a *app) simCommand() *cobra.Command {
	var f simFlags
	c := &cobra.Command{
		Use:   "sim {SCENARIO… | -f RUNBOOK}",
		Short: "simulate the appliance in virtual time with faults, and judge its promises",
		Long: `Runs scenarios: the graph of the appliance, its supervision and its recovery, in virtual time, in a world that breaks as the scenario
says or as the seed draws it. It prints each promise and how well it was kept. For a broken one it shows the line, what was seen,
the seed, and the command that repeats it.

With -f the scenarios run with that runbook instead of their own. -f alone runs a quiet hour in which nothing may happen. The same
seed gives the same run, byte for byte; one run in ten is made twice to prove it. Ctrl-C ends early and reports what has ended.

Exit codes: 0 every promise was kept; 1 one was broken; 2 not known, because a fault could not be made, a situation was never reached,
a promise was never tested, or you ended it early; 3 one seed gave two different runs; 64 wrong usage or a wrong scenario. On GitHub
(GITHUB_ACTIONS=true) each problem is also shown beside its line.`,
		Example: `  orac sim examples/scenarios/blocked_read.hcl
  orac sim examples/scenarios/swarm.hcl --seeds 1-200 --html report.html
  orac sim examples/scenarios/*.hcl --seeds 1-50 --junit sim.xml --json sim.json
  orac sim examples/scenarios/swarm.hcl --seed 17 --shrink
  orac sim -f orac.hcl --for 30d
  orac sim diff a.trace b.trace`,
		Args:        cobra.ArbitraryArgs,
		Annotations: map[string]string{takesFiles: "scenarios"},
		RunE: func(c *cobra.Command, paths []string) error {
			f.oneSeed, f.runbook = c.Flags().Changed("seed"), c.Flags().Changed("file")
			return a.sim(c.Context(), f, paths)
		},
	}
	f.flags(c)
	c.Flags().Uint64Var(&f.seed, "seed", 1, "run this `SEED`")
	c.Flags().StringVar(&f.seeds, "seeds", "", "run these `SEEDS`: 1-200, or 1-50,99")
	c.Flags().StringVar(&f.length, "for", "", "let each run take this `TIME`, like 72h or 30d (otherwise as the scenario says)")
	c.Flags().StringVar(&f.trace, "trace", "", "write the trace to this `PATH`: a file, or a folder for several runs; compressed if it ends in .gz")
	c.Flags().StringVar(&f.told, "progress", "", "write the progress to this `FILE`, twice a second, as a line of JSON")
	c.Flags().BoolVar(&f.shrink, "shrink", false, "look for the fewest faults that still break a promise")
	c.Flags().IntVar(&f.workers, "workers", 0, "make `N` runs at a time; 0: one for each core")
	c.AddCommand(a.simDiff(), a.simReport())
	c = a.withState(a.withFile(c))
	file := c.Flags().Lookup("file")
	file.Usage, file.DefValue = "run this `FILE` instead of the scenarios' own runbooks", ""
	return c
}

func (a *app) sim(ctx context.Context, f simFlags, paths []string) error {
	o, err := f.options(a)
	if err != nil {
		return err
	}
	if len(paths) == 0 && !f.runbook {
		return usage("name a scenario, or a runbook with -f")
	}
	list, err := a.scenarios(paths, o.Options)
	if err != nil {
		return err
	}
	if f.trace != "" {
		traces, err := trace.NewFiles(f.trace, len(list)*len(o.Seeds))
		if err != nil {
			return usage("--trace %s: %w", f.trace, err)
		}
		o.Trace = traces.Open
	}
	var told io.WriteCloser
	if f.told != "" {
		if told, err = os.OpenFile(f.told, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644); err != nil {
			return usage("--progress: %w", err)
		}
		defer told.Close()
	}
	r, err := a.simulated(ctx, list, o, told)
	var wrong language.Diagnostics
	switch {
	case err != nil && ctx.Err() == nil && errors.As(err, &wrong):
		_ = a.diagnose(wrong) // its error only says that there are errors, which is known
		return &exit{code: report.ExitUsage}
	case err != nil && ctx.Err() == nil:
		return &exit{report.ExitUnknown, err}
	}
	a.finish(ctx, &r, o, f)
	return a.verdict(r, a.showReport(r, f.forms))
}

// options returns what the flags say.
func (f *simFlags) options(a *app) (o sim.Options, err error) {
	o.Options = a.options()
	if err := f.check(); err != nil {
		return o, err
	}
	o.Seeds, o.Workers, o.Shrink = []uint64{f.seed}, f.workers, f.shrink
	if f.seeds != "" {
		if f.oneSeed {
			return o, usage("give --seed or --seeds, not both")
		}
		if o.Seeds, err = seeds.Parse(f.seeds); err != nil {
			return o, usage("--seeds %s: %w", f.seeds, err)
		}
	}
	if f.length != "" {
		if o.For, err = language.ParseDuration(f.length); err != nil || o.For <= 0 {
			return o, usage("--for %s: write it like 90s, 72h or 30d", f.length)
		}
	}
	if f.workers < 0 {
		return o, usage("--workers %d: it must be 0 or more", f.workers)
	}
	if f.runbook {
		o.Runbook = a.file
	}
	return o, nil
}

// scenarios reads the scenarios, and reports everything that is wrong with any of them. A file that some of them run as their
// runbook, as when a shell has expanded *.hcl, is skipped with a note.
func (a *app) scenarios(paths []string, o language.Options) (list []*scenario.Scenario, err error) {
	wrong, runbooks := false, 0
	take := func(sc *scenario.Scenario, problems language.Diagnostics) {
		wrong = a.diagnose(problems) != nil || wrong
		list = append(list, sc)
	}
	for _, path := range paths {
		src, problems := runbook.Vocabulary.Read(path, o)
		switch {
		case problems.HasErrors():
			take(nil, problems)
		case !scenario.Is(src) && language.HasBlock(src, "appliance"):
			fmt.Fprintf(a.err, "%s %s is a runbook, not a scenario: skipped\n", a.err.Faint("note:"), screen.Clean(path))
			runbooks++
		default:
			take(scenario.Parse(src, path, o))
		}
	}
	if len(paths) == 0 {
		take(quietScenario(a.file, o))
	}
	switch {
	case wrong:
		return nil, &exit{code: report.ExitUsage}
	case runbooks > 0 && len(list) == 0:
		return nil, usage("none of these files is a scenario; for a quiet hour of a runbook: orac sim -f %s", quote(paths[0]))
	}
	return list, nil
}

// simulated runs the scenarios and shows their progress, to a person or, if told is not nil, to a program.
func (a *app) simulated(ctx context.Context, list []*scenario.Scenario, o sim.Options, told io.Writer) (report.Report, error) {
	o.Store = a.simStore(list, o.Runbook, o.Options)
	debug.SetGCPercent(800) // a run holds some 30 MB and makes much short-lived garbage: this saves a sixth of the time
	var p progress
	o.Progress = p.set
	done, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		if told != nil {
			p.tell(told, done)
			return
		}
		p.watch(a.err, done)
	}()
	began := time.Now()
	r, err := simulate(ctx, list, o)
	close(done)
	<-over // the screen is this goroutine's again
	if r.Began.IsZero() {
		r.Began = began
	}
	if r.Wall == 0 {
		r.Wall = time.Since(began).Seconds()
	}
	return r, err
}

// finish fills in what only the command knows: whether it was interrupted, how many runs were requested, and how to repeat
// one.
func (a *app) finish(ctx context.Context, r *report.Report, o sim.Options, f simFlags) {
	r.Version, r.Backend, r.Orac = report.Version, "sim", version()
	if ctx.Err() != nil {
		r.Ended = "interrupted"
	}
	for i := range r.Scenarios {
		sc := &r.Scenarios[i]
		sc.Asked = max(sc.Asked, len(o.Seeds))
		for j := range sc.Runs {
			sc.Runs[j].Command = f.command(a, sc.File, sc.Runs[j].Seed)
		}
		text, _ := readRunbook(sc.File) // a file that has disappeared meanwhile adds nothing
		sc.AddSources(text)
		report.Collect(sc)
	}
}

// command returns the command that repeats one run. It leaves out the values of variables, which
// may be secret.
func (f *simFlags) command(a *app, file string, seed uint64) string {
	words := []string{"orac", "sim"}
	if strings.HasSuffix(file, builtIn) { // the runbook's own
		file = ""
	}
	if file != "" {
		words = append(words, quote(file))
	}
	if f.runbook {
		words = append(words, "-f", quote(a.file))
	}
	if f.length != "" {
		words = append(words, "--for", quote(f.length))
	}
	for _, name := range slices.Sorted(maps.Keys(a.vars)) {
		words = append(words, "--var", quote(name)+"=…")
	}
	return strings.Join(append(words, "--seed", fmt.Sprint(seed)), " ")
}

func (a *app) simReport() *cobra.Command {
	var f forms
	c := &cobra.Command{
		Use:   "report FILE",
		Short: "show a report that --json has written, and convert it",
		Long:  "Shows a report that orac sim or orac chaos has written with --json (- is standard input). The exit code is 0 whatever is in it.",
		Example: `  orac sim examples/scenarios/unplug.hcl --json sim.json
  orac sim report sim.json
  orac sim report sim.json --html report.html --junit sim.xml`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			r, err := report.ReadFile(args[0], c.InOrStdin())
			if err != nil {
				return failed(err)
			}
			return failed(a.showReport(r, f))
		},
	}
	f.flags(c)
	return c
}
