package play

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"orac/chaos/journal"
	"orac/chaos/process"
)

// kill ends the appliance; its undo starts it again, as a service manager would.
func kill(w *World, _ occurrence) (*broken, error) {
	a, err := w.Running()
	if err != nil {
		return nil, err
	}
	return revived(w, func() error {
		w.end(a)
		return a.Kill()
	}), nil
}

// revived is a fault that ends the appliance; its undo starts it again.
func revived(w *World, end func() error) *broken {
	ended := false
	return &broken{
		apply: func() error { ended = true; return end() },
		undo: func() error {
			if !ended || w.life.Err() != nil { // or the run is over
				return nil
			}
			ended = false
			return w.again()
		},
	}
}

// starve leaves the appliance and its children almost no CPU time.
func starve(w *World, _ occurrence) (*broken, error) {
	a, err := w.Running()
	if err != nil {
		return nil, err
	}
	members := []process.Process{a.Process()}
	workers, err := a.Workers()
	if err != nil {
		return nil, err
	}
	engines, err := a.Engines()
	if err != nil {
		return nil, err
	}
	players, err := a.Players()
	if err != nil {
		return nil, err
	}
	members = append(append(append(members, workers...), engines...), players...)
	g, err := w.plan("cpu", a.PID())
	if err == nil {
		limits := [][2]string{{"cpu.cfs_period_us", "1000000"}, {"cpu.cfs_quota_us", "1000"}}
		if g.v2 {
			limits = [][2]string{{"cpu.max", "1000 1000000"}}
		}
		err = g.probe(limits)
		if err == nil {
			return &broken{steps: []journal.Step{g.step()}, how: "a control group leaves the appliance and its children 1 ms of CPU a second",
				apply: func() error { return g.make(limits, members...) }, undo: func() error { return g.free() }}, nil
		}
	}
	b := &broken{how: fmt.Sprintf("SIGSTOP to the appliance and its children, then SIGCONT (no control group: %v)", err)}
	for _, p := range members {
		b.steps = append(b.steps, journal.Step{Do: journal.Cont, Process: p})
	}
	b.apply = func() error {
		for _, p := range members {
			if err := p.Signal(unix.SIGSTOP); err != nil && !errors.Is(err, process.ErrGone) {
				return err
			}
		}
		return nil
	}
	return b, nil
}

// probe creates the group with its limits and no processes, and removes it.
func (g group) probe(limits [][2]string) error {
	err := g.make(limits)
	if rm := os.Remove(g.dir); rm != nil && !errors.Is(rm, os.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	return err
}

// free lifts the CPU limit, so that nothing is held up while the processes leave the group.
func (g group) free() error {
	name, value := "cpu.cfs_quota_us", "-1"
	if g.v2 {
		name, value = "cpu.max", "max"
	}
	err := g.set(name, value)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// closeUp limits the appliance to as many descriptors as it has open, until the fault is undone. Processes that it starts
// meanwhile inherit the limit.
func closeUp(w *World, _ occurrence) (*broken, error) {
	a, err := w.Running()
	if err != nil {
		return nil, err
	}
	var was unix.Rlimit
	limited := false
	return &broken{
		apply: func() error {
			free, err := lowestFree(a.PID())
			if err != nil {
				return err
			}
			if err := unix.Prlimit(a.PID(), unix.RLIMIT_NOFILE, nil, &was); err != nil {
				return err
			}
			limited = true
			return unix.Prlimit(a.PID(), unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(free), Max: was.Max}, nil)
		},
		undo: func() error {
			if !limited || !a.Process().Alive() {
				return nil
			}
			return unix.Prlimit(a.PID(), unix.RLIMIT_NOFILE, &was, nil)
		},
	}, nil
}

// lowestFree returns the lowest descriptor number that a process does not use, since the limit applies to numbers. It ignores
// descriptors that are open only for a moment.
func lowestFree(pid int) (lowest int, err error) {
	for range 20 {
		free := 0
		for ; err == nil; free++ {
			if _, err = os.Lstat(fmt.Sprintf("/proc/%d/fd/%d", pid, free)); err != nil {
				break
			}
		}
		if !errors.Is(err, os.ErrNotExist) {
			return 0, err
		}
		if lowest == 0 || free < lowest {
			lowest = free
		}
		err = nil
		time.Sleep(3 * time.Millisecond)
	}
	return lowest, nil
}

// applyTime is how long an apply may take.
const applyTime = time.Minute

// applyChange changes the runbook on disk and applies it. If the change is not kept, it restores the file.
func applyChange(w *World, o occurrence) (*broken, error) {
	if _, err := w.Running(); err != nil {
		return nil, err
	}
	return &broken{apply: func() error {
		w.mu.Lock()
		before := w.saved
		w.mu.Unlock()
		after := before
		var err error
		if after.text, err = w.sc.Changed(before.text, o.Fault); err != nil {
			return err
		}
		if err := after.write(w.File); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(w.life, applyTime)
		defer cancel()
		code, said, err := w.Run(ctx, "apply", "--auto-approve", "-f", w.File)
		if err != nil {
			return err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if code == 0 {
			w.saved = after
			w.applied++
			return nil
		}
		if strings.Contains(said, "rolled back") {
			w.rolledBack++
		}
		w.refusals = append(w.refusals, o.Name+": "+lastLine(said))
		return before.write(w.File)
	}}, nil
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// muteAll mutes the appliance for as long as the fault lasts: it ends by itself.
func muteAll(w *World, o occurrence) (*broken, error) {
	if _, err := w.Running(); err != nil {
		return nil, err
	}
	order := func(args ...string) error {
		ctx, cancel := context.WithTimeout(w.life, applyTime)
		defer cancel()
		code, said, err := w.Run(ctx, append(args, "-f", w.File)...)
		if err == nil && code != 0 {
			err = errors.New(lastLine(said))
		}
		return err
	}
	return &broken{apply: func() error { return order("mute", "--for", max(o.End-o.Begin, time.Second).String()) }}, nil
}
