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
		Short: "print the language of runbooks or scenarios, or the events of webhooks: JSON Schema, or reference documentation",
		Example: `  orac schema > orac.schema.json
  orac schema --markdown | less
  orac schema --scenario --markdown | less
  orac schema --events > events.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text := runbook.JSONSchema
			switch {
			case events && markdown:
				text = func() []byte { return []byte(hook.Markdown()) }
			case events:
				text = hook.JSONSchema
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
	c.Flags().BoolVar(&markdown, "markdown", false, "print the reference documentation")
	c.Flags().BoolVar(&scenarios, "scenario", false, "print that of scenarios")
	c.Flags().BoolVar(&events, "events", false, "print that of the events that webhooks are sent")
	c.MarkFlagsMutuallyExclusive("scenario", "events")
	return a.withJSON(c)
}
