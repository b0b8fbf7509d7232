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
		graph, err = appliance.Compile(rb)
	}
	if a.json {
		report := struct {
			Valid       bool                `json:"valid"`
			Diagnostics runbook.Diagnostics `json:"diagnostics"`
			Error       string              `json:"error,omitempty"`
		}{Valid: rb != nil && err == nil, Diagnostics: problems}
		if err != nil {
			report.Error = err.Error()
		}
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
	if err != nil {
		return failed(err)
	}
	fmt.Fprintf(a.out, "%s %s: %d listeners, %d models, %d nodes\n", a.out.Good("valid"), a.file, len(rb.Listeners), len(rb.Models), len(graph.Nodes))
	return nil
}

// printJSON prints a report.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return failed(e.Encode(v))
}
