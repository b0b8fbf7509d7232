package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"orac/cmd/orac/screen"
	"orac/sim/trace"
)

const (
	fewRecords  = 5
	manyRecords = 1000
)

func (a *app) simDiff() *cobra.Command {
	var context int
	c := &cobra.Command{
		Use:   "diff A B",
		Short: "show where two traces differ",
		Long:  "Compares two traces that orac sim has written with --trace, and shows the first record that differs. Exit codes: 0 they are the same, 2 they differ, 1 one cannot be read.",
		Example: `  orac sim a.hcl --seed 3 --trace a.trace && GOMAXPROCS=1 orac sim a.hcl --seed 3 --trace b.trace
  orac sim diff a.trace b.trace`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if context < 0 || context > manyRecords {
				return usage("--context %d: it must be from 0 to %d", context, manyRecords)
			}
			return a.diff(args[0], args[1], context)
		},
	}
	c.Flags().IntVar(&context, "context", fewRecords, "show `N` records before the difference, and after it on each side")
	return a.withJSON(c)
}

func (a *app) diff(first, second string, context int) error {
	d, same, err := trace.DiffFiles(first, second, context)
	if err != nil {
		return failed(err)
	}
	if a.json {
		if err := a.printJSON(d.Report(same)); err != nil {
			return err
		}
	} else {
		a.printDiff(d, first, second, same)
	}
	if !d.Same() {
		return &exit{code: exitDiffers}
	}
	return nil
}

func (a *app) printDiff(d trace.Difference, first, second string, same int) {
	if d.Same() {
		fmt.Fprintf(a.out, "%s %s and %s are the same: %s\n", a.out.Good("✓"), screen.Clean(first), screen.Clean(second), plural(same, "record", "records"))
		return
	}
	fmt.Fprintf(a.out, "%s the traces differ from record %d on\n  A is %s\n  B is %s\n", a.out.Bad("≠"), d.Record, screen.Clean(first), screen.Clean(second))
	_, text, _ := strings.Cut(d.String(), "\n")
	for line := range strings.Lines(text) {
		line = "  " + screen.Clean(strings.TrimSuffix(line, "\n"))
		switch line[2] {
		case 'A', 'B':
			line = a.out.Strong(line)
		default:
			line = a.out.Faint(line)
		}
		fmt.Fprintln(a.out, line)
	}
}
