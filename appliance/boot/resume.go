package boot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"orac/appliance/core"
)

// A process that replaces itself tells its successor, in the environment, what ran and where. Otherwise a restart would put a
// runbook into force that was edited but not applied.
const (
	resumeGeneration = "ORAC_RESUME_GENERATION"
	resumeState      = "ORAC_RESUME_STATE"
	resumeWhy        = "ORAC_RESUME_WHY"
	resumeSince      = "ORAC_RESUME_SINCE"
)

// Resumed is what the previous process left; the zero value means that there was none.
type Resumed struct {
	Generation int
	State, Why string
	Since      time.Duration // when it began to end, by the clock that counts from the machine's start; 0: unknown
}

// TakeResumed reads it and removes it from the environment: it is meant for this process only.
func TakeResumed() (r Resumed) {
	n, err := strconv.Atoi(os.Getenv(resumeGeneration))
	if err == nil && n > 0 && os.Getenv(resumeState) != "" {
		r = Resumed{Generation: n, State: os.Getenv(resumeState), Why: os.Getenv(resumeWhy)}
		if ns, err := strconv.ParseInt(os.Getenv(resumeSince), 10, 64); err == nil && ns > 0 {
			r.Since = time.Duration(ns)
		}
	}
	for _, name := range []string{resumeGeneration, resumeState, resumeWhy, resumeSince} {
		_ = os.Unsetenv(name) // fails only for a malformed name
	}
	return r
}

// replaced is what the appliance tells of the process before; nil if nothing is known.
func (r Resumed) replaced() *core.Replaced {
	if r.Since == 0 {
		return nil
	}
	return &core.Replaced{Why: r.Why, Deaf: func() time.Duration { return max(0, sinceBoot()-r.Since) }}
}

// sinceBoot is the time since the machine has started: no clock that is set changes it, and both processes read the same.
func sinceBoot() time.Duration {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) != nil {
		return 0
	}
	return time.Duration(now.Nano())
}

// Replaceable tells whether an appliance has ended so that a new process can replace it.
func Replaceable(err error) bool {
	_, asked := errors.AsType[*core.Asked](err)
	return asked || errors.Is(err, core.ErrMemory) || errors.Is(err, core.ErrReexec)
}

// runsTime is how long the program may take to say its version.
const runsTime = 10 * time.Second

// Runs tells why the program of this process would not start again, as after half an update; nil if it would.
func Runs(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, runsTime)
	defer cancel()
	if err := exec.CommandContext(ctx, self, "version").Run(); err != nil {
		return fmt.Errorf("%s does not run: %w", self, err)
	}
	return nil
}

// Replace brings the appliance down, and replaces this process by a fresh one with the same arguments and environment, which goes on
// with the generation that ran. If no generation could be kept, the new process reads the runbook. It returns only if that fails, or if
// ended tells at the last moment that somebody has stopped ORAC meanwhile: from then on a signal must end the process by itself, as it
// would be lost with the program.
func (a *Appliance) Replace(why error, ended func() bool) error {
	generation, since := a.Status().Generation, sinceBoot()-a.Ending()
	a.Close()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	env := os.Environ()
	if generation > 0 {
		env = append(env, resumeGeneration+"="+strconv.Itoa(generation), resumeState+"="+a.State.Dir, resumeWhy+"="+why.Error(),
			resumeSince+"="+strconv.FormatInt(int64(since), 10))
	}
	if ended() {
		return nil
	}
	if err := syscall.Exec(self, os.Args, env); err != nil {
		return fmt.Errorf("%s cannot be started again: %w; start it with the same command, its state is whole", self, err)
	}
	return nil // not reached
}
