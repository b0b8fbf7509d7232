package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"orac/appliance"
	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/cmd/orac/screen"
	"orac/models"
	"orac/runbook"
)

func (a *app) runCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "run",
		Short: "be the appliance that the runbook declares",
		Long: `Runs the appliance: opens its devices, listens, records what follows a wake word and delivers it.
It goes on until it is told to stop (Ctrl-C, SIGTERM; once more: at once), or until the sound of all its files is over and
everything is delivered. With --json every event is a line of JSON.`,
		Example: `  orac run
  orac run -f examples/runbooks/kitchen.hcl --state-dir /var/lib/orac
  orac run --json | jq 'select(.kind == "delivered") | .text'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.run(c.Context()) },
	}
	return a.withJSON(a.withState(a.withFile(c)))
}

func (a *app) run(ctx context.Context) error {
	rb, err := a.load()
	if err != nil {
		return err
	}
	graph, err := appliance.Compile(rb)
	if err != nil {
		return failed(err)
	}
	state, err := appliance.OpenState(a.state(rb))
	if err != nil {
		return failed(err)
	}
	defer state.Close()
	if s := state.SetAside; s != nil {
		fmt.Fprintf(a.err, "%s the history was damaged (%v); it is kept as %s, and a new one is begun\n", a.err.Warn("orac:"), s.Why, s.Path)
	}
	parts, err := appliance.World(rb, state, a.models(rb))
	if err != nil {
		return failed(err)
	}
	return failed(a.appear(ctx, rb, graph, parts))
}

// appear runs the graph and shows what happens.
func (a *app) appear(ctx context.Context, rb *runbook.Runbook, graph *appliance.Graph, parts *appliance.Parts) error {
	events := rt.NewMailbox[event.Event]("events to the terminal", 4096)
	parts.Events = parts.Events.With(events)
	if !a.json {
		parts.Meters = parts.Meters.With(events)
		fmt.Fprintf(a.out, "%s %s  %s\n", a.out.Strong("orac"), screen.Clean(rb.Appliance.Name),
			a.out.Faint(fmt.Sprintf("%s · %d nodes · state in %s · Ctrl-C stops it", rb.File, len(graph.Nodes), a.state(rb))))
	}
	err := live.New(nil).Run(ctx, "orac", func(t *rt.Task) error {
		show := t.Shield("terminal", func(t *rt.Task) error { return a.show(t, events) })
		err := appliance.Run(t, graph, parts)
		events.Close(t)
		_ = t.Outlast(show, rt.Never) // it ends with the last event
		return err
	})
	a.out.Still()
	if errors.Is(err, rt.ErrStopped) {
		return nil
	}
	return err
}

// show shows events until there are no more.
func (a *app) show(t *rt.Task, events *rt.Mailbox[event.Event]) error {
	view, lines := screen.NewEvents(a.out), json.NewEncoder(a.out)
	for {
		e, err := events.Recv(t, rt.Never)
		if err != nil {
			return nil
		}
		if !a.json {
			view.Show(e)
		} else if err := lines.Encode(e); err != nil {
			return err // nobody reads any more; the appliance goes on
		}
	}
}

// models is where model files are.
func (a *app) models(rb *runbook.Runbook) models.Store {
	return models.Store{Dir: modelsDir(a.state(rb))}
}
