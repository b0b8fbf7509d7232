package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"orac/appliance"
	"orac/appliance/hearing"
	"orac/appliance/statedir"
	"orac/cmd/orac/screen"
	"orac/cmd/orac/setup"
	"orac/models"
	"orac/models/detect"
	"orac/runbook"
)

// initFlags holds the flags of orac init.
type initFlags struct {
	name, microphone, stt, command, console string
	models                                  []string
	yes, force, noPull                      bool
}

func (a *app) initCommand() *cobra.Command {
	var f initFlags
	c := &cobra.Command{
		Use:   "init",
		Short: "write a first runbook for what is plugged in: five questions, or flags",
		Long: `Writes a runbook with comments. In a terminal it asks: which microphone, while the level of each is shown; which words wake it;
then you say them, and see how well they are heard; what turns a command into text; and who may open the console.
A flag answers its question. --yes asks nothing: where no flag answers, it takes the proposed answer.

An existing runbook is replaced only with --force, and nothing is written before the last answer.`,
		Example: `  orac init
  orac init --microphone USB --stt http://stt.local:7272
  orac init --yes --console network -f /etc/orac/orac.hcl --state-dir /var/lib/orac`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.initialise(c.Context(), f, c.InOrStdin()) },
	}
	c.Flags().StringVar(&f.microphone, "microphone", "", "listen to the microphone with this `PART` in its name (see orac devices), or \"default\"")
	c.Flags().StringSliceVar(&f.models, "model", nil, "wake on these `NAMES` from the catalogue (see orac models list)")
	c.Flags().StringVar(&f.stt, "stt", "", "deliver to the ORAC STT server at this `URL`, or \"embedded\" (this machine understands), or \"none\"")
	c.Flags().StringVar(&f.command, "command", "", "instead of --stt run this `COMMAND`, which prints what it understands; {wav} is the recording")
	c.Flags().StringVar(&f.console, "console", "", "open the console to `WHOM`: local (this machine), network (encrypted) or none")
	c.Flags().StringVar(&f.name, "name", "", "give the appliance this `NAME` (otherwise the name of the machine)")
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "ask nothing")
	c.Flags().BoolVar(&f.force, "force", false, "replace an existing runbook")
	c.Flags().BoolVar(&f.noPull, "no-pull", false, "with --yes: fetch no models")
	c.Flags().StringVarP(&a.file, "file", "f", defaultFile, "write the runbook to this `FILE`")
	_ = c.MarkFlagFilename("file", "hcl") // it is there: the line above
	c.MarkFlagsMutuallyExclusive("stt", "command")
	return a.withState(c)
}

func (a *app) initialise(ctx context.Context, f initFlags, in io.Reader) error {
	if _, err := os.Lstat(a.file); err == nil && !f.force {
		return failed(fmt.Errorf("%s already exists: name another file (-f FILE), or replace it (--force)", a.file))
	}
	answers, err := f.answers(ctx)
	if err != nil {
		return err
	}
	answers.StateDir = a.stateDir
	whole := answers.Microphone != nil && len(answers.Models) > 0 && answers.Service != nil && answers.Console != ""
	tty, isFile := in.(*os.File)
	switch {
	case f.yes || whole:
		if answers, err = a.propose(ctx, answers, f.noPull); err != nil {
			return err
		}
	case !isFile || !screen.IsTerminal(in) || !a.err.Moves():
		return usage("this is not a terminal: answer with flags (--microphone, --model, --stt, --console), or add --yes")
	default:
		if answers, err = a.interview(ctx, answers, tty); err != nil {
			return err
		}
	}
	text, err := setup.Write(ctx, answers)
	if err == nil {
		_, err = a.drafted(text)
	}
	if err == nil {
		err = a.save(text, f.force)
	}
	if err != nil {
		return failed(err)
	}
	fmt.Fprintf(a.out, "wrote %s\n", screen.Clean(a.file))
	a.next()
	return nil
}

// next says what to do next.
func (a *app) next() {
	file := ""
	if a.file != defaultFile {
		file = " -f " + quote(a.file)
	}
	fmt.Fprintf(a.err, "%s orac run%s\n", a.err.Faint("Start it:"), file)
}

// answers returns the answers that the flags give.
func (f initFlags) answers(ctx context.Context) (a setup.Answers, err error) {
	a.Name = f.name
	if a.Name == "" {
		host, _ := os.Hostname() // without a host name there is still a default name
		a.Name = host
	}
	if err := f.words(&a); err != nil {
		return a, err
	}
	switch {
	case f.command != "":
		a.Service = &setup.Service{Command: strings.Fields(f.command)}
		if len(a.Service.Command) == 0 {
			return a, usage("--command: name a program")
		}
	case f.stt == "embedded":
		a.Service = setup.Embedded()
	case f.stt == "none":
		a.Service = &setup.Service{}
	case f.stt != "":
		if err := setup.CheckAddress(f.stt); err != nil {
			return a, usage("--stt %s: %w, or embedded, or none", f.stt, err)
		}
		a.Service = &setup.Service{URL: f.stt}
	}
	for _, c := range setup.Consoles {
		if f.console == string(c) {
			a.Console = c
		}
	}
	if f.console != "" && a.Console == "" {
		return a, usage("--console %s: write local, network or none", f.console)
	}
	if f.microphone != "" {
		if a.Microphone, err = setup.PickMicrophone(ctx, f.microphone); err != nil {
			return a, failed(fmt.Errorf("--microphone %s: %w", f.microphone, err))
		}
	}
	return a, nil
}

// words reads the wake words from the flags.
func (f initFlags) words(a *setup.Answers) error {
	for _, name := range f.models {
		e, err := models.Find(strings.TrimPrefix(name, models.CatalogPrefix))
		if err != nil {
			return usage("--model: %w", err)
		}
		if e.Kind != models.Head {
			return usage("--model %s: it is not a wake word (orac models list shows them)", name)
		}
		a.Models = append(a.Models, e.Name)
	}
	return nil
}

// propose answers without asking, and fetches the models. Without the network it still returns a runbook.
func (a *app) propose(ctx context.Context, answers setup.Answers, noPull bool) (setup.Answers, error) {
	answers, notes, err := setup.Propose(ctx, answers)
	if err != nil {
		return answers, interrupted(ctx, err)
	}
	for _, note := range notes {
		fmt.Fprintf(a.err, "%s %s\n", a.err.Faint("note:"), screen.Clean(note))
	}
	text, err := setup.Write(ctx, answers)
	if err != nil {
		return answers, failed(err)
	}
	rb, err := a.drafted(text)
	if err != nil || noPull {
		return answers, failed(err)
	}
	if names := a.modelsMissing(rb); len(names) > 0 {
		if err := a.pullFor(ctx, rb, names); err != nil && ctx.Err() == nil {
			fmt.Fprintf(a.err, "%s the models are not here yet: %s\n", a.err.Warn("orac:"), screen.Clean(err.Error()))
		}
	}
	return answers, interrupted(ctx, ctx.Err())
}

// interview asks in a terminal, and restores the terminal before it returns.
func (a *app) interview(ctx context.Context, answers setup.Answers, tty *os.File) (_ setup.Answers, err error) {
	keys, err := setup.OpenKeys(tty)
	if err != nil {
		return answers, failed(err)
	}
	restore := func() { _ = keys.Close() } // the process ends: nobody is left to tell
	a.restore.Store(&restore)
	defer func() {
		a.restore.Store(nil)
		err = errors.Join(err, failed(keys.Close()))
	}()
	i := setup.Interview{Keys: keys, Out: a.err, Program: setup.Program{
		Parse: a.drafted,
		Hearing: func(rb *runbook.Runbook) (detect.Config, error) {
			return hearing.Request{Rules: rb}.Config(a.store(rb))
		},
		Missing: a.modelsMissing,
		Pull:    a.pullFor,
	}}
	answers, err = i.Ask(ctx, answers)
	return answers, interrupted(ctx, err)
}

// interrupted reports that a person ended it, instead of the error that this caused.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		err = errors.New("interrupted; nothing was written")
	}
	return failed(err)
}

// drafted reads a runbook that is not written yet. If that has a problem, the fault is ours or lies in the text of
// a flag.
func (a *app) drafted(text []byte) (*runbook.Runbook, error) {
	o := a.options()
	rb, problems := runbook.Parse(text, a.file, o)
	if rb == nil {
		return nil, problems
	}
	return rb, nil
}

// modelsMissing names the models of the catalogue that a runbook needs and that are not here.
func (a *app) modelsMissing(rb *runbook.Runbook) []string {
	if missing, ok := errors.AsType[*models.MissingError](models.Missing(a.store(rb), appliance.Needs(rb))); ok {
		return missing.Names
	}
	return nil
}

// pullFor fetches models of the catalogue into the folder where a runbook looks for them.
func (a *app) pullFor(ctx context.Context, rb *runbook.Runbook, names []string) error {
	err := a.pullStore(rb).Pull(ctx, names, a.pulling())
	a.err.Still()
	return err
}

// save writes a new runbook.
func (a *app) save(text []byte, force bool) error {
	err := statedir.CreateNew(a.file, text)
	if errors.Is(err, fs.ErrExist) && force {
		_, err = statedir.Replace(a.file, text)
	}
	return err
}
