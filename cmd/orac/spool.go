package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"orac/appliance/status"
	"orac/web/control"
)

func (a *app) spoolCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "spool",
		Short: "list, retry, drop and export recordings that wait or were set aside",
		Long: `A recording waits in the spool until its services have answered, however long a service is away.

If a service refuses a recording, or fails on it again and again while it is well, the recording is set aside, so that the next one
has its turn. An incident says so. The newest hundred are kept.`,
		Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.spoolList(), a.spoolEvents(), a.spoolRetry(), a.spoolDrop(), a.spoolExport())
	return c
}

func (a *app) spoolList() *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "show what waits, in the order of delivery, and what was set aside",
		Example: `  orac spool list
  orac spool list --json | jq -r '.[] | select(.state == "refused").id'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.showSpool(c, "Nothing waits, and nothing is set aside.", func(s status.SpoolAnswer) (any, []status.Utterance) {
				return append([]status.Utterance{}, s.Utterances...), s.Utterances
			})
		},
	}
	return a.withJSON(a.withState(a.withFile(c)))
}

// showSpool shows the events and the utterances that pick returns, beside their JSON, or says that there are none.
func (a *app) showSpool(c *cobra.Command, none string, pick func(status.SpoolAnswer) (asJSON any, list []status.Utterance)) error {
	daemon := a.daemon()
	answer, err := daemon.Spool(c.Context(), status.SpoolRequest{Do: status.SpoolList})
	if err != nil {
		return a.refused(err)
	}
	asJSON, list := pick(answer)
	switch {
	case a.json:
		return a.printJSON(asJSON)
	case len(list) == 0 && len(answer.Events) == 0:
		fmt.Fprintln(a.err, none)
	default:
		a.out.Utterances(list, time.Now())
		a.out.Waits(answer.Events, time.Now())
	}
	return nil
}

func (a *app) spoolEvents() *cobra.Command {
	c := &cobra.Command{
		Use:   "events",
		Short: "show the events that wait for webhooks, or were set aside",
		Long: `Shows the events that wait for webhooks, in the order of delivery, and those that were set aside because the receiver
refuses them. Their content is not shown. "orac spool retry" and "orac spool drop" accept their IDs, too.

After a webhook is removed from the runbook, its events are no longer sent. ORAC deletes them once they have waited for its keep.
Until then this list shows them with a note. If the webhook comes back, ORAC still sends them.`,
		Example: `  orac spool events
  orac spool events --json | jq -r '.[] | select(.state == "refused").id'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.showSpool(c, "No event waits, and none is set aside.", func(s status.SpoolAnswer) (any, []status.Utterance) {
				return append([]status.Waits{}, s.Events...), nil
			})
		},
	}
	return a.withJSON(a.withState(a.withFile(c)))
}

func (a *app) spoolRetry() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "retry [ID]...",
		Short: "put recordings that were set aside at the end of the queue",
		Long:  "Puts recordings that were set aside at the end of the queue, for the services that refused them.",
		Example: `  orac spool retry 20260117T120000.000-0a1b2c3d
  orac spool retry --all`,
		ValidArgsFunction: a.completeUtterances,
		RunE: func(c *cobra.Command, ids []string) error {
			if all == (len(ids) > 0) {
				return usage("name the recordings to retry, or all of them with --all")
			}
			return a.eachUtterance(c, status.SpoolRetry, "waits again", ids)
		},
	}
	c.Flags().BoolVar(&all, "all", false, "retry all that were set aside, the oldest first")
	return a.withJSON(a.withState(a.withFile(c)))
}

func (a *app) spoolDrop() *cobra.Command {
	c := &cobra.Command{
		Use:               "drop ID...",
		Short:             "delete recordings that wait or were set aside, for good",
		Example:           "  orac spool drop 20260117T120000.000-0a1b2c3d",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeUtterances,
		RunE: func(c *cobra.Command, ids []string) error {
			return a.eachUtterance(c, status.SpoolDrop, "deleted", ids)
		},
	}
	return a.withJSON(a.withState(a.withFile(c)))
}

// done is the outcome for one recording.
type done struct {
	ID    string `json:"id"`
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

// exportReport is what orac spool export --json prints.
type exportReport struct {
	ID    string `json:"id"`
	File  string `json:"file"`
	Bytes int    `json:"bytes"`
}

// eachUtterance does the same to each recording, and continues after a failure. Without IDs it means all recordings that are
// set aside.
func (a *app) eachUtterance(c *cobra.Command, do, happened string, ids []string) error {
	daemon := a.daemon()
	if len(ids) == 0 {
		var err error
		if ids, err = asides(c, daemon); err != nil {
			return a.refused(err)
		}
		if len(ids) == 0 && !a.json {
			fmt.Fprintln(a.err, "Nothing is set aside.")
		}
	}
	report := []done{}
	var last error
	for _, id := range ids {
		_, err := daemon.Spool(c.Context(), status.SpoolRequest{Do: do, ID: id})
		switch {
		case err == nil:
			report = append(report, done{ID: id, OK: true})
			if !a.json {
				fmt.Fprintf(a.out, "%s %s\n", id, happened)
			}
		default:
			report = append(report, done{ID: id, Error: err.Error()})
			last = a.refused(err)
		}
	}
	if a.json {
		return errors.Join(last, a.printJSON(report))
	}
	return last
}

func asides(c *cobra.Command, daemon *control.Client) (ids []string, err error) {
	answer, err := daemon.Spool(c.Context(), status.SpoolRequest{Do: status.SpoolList})
	for _, u := range answer.Utterances {
		if u.State == "refused" {
			ids = append(ids, u.ID)
		}
	}
	for _, e := range answer.Events {
		if e.State == "refused" && !e.Removed { // no webhook would accept it
			ids = append(ids, e.ID)
		}
	}
	return ids, err
}

func (a *app) spoolExport() *cobra.Command {
	var to string
	c := &cobra.Command{
		Use:   "export ID",
		Short: "write the sound of a recording that waits or was set aside",
		Long:  "Writes the sound as a WAV file, 16 kHz mono, and leaves the recording where it is. A file that exists is not replaced.",
		Example: `  orac spool export 20260117T120000.000-0a1b2c3d
  orac spool export 20260117T120000.000-0a1b2c3d -o - | aplay`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeUtterances,
		RunE: func(c *cobra.Command, args []string) error {
			daemon := a.daemon()
			answer, err := daemon.Spool(c.Context(), status.SpoolRequest{Do: status.SpoolSound, ID: args[0]})
			if err != nil {
				return a.refused(err)
			}
			if to == "-" {
				_, err := a.out.Write(answer.WAV)
				return failed(err)
			}
			if to == "" { // the appliance has such an utterance, so its ID is a valid file name
				to = args[0] + ".wav"
			}
			if err := writeNew(to, answer.WAV); err != nil {
				return failed(err)
			}
			if a.json {
				return a.printJSON(exportReport{args[0], to, len(answer.WAV)})
			}
			fmt.Fprintf(a.err, "wrote %s\n", to)
			return nil
		},
	}
	c.Flags().StringVarP(&to, "output", "o", "", "write to this `FILE`; - is standard output (default ID.wav)")
	_ = c.MarkFlagFilename("output", "wav") // it is there: the line above
	return a.withJSON(a.withState(a.withFile(c)))
}

// writeNew writes a file that must not exist yet.
func writeNew(name string, data []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // somebody's voice
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists; name another file with -o", name)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}

// completeUtterances offers recordings that wait or were set aside.
func (a *app) completeUtterances(c *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	daemon := a.daemon()
	answer, err := daemon.Spool(c.Context(), status.SpoolRequest{Do: status.SpoolList})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var offers []cobra.Completion
	for _, u := range answer.Utterances {
		offers = append(offers, cobra.CompletionWithDesc(u.ID, u.State+" "+u.Listener))
	}
	for _, e := range answer.Events {
		offers = append(offers, cobra.CompletionWithDesc(e.ID, e.State+" "+e.Type))
	}
	return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}
