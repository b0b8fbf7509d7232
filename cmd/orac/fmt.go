package main

import (
	"bytes"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"orac/appliance/statedir"
	"orac/cmd/orac/screen"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/scenario"
)

func (a *app) fmtCommand() *cobra.Command {
	var check, diff bool
	c := &cobra.Command{
		Use:   "fmt [FILE…]",
		Short: "format runbooks and scenarios",
		Long:  "Sets the indentation, alignment and spacing of runbooks and scenarios. Comments stay where they are.",
		Example: `  orac fmt                     format orac.hcl
  orac fmt --check             exit 2 if a file would change
  orac fmt --diff a.hcl b.hcl  only show what would change`,
		RunE: func(_ *cobra.Command, files []string) error {
			if len(files) == 0 {
				files = []string{a.file}
			}
			return a.fmt(files, check, diff)
		},
	}
	c.Flags().BoolVar(&check, "check", false, "change nothing; exit code 2 if a file would change")
	c.Flags().BoolVar(&diff, "diff", false, "only show what would change")
	c.Flags().StringVarP(&a.file, "file", "f", defaultFile, "format this `FILE` if no other is named")
	return c
}

func (a *app) fmt(files []string, check, diff bool) error {
	code := exitFine
	for _, name := range files {
		differs, err := a.fmtFile(name, check, diff)
		switch {
		case err != nil:
			a.complain(err)
			code = exitFailed
		case differs && check && code == exitFine:
			code = exitDiffers
		}
	}
	if code != exitFine {
		return &exit{code: code}
	}
	return nil
}

// fmtFile tells whether the file needs formatting, and rewrites it unless it should only look.
func (a *app) fmtFile(name string, check, diff bool) (differs bool, err error) {
	before, err := readRunbook(name)
	if err != nil {
		return false, err
	}
	format := runbook.Vocabulary.Format
	if scenario.Is(before) {
		format = scenario.Vocabulary.Format
	}
	after, problems := format(before, name)
	if err := a.diagnose(problems); err != nil {
		return false, fmt.Errorf("%s: not formatted, because of the errors above", name)
	}
	if bytes.Equal(before, after) {
		return false, nil
	}
	if diff {
		fmt.Fprint(a.out, language.Diff(name, before, after))
	} else {
		fmt.Fprintln(a.out, name)
	}
	if check || diff {
		return true, nil
	}
	inPlace, err := statedir.Replace(name, after)
	if inPlace && err == nil {
		fmt.Fprintf(a.err, "%s %s could not be replaced by a new file, so it was overwritten in place\n", a.err.Faint("note:"), screen.Clean(name))
	}
	return true, err
}

// readRunbook reads a file up to the largest size of a runbook. It refuses anything but a regular file, which might never end.
func readRunbook(name string) ([]byte, error) {
	f, _, err := statedir.Regular(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, language.MaxFileSize+1)) // one more byte shows that it is too large
}
