package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"orac/appliance"
	"orac/runbook"
	"orac/runbook/scenario"
)

func (a *app) validateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "validate [FILE]",
		Short: "check a runbook or a scenario, and report every problem",
		Long: `Checks the runbook and reports every problem with its place. Nothing is started. A file or program that does not exist yet is a
warning, since it may exist later. A scenario is checked together with the runbook that it runs.`,
		Example: `  orac validate
  orac validate -f kitchen.hcl --var room=kitchen
  orac validate examples/scenarios/blocked_read.hcl
  orac validate --json | jq '.diagnostics[].summary'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				a.file = args[0]
			}
			return a.validate()
		},
	}
	return a.withJSON(a.withFile(c))
}

func (a *app) validate() error {
	o, err := a.options()
	if err != nil {
		return err
	}
	src, problems := runbook.Read(a.file, o)
	var rb *runbook.Runbook
	var sc *scenario.Scenario
	switch {
	case problems.HasErrors():
	case scenario.Is(src):
		if sc, problems = scenario.Parse(src, a.file, o); sc != nil {
			var more runbook.Diagnostics
			rb, _, more = sc.Runbook(o)
			problems = append(problems, more...)
		}
	default:
		rb, problems = runbook.Parse(src, a.file, o)
	}
	var graph *appliance.Graph
	if rb != nil {
		problems = append(problems, appliance.Check(rb)...)
		if !problems.HasErrors() {
			if graph, err = appliance.Compile(rb); err != nil {
				return failed(err)
			}
			if sc != nil {
				problems = append(problems, sc.Nodes(addresses(graph))...)
			}
		}
	}
	if a.json {
		report := validReport{graph != nil && !problems.HasErrors(), problems}
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
	fmt.Fprintf(a.out, "%s %s: %s\n", a.out.Good("valid"), a.file, contents(sc, rb, graph))
	return nil
}

// validReport is what orac validate --json prints.
type validReport struct {
	Valid       bool                `json:"valid"`
	Diagnostics runbook.Diagnostics `json:"diagnostics"`
}

// addresses are those of the nodes of a graph.
func addresses(g *appliance.Graph) []string {
	var out []string
	for _, n := range g.Nodes {
		out = append(out, n.Address)
	}
	return out
}

// contents says in a few words what a file holds.
func contents(sc *scenario.Scenario, rb *runbook.Runbook, graph *appliance.Graph) string {
	if sc != nil {
		promises := len(sc.Recoveries) + len(sc.Steady) + len(sc.Holds) + len(sc.Flats) + len(sc.Sometimes)
		return fmt.Sprintf("runs %s, %s, %s, %s, %s", runbook.FormatDuration(sc.Head.For), plural(len(sc.Sounds), "sound", "sounds"),
			plural(len(sc.Faults), "fault", "faults"), plural(promises, "promise", "promises"), plural(len(graph.Nodes), "node", "nodes"))
	}
	return fmt.Sprintf("%s, %s, %s", plural(len(rb.Listeners), "listener", "listeners"),
		plural(len(rb.Models), "model", "models"), plural(len(graph.Nodes), "node", "nodes"))
}

// plural gives a number with its noun.
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
