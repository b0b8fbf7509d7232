package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"orac/appliance/audio/capture"
	"orac/appliance/audio/playback"
	"orac/appliance/engine"
	"orac/appliance/evaluation"
	"orac/chaos/play"
	"orac/cmd/orac/guide"
	"orac/cmd/orac/screen"
	"orac/runbook"
	"orac/runbook/language"
)

// Exit codes. Results go to standard output, everything else to standard error.
const (
	exitFine    = 0
	exitFailed  = 1
	exitDiffers = 2  // something differs, or is not known
	exitUsage   = 64 // the command line is wrong (EX_USAGE of sysexits.h)
)

// Run is the program.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "capture-worker" { // first, because a child starts often and must stay small
		return capture.WorkerMain(args[1:], stdin, stdout, stderr)
	}
	if len(args) > 0 && args[0] == playback.Command {
		return playback.WorkerMain(args[1:], stdin, stdout, stderr)
	}
	if len(args) > 0 && args[0] == engine.Command {
		return engine.WorkerMain(args[1:], stdin, stdout, stderr)
	}
	if len(args) == 1 && args[0] == evaluation.Command {
		return evaluation.WorkerMain(stdin, stdout, stderr)
	}
	if code, is := play.Tool(args, stdin, stdout, stderr); is {
		return code
	}
	isPipe := piped(stdout)
	stdout, results := checkResults(stdout)
	a := &app{out: screen.New(stdout), err: screen.New(stderr), piped: isPipe, args: args}
	ctx, stop := a.signals(ctx)
	defer stop()
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	c, err := root, unknownCommand(root, args)
	if err == nil {
		c, err = root.ExecuteContextC(ctx)
	}
	var e *exit
	switch {
	case err == nil && results.err != nil:
		a.complain(results.err)
		return exitFailed
	case err == nil:
		return exitFine
	case errors.As(err, &e):
		if e.code == exitUsage {
			e.err = wayOut(c, e.err)
		}
		if e.err != nil {
			a.complain(e.err)
		}
		return e.code
	}
	a.complain(wayOut(c, err))
	return exitUsage // only cobra's own errors are left: unknown commands and flags
}

// signals ends ctx at the first SIGINT or SIGTERM; the second ends the process at once.
func (a *app) signals(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	// Before its first child, Go tests whether children can be waited for (syscall.os_checkClonePidfd), in a child that shares
	// its memory and handlers: a signal to the group at that moment would count twice. So let it test now, while no signal is
	// caught.
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Release() // it cannot fail
	}
	caught, over := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	go func() {
		defer close(over)
		for range caught {
			if ctx.Err() != nil {
				if restore := a.restore.Load(); restore != nil {
					(*restore)()
				}
				os.Exit(130)
			}
			cancel()
		}
	}()
	uncatch := sync.OnceFunc(func() {
		signal.Stop(caught)
		close(caught)
		<-over
	})
	a.uncatch = func() (ended bool) {
		uncatch()
		return ctx.Err() != nil
	}
	return ctx, func() { uncatch(); cancel() }
}

// exit is an error with an exit code. Without an inner error, everything has been said already.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string { return fmt.Sprint("exit ", e.code) }

func failed(err error) error {
	if err == nil {
		return nil
	}
	return &exit{exitFailed, err}
}

func usage(format string, args ...any) error {
	return &exit{exitUsage, fmt.Errorf(format, args...)}
}

// defaultFile is the runbook of the current folder.
const defaultFile = "orac.hcl"

// app is what all commands share.
type app struct {
	out, err *screen.Screen
	file     string                 // -f
	stateDir string                 // --state-dir
	json     bool                   // --json
	piped    bool                   // standard output is a pipe to another program
	vars     variables              // --var
	args     []string               // the whole command line, without the program
	uncatch  func() (ended bool)    // lets a signal end the process at once, and tells whether one has come before; set by signals
	restore  atomic.Pointer[func()] // restores the terminal before a sudden end; nil: there is nothing to restore
}

func (a *app) complain(err error) {
	lines := strings.Split(plainly(err), "\n")
	const lead = "orac: "
	for i, line := range lines { // an error quotes what came from outside
		lines[i] = screen.Clean(line)
		if room := a.err.Width() - len(lead); room > 0 && ansi.StringWidth(lines[i]) > room {
			lines[i] = strings.Join(guide.Wrap(lines[i], room), "\n"+strings.Repeat(" ", len(lead)))
		}
	}
	fmt.Fprintf(a.err, "%s %s\n", a.err.Bad("orac:"), strings.Join(lines, "\n"))
}

func (a *app) root() *cobra.Command {
	a.vars = variables{}
	root := &cobra.Command{
		Use:   "orac",
		Short: "listen for wake words, record what follows, deliver it to speech-to-text",
		Long: `ORAC listens for wake words, records the command that follows, and delivers it to speech-to-text.
One file, orac.hcl, declares the whole device.`,
		Example: `  orac init                                   write a first orac.hcl
  orac run                                    run the appliance
  orac validate                               check orac.hcl
  orac plan                                   show what would change
  orac apply                                  change it: all or nothing
  orac status --watch                         see how it is
  orac devices                                list the microphones and speakers
  orac detect --model hey_jarvis speech.wav   what would it have heard?
  orac transcribe speech.wav                  what was said?`,
		SilenceErrors: true, SilenceUsage: true, Version: versionLine(),
		Args:              cobra.NoArgs,
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
		PersistentPreRunE: func(c *cobra.Command, _ []string) error { return a.owned(c, a.args) },
	}
	root.AddCommand(a.initCommand(), a.runCommand(), a.planCommand(), a.applyCommand(), a.rollbackCommand(), a.generationsCommand(),
		a.statusCommand(), a.healthCommand(), a.logsCommand(), a.historyCommand(), a.incidentsCommand(), a.spoolCommand(), a.askCommand(), a.sayCommand(),
		a.muteCommand(), a.unmuteCommand(), a.restartCommand(), a.membersCommand(), a.pushCommand(),
		a.simCommand(), a.chaosCommand(), a.validateCommand(), a.fmtCommand(), a.schemaCommand(), a.graphCommand(),
		a.secretsCommand(), a.memberCommand(), a.joinCommand(), a.leaveCommand(), a.importCommand(), a.userCommand(), a.keyCommand(), a.tokenCommand(), a.auditCommand(),
		a.devicesCommand(), a.detectCommand(), a.transcribeCommand(), a.modelsCommand(), a.completionCommand(), a.manCommand(), a.versionCommand())
	root.SetHelpCommand(a.helpCommand())
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { a.showHelp(c) })
	root.SetFlagErrorFunc(flagError)
	return root
}

// Flags that several commands have.

func (a *app) withFile(c *cobra.Command) *cobra.Command {
	c.Flags().StringVarP(&a.file, "file", "f", defaultFile, "read the runbook from this `FILE`")
	_ = c.MarkFlagFilename("file", "hcl") // it is there: the line above
	a.withVars(c)
	return c
}

func (a *app) withVars(c *cobra.Command) {
	c.Flags().Var(a.vars, "var", "give a variable of the runbook a value, as `NAME=VALUE`; for several, repeat it")
}

func (a *app) withState(c *cobra.Command) *cobra.Command {
	c.Flags().StringVar(&a.stateDir, "state-dir", "", "use the state directory `DIR`, whatever ORAC_STATE_DIR and the runbook say")
	_ = c.MarkFlagDirname("state-dir") // it is there: the line above
	return c
}

func (a *app) withJSON(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&a.json, "json", false, "print JSON (orac help json explains every field)")
	return c
}

// options returns the options for evaluating runbooks.
func (a *app) options() language.Options {
	return language.Options{Vars: a.vars, StateDir: a.namedState()}
}

// load reads the runbook and says what is wrong with it.
func (a *app) load() (*runbook.Runbook, error) {
	o := a.options()
	rb, problems := runbook.Load(a.file, o)
	if err := a.diagnose(problems); err != nil {
		return nil, err
	}
	return rb, nil
}

// textAndRunbook reads the runbook twice: as the text that a command is about to change, and as what it says.
func (a *app) textAndRunbook() ([]byte, *runbook.Runbook, error) {
	text, err := readRunbook(a.file)
	if err != nil {
		return nil, nil, failed(err)
	}
	rb, err := a.load()
	return text, rb, err
}

// diagnose shows diagnostics on standard error.
func (a *app) diagnose(problems language.Diagnostics) error {
	if err := problems.Render(a.err, language.RenderOptions{Color: a.err.Colour(), Width: a.err.Width()}); err != nil {
		return failed(err)
	}
	if problems.HasErrors() {
		return &exit{code: exitFailed}
	}
	return nil
}
