package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"orac/appliance/status"
	"orac/web/control"
)

const (
	fewLines  = 100
	manyLines = 100_000
)

func (a *app) logsCommand() *cobra.Command {
	var follow bool
	var n int
	c := &cobra.Command{
		Use:   "logs",
		Short: "show what the running appliance has logged",
		Example: `  orac logs
  orac logs -f -n 0
  orac logs --json | jq 'select(.level == "WARN")'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if n < 0 || n > manyLines {
				return usage("-n %d: it must be from 0 to %d", n, manyLines)
			}
			daemon, err := a.daemon()
			if err != nil {
				return err
			}
			return a.logs(c.Context(), daemon, n, follow)
		},
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on with what is logged from now on, until Ctrl-C")
	c.Flags().IntVarP(&n, "lines", "n", fewLines, "how many of the last lines to show")
	return a.withJSON(a.withState(a.withRunbook(c)))
}

// withRunbook is withFile without -f, which follows here as it does in tail.
func (a *app) withRunbook(c *cobra.Command) *cobra.Command {
	c.Flags().StringVar(&a.file, "file", defaultFile, "the runbook")
	c.Flags().StringArrayVar(&a.vars, "var", nil, "give a variable of the runbook a value: name=value (repeatable)")
	return c
}

// logs shows the last n lines, and goes on from there.
func (a *app) logs(ctx context.Context, daemon *control.Client, n int, follow bool) error {
	show := func(l status.LogLine) error { a.out.Log(l); return nil }
	if a.json {
		lines := json.NewEncoder(a.out)
		show = func(l status.LogLine) error { return lines.Encode(l) }
	}
	var last []status.LogLine
	var after uint64
	err := daemon.Logs(ctx, 0, false, func(l status.LogLine) error {
		after = l.Seq
		if last = append(last, l); len(last) > n {
			last = last[1:]
		}
		return nil
	})
	for _, l := range last {
		if err == nil {
			err = show(l)
		}
	}
	if err == nil && follow {
		err = daemon.Logs(ctx, after, true, show)
	}
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return failed(errors.New("the log ends: the appliance has stopped, or this terminal was too slow for it"))
	}
	return a.refused(err)
}
