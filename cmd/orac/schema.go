package main

import (
	"github.com/spf13/cobra"

	"orac/runbook"
	"orac/runbook/scenario"
)

func (a *app) schemaCommand() *cobra.Command {
	var markdown, scenarios bool
	c := &cobra.Command{
		Use:   "schema",
		Short: "print the JSON Schema or the reference of runbooks, or of scenarios",
		Example: `  orac schema > orac.schema.json
  orac schema --markdown | less
  orac schema --scenario --markdown | less`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text := runbook.JSONSchema
			switch {
			case scenarios && markdown:
				text = scenario.Language.Reference
			case scenarios:
				text = scenario.Language.JSONSchema
			case markdown:
				text = runbook.Reference
			}
			_, err := a.out.Write(text())
			return failed(err)
		},
	}
	c.Flags().BoolVar(&markdown, "markdown", false, "print the reference as Markdown")
	c.Flags().BoolVar(&scenarios, "scenario", false, "for scenarios instead of runbooks")
	return a.withJSON(c)
}
