package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"orac/appliance/status"
	"orac/cmd/orac/screen"
	"orac/web/control"
)

// watchEvery is how often status --watch refreshes.
const watchEvery = time.Second

func (a *app) statusCommand() *cobra.Command {
	var watch bool
	c := &cobra.Command{
		Use:   "status",
		Short: "show the state of the running appliance",
		Long: `Shows the health of the appliance, the spool, the memory and the last incident; then each node of the graph: its state, how many
values it takes a second, how often it was restarted in the last hour, and what it had to drop.`,
		Example: `  orac status
  orac status --watch
  orac status --json | jq '.nodes[] | select(.restarts > 0)'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			daemon := a.daemon()
			if watch {
				return a.watch(c.Context(), daemon)
			}
			s, err := daemon.Status(c.Context())
			switch {
			case err != nil:
				return a.refused(err)
			case a.json:
				return a.printJSON(s)
			}
			a.out.Lines(screen.NewStatus(a.out).Lines(s, time.Now()))
			return nil
		},
	}
	c.Flags().BoolVar(&watch, "watch", false, "look again each second, until Ctrl-C")
	return a.withJSON(a.withState(a.withFile(c)))
}

// watch shows the status every second until ctx ends. If the appliance goes away, watch waits for it: it may be
// restarting.
func (a *app) watch(ctx context.Context, daemon *control.Client) error {
	s, err := daemon.Status(ctx)
	if err != nil {
		return a.refused(err)
	}
	view, lines := screen.NewStatus(a.out), json.NewEncoder(a.out)
	clock := time.NewTicker(watchEvery)
	defer clock.Stop()
	var last []string
	defer func() {
		a.out.EndFrames()
		if a.out.Moves() && !a.json { // what was seen last stays
			a.out.Lines(last)
		}
	}()
	for {
		switch {
		case a.json && err == nil:
			if err := lines.Encode(s); err != nil {
				return failed(err)
			}
		case a.json:
			a.complain(err)
		default:
			last = a.frame(view, s, err)
			a.out.Frame(last)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-clock.C:
		}
		var now status.Status
		if now, err = daemon.Status(ctx); err == nil {
			s = now
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

// frame shows the status; if it is an old one, the reason follows below.
func (a *app) frame(view *screen.Status, s status.Status, err error) []string {
	lines := view.Lines(s, time.Now())
	if err != nil {
		lines = append([]string{a.out.Bad("✗ " + screen.Clean(err.Error())), a.out.Faint("  Below: as it was. Asking again every second."), ""}, lines...)
	}
	return lines
}
