package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"orac/sim/trial/report"
)

// forms holds the files that a report is written to; "-" is standard output.
type forms struct{ json, junit, html string }

func (f *forms) flags(c *cobra.Command) {
	c.Flags().StringVar(&f.json, "json", "", "write the report as JSON to this `FILE` (- is standard output)")
	c.Flags().StringVar(&f.junit, "junit", "", "write it as JUnit XML, for GitHub and GitLab, to this `FILE`")
	c.Flags().StringVar(&f.html, "html", "", "write it as one HTML page to this `FILE`")
}

// check refuses targets that could not be written, before a long run starts. Standard output can
// hold one form.
func (f *forms) check() error {
	seen := map[string]string{}
	for _, form := range f.list() {
		if other := seen[form.path]; other != "" {
			return usage("--%s and --%s both write to %s", other, form.name, form.path)
		}
		if form.path == "" {
			continue
		}
		seen[form.path] = form.name
		if form.path != "-" && (!isFolder(filepath.Dir(form.path)) || isFolder(form.path)) {
			return usage("--%s %s: it must be a file in a folder that exists", form.name, form.path)
		}
	}
	return nil
}

type form struct {
	name, path string
	write      func(io.Writer, report.Report) error
}

func (f *forms) list() []form {
	return []form{{"json", f.json, report.JSON}, {"junit", f.junit, report.JUnit}, {"html", f.html, report.HTML}}
}

// toStdout tells whether a form goes to standard output, so that nothing else may be written there.
func (f *forms) toStdout() bool { return f.json == "-" || f.junit == "-" || f.html == "-" }

// showReport shows a report to a person and writes its forms. On GitHub it also annotates the lines of the scenarios with what is
// wrong.
func (a *app) showReport(r report.Report, f forms) error {
	to := a.out
	if f.toStdout() {
		to = a.err
	}
	problems := []error{report.Terminal(to, r, report.Look{Colour: to.Colour(), Width: to.Width()})}
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		problems = append(problems, report.Annotations(a.err, r))
	}
	for _, form := range f.list() {
		switch form.path {
		case "":
		case "-":
			problems = append(problems, form.write(a.out, r))
		default:
			if err := report.WriteFile(form.path, form.write, r); err != nil {
				problems = append(problems, fmt.Errorf("--%s: %w", form.name, err))
			}
		}
	}
	return errors.Join(problems...)
}

// verdict returns what a report found as an exit code. err says why it could not be shown.
func (a *app) verdict(r report.Report, err error) error {
	code := r.Exit()
	if err != nil {
		a.complain(err)
		if code == report.ExitKept { // nobody can read that they were kept
			code = report.ExitUnknown
		}
	}
	if code == report.ExitKept {
		return nil
	}
	return &exit{code: code}
}
