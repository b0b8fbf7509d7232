package boot

import (
	"errors"
	"os"
	"strconv"
	"syscall"

	"orac/appliance/core"
)

// A process that replaces itself tells its successor, in the environment, what ran and where. Otherwise a restart would put a
// runbook into force that was edited but not applied.
const (
	resumeGeneration = "ORAC_RESUME_GENERATION"
	resumeState      = "ORAC_RESUME_STATE"
	resumeWhy        = "ORAC_RESUME_WHY"
)

// Resumed is what the previous process left; the zero value means that there was none.
type Resumed struct {
	Generation int
	State, Why string
}

// TakeResumed reads it and removes it from the environment: it is meant for this process only.
func TakeResumed() (r Resumed) {
	n, err := strconv.Atoi(os.Getenv(resumeGeneration))
	if err == nil && n > 0 && os.Getenv(resumeState) != "" {
		r = Resumed{Generation: n, State: os.Getenv(resumeState), Why: os.Getenv(resumeWhy)}
	}
	for _, name := range []string{resumeGeneration, resumeState, resumeWhy} {
		_ = os.Unsetenv(name) // fails only for a malformed name
	}
	return r
}

// Replaceable tells whether an appliance has ended so that a new process can replace it.
func Replaceable(err error) bool {
	return errors.Is(err, core.ErrMemory) || errors.Is(err, core.ErrReexec)
}

// Replace brings the appliance down, and replaces this process by a fresh one with the same arguments, which goes on with the
// generation that ran. If no generation could be kept, the new process reads the runbook. It returns only if that fails.
func (a *Appliance) Replace(why error) error {
	generation := a.Status().Generation
	a.Close()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	env := os.Environ()
	if generation > 0 {
		env = append(env, resumeGeneration+"="+strconv.Itoa(generation), resumeState+"="+a.State.Dir, resumeWhy+"="+why.Error())
	}
	return syscall.Exec(self, os.Args, env)
}
