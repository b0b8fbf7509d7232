package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orac/appliance/status"
	"orac/cmd/orac/screen"
)

// sayTime is how long orac say waits: for what is said before it, and for all of it to be heard.
const sayTime = 10 * time.Minute

func (a *app) sayCommand() *cobra.Command {
	var r status.SayRequest
	c := &cobra.Command{
		Use:   "say TEXT…",
		Short: "have the running appliance say a text",
		Long: `Has a text spoken at a speaker, and returns when it was heard. It goes before answers and chimes; music goes on beneath it, quieter.

The exit code is 0 if it was heard to its end, and 1 otherwise.`,
		Example: `  orac say dinner is ready
  orac say --speaker kitchen "the washing machine is done"`,
		RunE: func(c *cobra.Command, words []string) error {
			r.Text = strings.TrimSpace(strings.Join(words, " "))
			if r.Text == "" {
				return usage("say what to say, like: orac say \"dinner is ready\"")
			}
			return a.say(c.Context(), r)
		},
	}
	c.Flags().StringVar(&r.Speaker, "speaker", "", "say it at this `NAME` of a device \"speaker\" block (otherwise the only one)")
	c.Flags().StringVar(&r.Voice, "tts", "", "have this `NAME` of a tts block speak (otherwise that of a listener with the speaker, or the only one)")
	return a.withJSON(a.withState(a.withFile(c)))
}

func (a *app) say(ctx context.Context, r status.SayRequest) error {
	ctx, cancel := context.WithTimeout(ctx, sayTime)
	defer cancel()
	said, err := a.daemon().Say(ctx, r)
	if err != nil {
		return a.refused(err)
	}
	if a.json {
		if err := a.printJSON(said); err != nil {
			return err
		}
	}
	if said.Heard {
		return nil
	}
	why := said.Cause
	if said.Error != "" {
		why = said.Error
	}
	return failed(fmt.Errorf("it was not heard to its end at %s: %s", screen.Clean(said.Speaker), screen.Clean(why)))
}
