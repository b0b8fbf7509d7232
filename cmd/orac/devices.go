package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"orac/appliance/audio/devices"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/cmd/orac/screen"
)

func (a *app) devicesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "devices",
		Short: "list the microphones and speakers of this machine",
		Long: `Lists what you can record from, and what you can play at. A runbook names a device by match (a part of its name), by identity (which
stays the same when you plug the device in again), or by id. With -f, a column says which blocks of that runbook mean a device.

With backend = "alsa", id may be any PCM that ALSA opens, listed here or not: hw:1,0, plughw:CARD=Mic, dsnoop:CARD=Mic, default, or
one from your asound.conf. arecord -L lists those that ALSA records from, aplay -L those that it plays at.`,
		Example: `  orac devices
  orac devices -f orac.hcl
  orac devices --json | jq -r '.devices[] | select(.monitor | not) | .identity'
  orac devices --json | jq -r '.speakers[].identity'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.devices(c.Context(), c.Flags().Changed("file")) },
	}
	return a.withJSON(a.withFile(c))
}

// devices lists what there is; with a runbook, also which of its blocks mean it.
func (a *app) devices(ctx context.Context, marked bool) error {
	var found devices.Listing
	err := live.New(nil).Run(ctx, "devices", func(t *rt.Task) (err error) {
		found, err = devices.List(t)
		return err
	})
	if err != nil {
		return failed(err)
	}
	if marked {
		rb, err := a.load()
		if err != nil {
			return err
		}
		found.Mark(rb)
	}
	if a.json {
		return failed(a.printJSON(found))
	}
	a.listDevices("MICROPHONE", found.Devices, marked)
	if len(found.Devices) > 0 && len(found.Speakers) > 0 {
		fmt.Fprintln(a.out)
	}
	a.listDevices("SPEAKER", found.Speakers, marked)
	for _, n := range found.Notes {
		fmt.Fprintf(a.err, "%s %s\n", a.err.Faint("note:"), screen.Clean(n))
	}
	for _, x := range []struct {
		list        []devices.Device
		what, pulse string
	}{{found.Devices, "microphone", "sources"}, {found.Speakers, "speaker", "sinks"}} {
		if len(x.list) == 0 {
			fmt.Fprintf(a.err, "No %s was found. Plug one in, or check that the audio server runs (pactl list short %s).\n", x.what, x.pulse)
		}
	}
	return nil
}

// listDevices prints a table, if there is something in it.
func (a *app) listDevices(title string, list []devices.Device, marked bool) {
	if len(list) == 0 {
		return
	}
	rows := [][]string{{title, "IDENTITY", "BACKEND", ""}}
	if marked {
		rows[0] = append(rows[0], "RUNBOOK")
	}
	for _, d := range list {
		note := ""
		switch {
		case d.Default:
			note = "default"
		case d.Monitor:
			note = "what a loudspeaker plays"
		}
		row := []string{screen.Clean(d.Name), screen.Clean(d.Identity), d.Backend, note}
		if marked {
			var blocks []string
			for _, b := range d.Blocks {
				blocks = append(blocks, string(b))
			}
			row = append(row, strings.Join(blocks, ", "))
		}
		rows = append(rows, row)
	}
	a.out.Table(rows)
}
