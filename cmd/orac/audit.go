package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"orac/cmd/orac/screen"
	"orac/runbook/cells"
	"orac/web/audit"
)

func (a *app) auditCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "audit", Short: "show, prove and export who did what",
		Long: "The audit log holds every change, login, token, key, and every recording that somebody listened to. Each record holds the hash\nof the one before, so that a forgery shows.",
		Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.auditTail(), a.auditVerify(), a.auditExport())
	return c
}

func (a *app) auditLog() (*audit.Log, error) {
	state, err := a.quietState()
	if err != nil {
		return nil, err
	}
	return audit.In(state), nil
}

func (a *app) auditTail() *cobra.Command {
	var n int
	var follow bool
	c := &cobra.Command{
		Use:   "tail",
		Short: "show the last records",
		Example: `  orac audit tail -n 50
  orac audit tail -f --json | jq 'select(.outcome == "denied")'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if n < 1 || n > 10_000 {
				return usage("-n %d: it must be from 1 to 10000", n)
			}
			log, err := a.auditLog()
			if err != nil {
				return err
			}
			return failed(a.tail(c.Context(), log, n, follow))
		},
	}
	c.Flags().IntVarP(&n, "number", "n", 20, "show the last `N`")
	c.Flags().BoolVarP(&follow, "follow", "f", false, "continue with new ones until Ctrl-C")
	return a.withJSON(a.withState(a.withRunbook(c)))
}

func (a *app) tail(ctx context.Context, log *audit.Log, n int, follow bool) error {
	var last uint64
	for {
		list, err := log.Page(0, n, func(r audit.Record) bool { return r.Seq > last })
		if err != nil {
			return err
		}
		slices.Reverse(list)
		for _, l := range list {
			last = l.Seq
			if a.json {
				if err := json.NewEncoder(a.out).Encode(l); err != nil {
					return err
				}
				continue
			}
			a.showRecord(l)
		}
		if !follow {
			return nil
		}
		n = 10_000
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (a *app) showRecord(l audit.Line) {
	outcome := string(l.Outcome)
	switch l.Outcome {
	case audit.Failed, audit.Denied:
		outcome = a.out.Bad(outcome)
	case audit.Done:
		outcome = a.out.Good(outcome)
	}
	fmt.Fprintf(a.out, "%6d  %s  %s %s %s", l.Seq, l.At.Local().Format(time.DateTime), cells.Pad(screen.Clean(l.Who), 16), cells.Pad(screen.Clean(l.Action), 18), outcome)
	for _, part := range []string{l.Target, l.From, l.Why} {
		if part != "" {
			fmt.Fprintf(a.out, "  %s", screen.Clean(part))
		}
	}
	fmt.Fprintln(a.out)
}

func (a *app) auditVerify() *cobra.Command {
	c := &cobra.Command{
		Use:     "verify",
		Short:   "prove that no record was changed, added or removed",
		Long:    "Checks the chain of hashes from the oldest record to the newest. The exit code is 1 if it is broken.",
		Example: "  orac audit verify",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			log, err := a.auditLog()
			if err != nil {
				return err
			}
			v, err := log.Verify()
			if err != nil {
				return failed(err)
			}
			switch {
			case a.json:
				if err := a.printJSON(v); err != nil {
					return err
				}
			case v.OK && v.Records == 0:
				fmt.Fprintln(a.out, "there are no records")
			case v.OK:
				fmt.Fprintf(a.out, "%s %d records, %d to %d\n", a.out.Good("whole:"), v.Records, v.First, v.Last)
			default:
				a.complain(fmt.Errorf("the audit log is not whole: %s", screen.Clean(v.Problem)))
			}
			if !v.OK {
				return &exit{code: exitFailed}
			}
			return nil
		},
	}
	return a.withJSON(a.withState(a.withFile(c)))
}

func (a *app) auditExport() *cobra.Command {
	c := &cobra.Command{
		Use:     "export",
		Short:   "print all records as lines of JSON, the oldest first",
		Example: "  orac audit export > audit-$(date +%F).ndjson",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			log, err := a.auditLog()
			if err != nil {
				return err
			}
			return failed(log.Export(a.out))
		},
	}
	return a.withState(a.withFile(c))
}
