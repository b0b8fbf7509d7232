package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"orac/appliance"
	"orac/appliance/boot"
	"orac/appliance/graph"
	"orac/cmd/orac/screen"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/scenario"
)

func (a *app) validateCommand() *cobra.Command {
	var strict bool
	c := &cobra.Command{
		Use:   "validate [FILE]",
		Short: "check a runbook or a scenario, and report every problem",
		Long: `Checks the runbook and reports every problem with its place. Nothing is started. A file or program that does not exist yet is a
warning, since it may exist later. So is a missing secret on a machine that is not the device: no appliance has run there, or its
state belongs to another user. --strict makes that an error. A scenario is checked together with the runbook that it runs.`,
		Example: `  orac validate
  orac validate -f kitchen.hcl --var room=kitchen
  orac validate examples/scenarios/blocked_read.hcl
  orac validate --json | jq '.diagnostics[].summary'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				a.file = args[0]
			}
			return a.validate(strict)
		},
	}
	c.Flags().BoolVar(&strict, "strict", false, "treat a secret that is not on this machine as an error")
	return a.withJSON(a.withState(a.withFile(c)))
}

// evaluated is a runbook, or a scenario with the runbook that it runs, as far as it can be evaluated.
type evaluated struct {
	rb       *runbook.Runbook
	sc       *scenario.Scenario
	problems language.Diagnostics
}

// evaluate evaluates the file. A scenario gets stand-ins for secrets, as when it runs.
func (a *app) evaluate(src []byte, o language.Options) (e evaluated) {
	if !scenario.Is(src) {
		e.rb, e.problems = runbook.Parse(src, a.file, o)
		return e
	}
	o.Secret, o.StandIns = standsIn, true
	if e.sc, e.problems = scenario.Parse(src, a.file, o); e.sc != nil {
		var more language.Diagnostics
		e.rb, _, more = e.sc.Runbook(o)
		e.problems = append(e.problems, more...)
	}
	return e
}

func standsIn(string) (string, error) { return "stands in for a secret of the device", nil }

// elsewhere evaluates a runbook on a machine that is not its device, and turns each missing secret into a warning.
func (a *app) elsewhere(src []byte, o language.Options, e evaluated, why string) evaluated {
	var missing language.Diagnostics
	for _, d := range e.problems {
		if d.NoSecret() {
			d.Severity = language.Warning
			d.Detail = why + " The device must have it. With --strict this is an error."
			missing = append(missing, d)
		}
	}
	if len(missing) == 0 {
		return e
	}
	o.Secret, o.StandIns = standsIn, true
	e = a.evaluate(src, o)
	e.problems = append(missing, e.problems...)
	return e
}

// notTheDevice returns why this machine, or this user, does not have the secrets of a runbook; "" if they should be here.
// An appliance that has run, or orac secrets, leaves a trace in the state directory.
func (a *app) notTheDevice() string {
	state := a.namedState()
	if state == "" {
		state = boot.SpelledState(a.file)
	}
	for _, trace := range []string{"hash.key", language.SecretsDir} {
		switch _, err := os.Lstat(filepath.Join(state, trace)); {
		case err == nil:
			return ""
		case errors.Is(err, fs.ErrPermission):
			return fmt.Sprintf("You may not read %s, which holds the secrets of the appliance.", screen.Clean(state))
		}
	}
	return fmt.Sprintf("No appliance has run here: %s holds no secrets.", screen.Clean(state))
}

func (a *app) validate(strict bool) error {
	o := a.options()
	src, problems := runbook.Vocabulary.Read(a.file, o)
	var e evaluated
	if !problems.HasErrors() {
		e = a.evaluate(src, o)
		if why := a.notTheDevice(); why != "" && !strict {
			e = a.elsewhere(src, o, e, why)
		}
		problems = e.problems
	}
	rb, sc := e.rb, e.sc
	var compiled *graph.Graph
	if rb != nil {
		problems = append(problems, appliance.Check(rb)...)
		if !problems.HasErrors() {
			var err error
			if compiled, err = graph.Compile(rb); err != nil {
				return failed(err)
			}
			if sc != nil {
				problems = append(problems, sc.Nodes(addresses(compiled))...)
			}
		}
	}
	if a.json {
		report := validReport{compiled != nil && !problems.HasErrors(), problems}
		if err := a.printJSON(report); err != nil {
			return err
		}
		if !report.Valid {
			return &exit{code: exitFailed}
		}
		return nil
	}
	if err := a.diagnose(problems); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s %s: %s\n", a.out.Good("valid"), a.file, contents(sc, rb, compiled))
	return nil
}

// validReport is what orac validate --json prints.
type validReport struct {
	Valid       bool                 `json:"valid"`
	Diagnostics language.Diagnostics `json:"diagnostics"`
}

// addresses returns the addresses of the nodes of a graph.
func addresses(g *graph.Graph) []string {
	var out []string
	for _, n := range g.Nodes {
		out = append(out, n.Address)
	}
	return out
}

// contents says in a few words what a file holds.
func contents(sc *scenario.Scenario, rb *runbook.Runbook, g *graph.Graph) string {
	if sc != nil {
		promises := len(sc.Recoveries) + len(sc.Steady) + len(sc.Holds) + len(sc.Flats) + len(sc.Sometimes)
		return fmt.Sprintf("runs %s, %s, %s, %s, %s", language.FormatDuration(sc.Head.For), plural(len(sc.Sounds), "sound", "sounds"),
			plural(len(sc.Faults), "fault", "faults"), plural(promises, "promise", "promises"), plural(len(g.Nodes), "node", "nodes"))
	}
	return fmt.Sprintf("%s, %s, %s", plural(len(rb.Listeners), "listener", "listeners"),
		plural(len(rb.Models), "model", "models"), plural(len(g.Nodes), "node", "nodes"))
}

// plural returns a number with its noun.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// printJSON prints a report.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return failed(e.Encode(v))
}
