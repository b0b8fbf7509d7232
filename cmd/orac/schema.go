package main

import (
	"github.com/spf13/cobra"

	"orac/runbook"
	"orac/runbook/hook"
	"orac/runbook/scenario"
)

func (a *app) schemaCommand() *cobra.Command {
	var markdown, scenarios, events bool
	c := &cobra.Command{
		Use:   "schema",
		Short: "print the JSON Schema or the reference of runbooks, scenarios or webhook events",
		Example: `  orac schema > orac.schema.json
  orac schema --markdown | less
  orac schema --scenario --markdown | less
  orac schema --events > events.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text := runbook.Vocabulary.JSONSchema
			switch {
			case events && markdown:
				text = func() []byte { return []byte(hook.Markdown()) }
			case events:
				text = hook.JSONSchema
			case scenarios && markdown:
				text = scenario.Vocabulary.Reference
			case scenarios:
				text = scenario.Vocabulary.JSONSchema
			case markdown:
				text = runbook.Vocabulary.Reference
			}
			_, err := a.out.Write(text())
			return failed(err)
		},
	}
	c.Flags().BoolVar(&markdown, "markdown", false, "print the reference as Markdown")
	c.Flags().BoolVar(&scenarios, "scenario", false, "for scenarios instead of runbooks")
	c.Flags().BoolVar(&events, "events", false, "for the events that webhooks are sent, instead of runbooks")
	c.MarkFlagsMutuallyExclusive("scenario", "events")
	return a.withJSON(c)
}
