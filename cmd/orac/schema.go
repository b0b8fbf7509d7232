package main

import (
	"github.com/spf13/cobra"

	"orac/runbook"
)

func (a *app) schemaCommand() *cobra.Command {
	var markdown bool
	c := &cobra.Command{
		Use:   "schema",
		Short: "print the runbook language: JSON Schema, or reference documentation",
		Example: `  orac schema > orac.schema.json
  orac schema --markdown | less`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text := runbook.JSONSchema()
			if markdown {
				text = runbook.Reference()
			}
			_, err := a.out.Write(text)
			return failed(err)
		},
	}
	c.Flags().BoolVar(&markdown, "markdown", false, "print the reference documentation")
	return a.withJSON(c)
}
