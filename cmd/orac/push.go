package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"orac/appliance/rollout"
	"orac/appliance/status"
	"orac/cmd/orac/screen"
	"orac/runbook/language"
	"orac/web/control"
)

// pushFlags are what orac push is told to do.
type pushFlags struct {
	set              []string
	mute             time.Duration
	unmute, restart  bool
	stop, undo, last bool
	dryRun, approved bool
	canary           string
	parallel         int
}

func (a *app) pushCommand() *cobra.Command {
	var f pushFlags
	c := &cobra.Command{
		Use:   "push [FILE] [MEMBER…]",
		Short: "change members of this issuer: one first, then the others, and stop at the first that is not healthy",
		Long: `Pushes a runbook (FILE), settings of each member's own runbook (--set) or a command (--mute, --unmute, --restart) to the members that are
named, or to all. Each member makes its own plan, and has its own health gate and rollback. The plans are shown, and then exactly they are
carried out: the canary first; when it is as healthy as before, the others. The push stops at the first that is not healthy.

A member that is away is left alone and shown as pending: nothing is done to it later by itself. If the canary is away, nothing begins.

The appliance carries the push out even if you end this command. orac push --last shows how far it is, --stop lets it change no further
member, and --undo returns the members that it has changed to what they ran before. The exit code is 2 if members are pending.`,
		Example: `  orac push --dry-run --set model.hey_jarvis.threshold=0.6
  orac push --auto-approve --set model.hey_jarvis.threshold=0.6 kitchen cellar
  orac push kitchen.hcl kitchen
  orac push --mute 1h
  orac push --last`,
		RunE: func(c *cobra.Command, args []string) error { return a.push(c.Context(), c.InOrStdin(), f, args) },
	}
	fl := c.Flags()
	fl.StringArrayVar(&f.set, "set", nil, "push a setting, as `ADDRESS.ATTRIBUTE=EXPRESSION`; for several, repeat it")
	durationVar(fl, &f.mute, "mute", 0, "have members listen to nothing for this `TIME`")
	fl.BoolVar(&f.unmute, "unmute", false, "have members listen again")
	fl.BoolVar(&f.restart, "restart", false, "have members start again")
	fl.BoolVar(&f.stop, "stop", false, "change no further member")
	fl.BoolVar(&f.undo, "undo", false, "return the members that the last push has changed to what they ran before")
	fl.BoolVar(&f.last, "last", false, "show the push that is carried out, or was last")
	fl.BoolVar(&f.dryRun, "dry-run", false, "show what each member would do, and change nothing")
	fl.BoolVar(&f.approved, "auto-approve", false, "do not ask")
	fl.StringVar(&f.canary, "canary", "", "change this `MEMBER` first (otherwise the first one by name)")
	fl.IntVar(&f.parallel, "parallel", 1, "change `N` members at a time, after the canary")
	return a.withJSON(a.withState(a.withFile(c)))
}

// ask is what the flags and arguments ask for.
func (f pushFlags) ask(args []string) (ask rollout.Ask, err error) {
	ask = rollout.Ask{Members: args, Canary: f.canary, Parallel: f.parallel}
	kinds := 0
	for _, is := range []bool{len(f.set) > 0, f.mute != 0, f.unmute, f.restart} {
		if is {
			kinds++
		}
	}
	switch {
	case kinds > 1:
		return ask, usage("push one thing: settings, or one command")
	case f.parallel < 1 || f.parallel > rollout.MaxParallel:
		return ask, usage("--parallel %d: it must be from 1 to %d", f.parallel, rollout.MaxParallel)
	case f.mute != 0 && (f.mute < time.Second || f.mute > status.MostMute):
		return ask, usage("--mute %s: it must be from 1s to %s", f.mute, language.FormatDuration(status.MostMute))
	case f.mute != 0:
		ask.Command = &rollout.Command{Do: rollout.Mute, Seconds: int(f.mute / time.Second)}
	case f.unmute:
		ask.Command = &rollout.Command{Do: rollout.Unmute}
	case f.restart:
		ask.Command = &rollout.Command{Do: rollout.Restart}
	case kinds == 0 && len(args) == 0:
		return ask, usage("say what to push: a file, --set, --mute, --unmute or --restart")
	case kinds == 0:
		ask.Members = args[1:]
		ask.Source, err = textOf(args[0])
		return ask, failed(err)
	}
	for _, text := range f.set {
		name, expression, ok := strings.Cut(text, "=")
		at := strings.LastIndex(name, ".")
		if !ok || at < 1 {
			return ask, usage("--set %s: write ADDRESS.ATTRIBUTE=EXPRESSION, like model.hey_jarvis.threshold=0.6", screen.Clean(text))
		}
		ask.Set = append(ask.Set, rollout.Setting{Block: strings.TrimSpace(name[:at]), Attribute: strings.TrimSpace(name[at+1:]), Expression: strings.TrimSpace(expression)})
	}
	return ask, nil
}

// textOf reads a runbook that is pushed. It is evaluated at the members, with their variables and secrets.
func textOf(path string) (string, error) {
	text, err := readRunbook(path)
	switch {
	case err != nil:
		return "", fmt.Errorf("cannot read the runbook: %w", err)
	case len(text) == 0:
		return "", errors.New("the runbook is empty")
	case len(text) > language.MaxFileSize:
		return "", fmt.Errorf("the runbook is larger than %s", language.FormatSize(language.MaxFileSize))
	}
	return string(text), nil
}

func (a *app) push(ctx context.Context, stdin io.Reader, f pushFlags, args []string) error {
	daemon := a.daemon()
	switch {
	case f.last:
		p, err := daemon.LastPush(ctx)
		if err == nil && p == nil {
			return failed(errors.New("nothing was ever pushed"))
		}
		return a.shownPush(p, err)
	case f.stop:
		return a.shownPush(daemon.StopPush(ctx))
	case f.undo:
		p, err := daemon.LastPush(ctx)
		if err == nil && p == nil {
			return failed(errors.New("nothing was ever pushed"))
		}
		if err == nil {
			p, err = daemon.UndoPush(ctx, p.ID)
		}
		if err != nil {
			return a.refused(err)
		}
		return a.followPush(ctx, daemon, p)
	}
	ask, err := f.ask(args)
	if err != nil {
		return err
	}
	if !f.approved && !f.dryRun && (a.json || !screen.IsTerminal(stdin)) {
		return usage("this is not a terminal, so nobody can approve: read the plan (orac push --dry-run), then use --auto-approve")
	}
	plan, err := daemon.PlanPush(ctx, ask)
	if err != nil {
		return a.refused(err)
	}
	if !a.json {
		a.showPush(plan)
	}
	switch {
	case f.dryRun:
		if err := a.reportJSON(plan); err != nil || plan.Why == "" {
			return err
		}
		return &exit{code: exitFailed}
	case plan.Why != "":
		if err := a.reportJSON(plan); err != nil {
			return err
		}
		return &exit{code: exitFailed}
	case !f.approved:
		if !a.yes(ctx, stdin, "Push this? Type yes to go ahead:") {
			fmt.Fprintln(a.err, "Nothing was changed.")
			return &exit{code: exitFailed}
		}
	}
	p, err := daemon.Push(ctx, plan.ID)
	if err != nil {
		return a.refused(err)
	}
	return a.followPush(ctx, daemon, p)
}

// shownPush shows how far a push is.
func (a *app) shownPush(p *rollout.Push, err error) error {
	if err != nil {
		return a.refused(err)
	}
	if a.json {
		return a.printJSON(p)
	}
	a.showPush(p)
	return nil
}

// followPush shows the steps of a push as they happen, until it is over.
func (a *app) followPush(ctx context.Context, daemon *control.Client, p *rollout.Push) error {
	clock := time.NewTicker(500 * time.Millisecond)
	defer clock.Stop()
	said := map[string]rollout.Stage{}
	for {
		for _, s := range p.Steps {
			if was, ok := said[s.Member]; (!ok && s.Stage != rollout.Ready || ok && was != s.Stage) && !a.json {
				fmt.Fprintf(a.err, "%s %s\n", a.err.Faint("push:"), a.stepLine(a.err, s))
			}
			said[s.Member] = s.Stage
		}
		if !p.Active() {
			return a.pushEnded(p)
		}
		select {
		case <-clock.C:
		case <-ctx.Done():
			return failed(errors.New("interrupted, but the appliance goes on: orac push --last shows how far it is, and orac push --stop ends it early"))
		}
		next, err := daemon.LastPush(ctx)
		if err != nil {
			return a.refused(err)
		}
		p = next
	}
}

func (a *app) pushEnded(p *rollout.Push) error {
	if a.json {
		if err := a.printJSON(p); err != nil {
			return err
		}
	}
	pending := 0
	for _, s := range p.Steps {
		if s.Stage == rollout.Pending {
			pending++
		}
	}
	switch {
	case p.State != rollout.Over && p.State != rollout.TakenBack:
		a.complain(fmt.Errorf("%s: %s", p.State, screen.Clean(p.Why)))
		if p.Undo {
			fmt.Fprintln(a.err, "  Some members run what was pushed: orac push --undo returns them to what they ran before.")
		}
		return &exit{code: exitFailed}
	case pending > 0:
		if !a.json {
			fmt.Fprintf(a.out, "%s, but members that were away are pending: push again when they are back\n", a.out.Warn("Pushed"))
		}
		return &exit{code: exitDiffers}
	case !a.json:
		fmt.Fprintf(a.out, "%s: %s\n", a.out.Good("Pushed"), p.State)
	}
	return nil
}

// showPush shows a plan, or how far a push is.
func (a *app) showPush(p *rollout.Push) {
	fmt.Fprintf(a.out, "%s  %s\n", a.out.Strong(screen.Clean(p.What)), a.out.Faint(fmt.Sprintf("%s · push %s", p.State, p.ID)))
	for _, s := range p.Steps {
		fmt.Fprintf(a.out, "  %s\n", a.stepLine(a.out, s))
		for _, text := range s.Lines {
			fmt.Fprintf(a.out, "      %s\n", a.out.Faint(screen.Clean(text)))
		}
	}
	if p.Why != "" {
		fmt.Fprintf(a.out, "%s %s\n", a.out.Warn("→"), screen.Clean(p.Why))
	}
}

func (a *app) stepLine(s *screen.Screen, step rollout.Step) string {
	stage := string(step.Stage)
	switch step.Stage.Sense() {
	case rollout.Good:
		stage = s.Good(stage)
	case rollout.Bad:
		stage = s.Bad(stage)
	case rollout.Waits:
		stage = s.Warn(stage)
	}
	text := s.Strong(step.Member) + "  " + stage
	if step.Why != "" {
		text += "  " + screen.Clean(step.Why)
	}
	return text
}
