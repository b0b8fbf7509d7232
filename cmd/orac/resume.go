package main

import (
	"context"
	"errors"
	"fmt"
	"orac/appliance/core"
	"os"
	"strconv"
	"syscall"
)

// A process that replaces itself tells its successor, in the environment, what ran and where. Otherwise a restart would put a
// runbook into force that was edited but not applied.
const (
	resumeGeneration = "ORAC_RESUME_GENERATION"
	resumeState      = "ORAC_RESUME_STATE"
	resumeWhy        = "ORAC_RESUME_WHY"
)

// resumed is what the previous process left; the zero value means that there was none.
type resumed struct {
	generation int
	state, why string
}

// takeResumed reads it and removes it from the environment: it is meant for this process only.
func takeResumed() (r resumed) {
	n, err := strconv.Atoi(os.Getenv(resumeGeneration))
	if err == nil && n > 0 && os.Getenv(resumeState) != "" {
		r = resumed{generation: n, state: os.Getenv(resumeState), why: os.Getenv(resumeWhy)}
	}
	for _, name := range []string{resumeGeneration, resumeState, resumeWhy} {
		_ = os.Unsetenv(name) // fails only for a malformed name
	}
	return r
}

// replaceable tells whether an appliance has ended so that a new process can replace it.
func replaceable(err error) bool {
	return errors.Is(err, core.ErrMemory) || errors.Is(err, core.ErrReexec)
}

// reexec replaces this process by a fresh one with the same arguments, which continues with the generation that ran. If no
// generation could be kept, the new process reads the runbook.
func reexec(was resumed) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	env := os.Environ()
	if was.generation > 0 {
		env = append(env, resumeGeneration+"="+strconv.Itoa(was.generation), resumeState+"="+was.state, resumeWhy+"="+was.why)
	}
	return syscall.Exec(self, os.Args, env)
}

// resume builds the appliance of the generation that ran before this process replaced the old one. It reads the file only to
// report whether it differs.
func (a *app) resume(ctx context.Context, s *service, number int, why string) error {
	kept, err := s.kept(ctx, number)
	if err != nil {
		fmt.Fprintf(a.err, "%s cannot read generation %d, which was running: %v; using %s instead\n", a.err.Bad("orac:"), number, err, a.file)
		return a.begin(ctx, s, nil)
	}
	log := s.options.Log.Logger()
	log.Warn("the process was replaced", "why", why, "generation", number)
	rb, _, unusable := evaluate(s.language, s.request)
	if err := a.use(ctx, s, kept[0], unusable != nil); err != nil {
		fmt.Fprintf(a.err, "%s cannot build generation %d, which was running; trying %s:\n", a.err.Bad("orac:"), number, a.file)
		a.shown(err)
		return a.begin(ctx, s, nil)
	}
	switch {
	case unusable != nil:
		fmt.Fprintf(a.err, "%s %s cannot be used (orac validate says why); generation %d keeps running\n", a.err.Warn("orac:"), a.file, number)
		log.Warn("the runbook cannot be used; the generation keeps running", "runbook", a.file, "generation", number)
	case rb.Inputs().Hash() != kept[0].Inputs.Hash():
		fmt.Fprintf(a.err, "%s %s has changed and was not applied (see: orac plan); generation %d keeps running\n", a.err.Warn("orac:"), a.file, number)
		log.Warn("the runbook has changed and was not applied; the generation keeps running", "runbook", a.file, "generation", number)
	}
	return nil
}
