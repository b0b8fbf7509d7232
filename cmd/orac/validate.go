package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"orac/appliance"
	"orac/runbook"
)

func (a *app) validateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "validate [FILE]",
		Short: "check the runbook and report every problem in it",
		Long: `Checks the runbook and reports every problem in it with its place, and without starting anything. Files and programs that
it names and that are not there are warnings, since they may appear before it runs.`,
		Example: `  orac validate
  orac validate -f kitchen.hcl --var room=kitchen
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
	rb, problems := runbook.Load(a.file, o)
	var graph *appliance.Graph
	if rb != nil {
		problems = append(problems, appliance.Check(rb)...)
		if !problems.HasErrors() {
			if graph, err = appliance.Compile(rb); err != nil {
				return failed(err)
			}
		}
	}
	if a.json {
		report := struct {
			Valid       bool                `json:"valid"`
			Diagnostics runbook.Diagnostics `json:"diagnostics"`
		}{graph != nil, problems}
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
	fmt.Fprintf(a.out, "%s %s: %s, %s, %s\n", a.out.Good("valid"), a.file, plural(len(rb.Listeners), "listener", "listeners"),
		plural(len(rb.Models), "model", "models"), plural(len(graph.Nodes), "node", "nodes"))
	return nil
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
