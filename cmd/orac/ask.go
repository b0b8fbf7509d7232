package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orac/appliance"
	"orac/appliance/act"
	"orac/web/control"
)

// askTime is how long orac ask waits: longer than a command with its proof may take.
const askTime = 6 * time.Minute

func (a *app) askCommand() *cobra.Command {
	var r act.Request
	c := &cobra.Command{
		Use:   "ask TEXT…",
		Short: "have the running appliance act on a text, as if somebody had said it",
		Long: `Gives a text to a topic that acts here, and shows how it was understood, what was called, and what truly came of it. A failed device is
never shown as a success: a call is proven, was so already, is not proven, failed, or nobody knows.

With --dry-run nothing is done: the tier, the slots and the calls are shown that the text would make. It works without an appliance, too:
then only the runbook is read, and the things of a backend are those that it had when an appliance last ran.

The exit code is 0 if all of it is proven to be done (or the dry run found calls), and 1 otherwise.`,
		Example: `  orac ask what time is it
  orac ask --dry-run "set a timer for ten minutes"
  orac ask --json what time is it | jq -r .speech`,
		RunE: func(c *cobra.Command, words []string) error {
			r.Text = strings.TrimSpace(strings.Join(words, " "))
			if r.Text == "" {
				return usage("say what to do, like: orac ask \"turn on the kitchen light\"")
			}
			return a.ask(c.Context(), r)
		},
	}
	c.Flags().StringVar(&r.Topic, "topic", "", "give the text to this `NAME` of a topic (otherwise the only one that acts, or general)")
	c.Flags().StringVar(&r.Area, "area", "", "speak in this `AREA`: \"the light\" is the one there")
	c.Flags().BoolVar(&r.DryRun, "dry-run", false, "show what would be called, and call nothing")
	return a.withJSON(a.withState(a.withFile(c)))
}

func (a *app) ask(ctx context.Context, r act.Request) error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	r.From, r.Session = "orac ask", "orac ask" // "it" and "that was wrong" work from one call to the next
	answer, err := a.daemon().Ask(ctx, r)
	if r.DryRun && errors.Is(err, control.ErrNoDaemon) {
		answer, err = a.tryHere(r)
	}
	if err != nil {
		return a.refused(err)
	}
	if a.json {
		err = a.printJSON(askedOf(answer, r.DryRun))
	} else {
		a.out.Asked(answer)
	}
	switch {
	case err != nil:
		return err
	case answer.Verified, r.DryRun && answer.Understood && len(answer.Outcomes) > 0:
		return nil
	}
	return &exit{code: exitFailed}
}

// tryHere reads the runbook instead of asking an appliance.
func (a *app) tryHere(r act.Request) (act.Answer, error) {
	rb, err := a.load()
	if err != nil {
		return act.Answer{}, err
	}
	fmt.Fprintln(a.err, "No appliance runs: this is what the runbook says. The things of a backend are those that it had when one last ran, if any.")
	return appliance.Try(rb, func(backend string) *act.Home { return appliance.KeptHome(a.state(rb), backend) }, r, time.Now())
}

// askedReport is what orac ask --json prints.
type askedReport struct {
	ID         string      `json:"id"`
	Topic      string      `json:"topic"`
	Text       string      `json:"text"`
	DryRun     bool        `json:"dry_run"`
	Tier       string      `json:"tier"`
	Understood bool        `json:"understood"`
	Executed   bool        `json:"executed"`
	Verified   bool        `json:"verified"`
	Reason     string      `json:"reason,omitempty"`
	Speech     string      `json:"speech"`
	Calls      []askedCall `json:"calls"`
	Said       time.Time   `json:"said,omitzero"`
	ReadAt     time.Time   `json:"read_at,omitzero"`
	ExecutedAt time.Time   `json:"executed_at,omitzero"`
	VerifiedAt time.Time   `json:"verified_at,omitzero"`
}

type askedCall struct {
	Backend string         `json:"backend,omitempty"`
	Intent  string         `json:"intent"`
	Service string         `json:"service"`
	Targets []string       `json:"targets,omitempty"`
	Data    map[string]any `json:"data,omitempty"`
	Verdict string         `json:"verdict"`
	Reason  string         `json:"reason,omitempty"`
	Reply   string         `json:"reply,omitempty"`
}

func askedOf(a act.Answer, dry bool) askedReport {
	out := askedReport{
		ID: a.ID, Topic: a.Topic, Text: a.Text, DryRun: dry, Tier: string(a.Reading.Tier), Understood: a.Understood, Executed: a.Executed, Verified: a.Verified,
		Reason: a.Reason, Speech: a.Speech, Calls: []askedCall{}, Said: a.Said, ReadAt: a.ReadAt, ExecutedAt: a.ExecutedAt, VerifiedAt: a.VerifiedAt,
	}
	for _, o := range append(append([]act.Outcome{}, a.Outcomes...), a.Undone...) {
		c := o.Call
		out.Calls = append(out.Calls, askedCall{c.Backend, c.Intent, c.Service, c.Targets, c.Data, string(o.Verdict), o.Reason, o.Reply})
	}
	return out
}
