package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"orac/appliance/audio/capture"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/cmd/orac/screen"
)

func (a *app) devicesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "devices",
		Short: "list the microphones of this machine",
		Long: `Lists what you can record from. A runbook names a device by match (a part of its name), by identity (which stays the same when you
plug the device in again), or by id.

With backend = "alsa", id may be any PCM that ALSA opens, listed here or not: hw:1,0, plughw:CARD=Mic, dsnoop:CARD=Mic, default, or
one from your asound.conf. arecord -L lists those that ALSA knows.`,
		Example: `  orac devices
  orac devices --json | jq -r '.devices[] | select(.monitor | not) | .identity'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return failed(a.devices(c.Context())) },
	}
	return a.withJSON(c)
}

func (a *app) devices(ctx context.Context) error {
	var found capture.Listing
	err := live.New(nil).Run(ctx, "devices", func(t *rt.Task) (err error) {
		found, err = capture.List(t, capture.Spec{})
		return err
	})
	if err != nil {
		return err
	}
	if a.json {
		if found.Devices == nil {
			found.Devices = []capture.Device{}
		}
		return a.printJSON(found)
	}
	rows := [][]string{{"NAME", "IDENTITY", "BACKEND", ""}}
	for _, d := range found.Devices {
		note := ""
		switch {
		case d.Default:
			note = "default"
		case d.Monitor:
			note = "what a loudspeaker plays"
		}
		rows = append(rows, []string{screen.Clean(d.Name), screen.Clean(d.Identity), d.Backend, note})
	}
	if len(found.Devices) > 0 {
		a.out.Table(rows)
	}
	for _, n := range found.Notes {
		fmt.Fprintf(a.err, "%s %s\n", a.err.Faint("note:"), screen.Clean(n))
	}
	if len(found.Devices) == 0 {
		fmt.Fprintln(a.err, "No microphone was found. Plug one in, or check that the audio server runs (pactl list short sources).")
	}
	return nil
}
