package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"orac/appliance/status"
	"orac/cmd/orac/screen"
	"orac/runbook/language"
)

func (a *app) muteCommand() *cobra.Command {
	var r status.MuteRequest
	c := &cobra.Command{
		Use:   "mute [LISTENER]",
		Short: "have a listener, or all of them, stop listening",
		Long: `While a listener is muted it hears no wake word and records nothing, and nothing of the sound is kept. What is being recorded is
dropped. The microphone stays open, so that it listens at once when it is unmuted; a switch that cuts the microphone off is something
else.

The mute ends after the time of --for, or with orac unmute. A restart of ORAC does not end it. While it lasts, the status, the console and
the metrics say who muted it, and until when.`,
		Example: `  orac mute --for 1h
  orac mute kitchen
  orac mute --json --for 10m | jq -r '.muted[].until'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				r.Listener = args[0]
			}
			if c.Flags().Changed("for") && (r.For < time.Second || r.For > status.MostMute) {
				return usage("--for %s: it must be from 1s to %s; without it the mute lasts until orac unmute", language.FormatDuration(r.For), language.FormatDuration(status.MostMute))
			}
			m, err := a.daemon().Mute(c.Context(), r)
			return a.muting(m, err)
		},
	}
	durationVar(c.Flags(), &r.For, "for", 0, "end the mute after this `TIME`, such as 1h or 7d (otherwise orac unmute ends it)")
	return a.withJSON(a.withState(a.withFile(c)))
}

func (a *app) unmuteCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "unmute [LISTENER]",
		Short: "have a listener, or all of them, listen again",
		Long:  `Ends the mute of a listener, or all mutes. A listener that is unmuted while all are muted listens alone.`,
		Example: `  orac unmute
  orac unmute kitchen`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var r status.MuteRequest
			if len(args) > 0 {
				r.Listener = args[0]
			}
			m, err := a.daemon().Unmute(c.Context(), r)
			return a.muting(m, err)
		},
	}
	return a.withJSON(a.withState(a.withFile(c)))
}

// muting shows what is muted now.
func (a *app) muting(m status.Muting, err error) error {
	if err != nil {
		return a.refused(err)
	}
	if m.Note != "" {
		fmt.Fprintln(a.err, a.err.Warn(screen.Clean(m.Note)))
	}
	if a.json {
		return a.printJSON(m)
	}
	if len(m.Muted) == 0 {
		fmt.Fprintln(a.out, "all listeners listen")
	}
	for _, x := range m.Muted {
		fmt.Fprintln(a.out, screen.Clean(x.Words(time.Now())))
	}
	return nil
}

func (a *app) restartCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "restart",
		Short: "restart the running appliance in order, as the same process",
		Long: `The appliance ends as it does after Ctrl-C: what is being recorded goes into the spool, and is delivered after the start. Then the process
replaces itself, with the same program, arguments and environment. So it works with and without a service manager, and a program that was
updated on the disk comes into force. The runbook that runs stays the one that runs.

It hears nothing for some seconds. The event "restarted" and the log say for how long.

If the program would not start, nothing happens, and the command says why.`,
		Example: `  orac restart`,
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.restart(c.Context()) },
	}
	return a.withJSON(a.withState(a.withFile(c)))
}

// restartTime is how long orac restart waits for the answer: the appliance tries its program first.
const restartTime = 20 * time.Second

func (a *app) restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, restartTime)
	defer cancel()
	r, err := a.daemon().Restart(ctx)
	switch {
	case err != nil:
		return a.refused(err)
	case a.json:
		return a.printJSON(r)
	}
	fmt.Fprintf(a.out, "process %d: %s\n", r.PID, screen.Clean(r.Note))
	return nil
}
