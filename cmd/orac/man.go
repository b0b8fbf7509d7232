package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"orac/cmd/orac/manual"
)

// manCommand is for packagers of ORAC: make man and make dist use it.
func (a *app) manCommand() *cobra.Command {
	var release string
	c := &cobra.Command{
		Use:     "man FOLDER",
		Short:   "write the man pages into a folder",
		Long:    "Writes a man page of each command, of the runbook (orac.hcl(5)), and of each topic of the help, into man1, man5 and man7 of a folder.",
		Example: "  orac man ~/.local/share/man",
		Args:    cobra.ExactArgs(1),
		Hidden:  true,
		RunE: func(c *cobra.Command, args []string) error {
			pages := manual.Pages(c.Root(), release)
			for _, p := range pages {
				path := filepath.Join(args[0], p.File())
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					return failed(err)
				}
				if err := os.WriteFile(path, p.Text, 0o644); err != nil {
					return failed(err)
				}
			}
			fmt.Fprintf(a.out, "wrote %s into %s\n", plural(len(pages), "page", "pages"), args[0])
			return nil
		},
	}
	c.Flags().StringVar(&release, "release", version(), "write this `VERSION` at the foot of each page")
	return c
}
