package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"orac/appliance/logbook"
	"orac/appliance/status"
	"orac/web/control"
)

const (
	fewLines  = 100
	manyLines = 100_000
)

func (a *app) logsCommand() *cobra.Command {
	var follow, requests bool
	var n int
	c := &cobra.Command{
		Use:   "logs",
		Short: "show the log of the running appliance",
		Long: `Shows the newest lines of the log, from the memory of the running appliance. One line for each request of the web
server would hide the rest: --requests shows these, too. Requests that failed because of ORAC are always shown.`,
		Example: `  orac logs
  orac logs -f -n 0
  orac logs --requests
  orac logs --json | jq 'select(.level == "WARN")'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if n < 0 || n > manyLines {
				return usage("-n %d: it must be from 0 to %d", n, manyLines)
			}
			daemon := a.daemon()
			return a.logs(c.Context(), daemon, logsWanted{n, follow, requests})
		},
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "continue with new lines until Ctrl-C")
	c.Flags().BoolVar(&requests, "requests", false, "show a line for each request of the web server, too")
	c.Flags().IntVarP(&n, "lines", "n", fewLines, "show the last `N` lines")
	return a.withJSON(a.withState(a.withRunbook(c)))
}

// withRunbook is withFile without -f: here -f means follow, as in tail.
func (a *app) withRunbook(c *cobra.Command) *cobra.Command {
	c.Flags().StringVar(&a.file, "file", defaultFile, "read the runbook from this `FILE`")
	a.withVars(c)
	return c
}

// logsWanted says which part of the log to show.
type logsWanted struct {
	lines            int
	follow, requests bool
}

// logs shows the last lines, and continues from there.
func (a *app) logs(ctx context.Context, daemon *control.Client, want logsWanted) error {
	show := func(l status.LogLine) error { a.out.Log(l); return nil }
	if a.json {
		lines := json.NewEncoder(a.out)
		show = func(l status.LogLine) error { return lines.Encode(l) }
	}
	hidden := func(l status.LogLine) bool { return l.Level == logbook.Request && !want.requests }
	var last []status.LogLine
	var after uint64
	err := daemon.Logs(ctx, 0, false, func(l status.LogLine) error {
		if after = l.Seq; hidden(l) {
			return nil
		}
		if last = append(last, l); len(last) > want.lines {
			last = last[1:]
		}
		return nil
	})
	for _, l := range last {
		if err == nil {
			err = show(l)
		}
	}
	if err == nil && want.follow {
		err = daemon.Logs(ctx, after, true, func(l status.LogLine) error {
			if hidden(l) {
				return nil
			}
			return show(l)
		})
	}
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return failed(errors.New("the log ends: the appliance has stopped, or this terminal was too slow for it"))
	}
	return a.refused(err)
}
