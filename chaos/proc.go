package chaos

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"orac/appliance/engine"
	"orac/chaos/process"
)

// Usage is what a process takes of the machine.
type Usage struct {
	Threads     int      `json:"threads"`
	Descriptors []string `json:"descriptors"` // what each refers to, in order: a path, or the kernel's name of a pipe or socket
	Children    int      `json:"children"`
	Resident    int64    `json:"resident_bytes"` // of the process alone
}

// Usage reads /proc.
func (a *Appliance) Usage() (u Usage, err error) {
	dir := filepath.Join("/proc", strconv.Itoa(a.PID()))
	text, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return u, err
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "Threads":
			_, err = fmt.Sscan(value, &u.Threads)
		case "VmRSS":
			_, err = fmt.Sscan(value, &u.Resident) // kB
			u.Resident <<= 10
		}
		if err != nil {
			return u, fmt.Errorf("%s/status: %w", dir, err)
		}
	}
	if u.Descriptors, err = descriptors(filepath.Join(dir, "fd")); err != nil {
		return u, err
	}
	children, err := childrenOf(a.PID())
	u.Children = len(children)
	return u, err
}

// descriptors lists what the descriptors of a process refer to, in order. Those that are closed meanwhile are left out.
func descriptors(dir string) (targets []string, err error) {
	list, err := os.ReadDir(dir)
	for _, fd := range list {
		if target, err := os.Readlink(filepath.Join(dir, fd.Name())); err == nil {
			targets = append(targets, target)
		}
	}
	slices.Sort(targets)
	return targets, err
}

// childrenOf are the processes that a process has started and that still are.
func childrenOf(pid int) (list []int, err error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil, err
	}
	for _, file := range threads {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			list = append(list, child)
		}
	}
	return list, nil
}

// Worker is the capture process that holds a device: a child of the appliance, known by its command line, which has all of words
// among its arguments.
func (a *Appliance) Worker(words ...string) (process.Process, error) {
	list, err := a.Workers(words...)
	if err == nil && len(list) == 0 {
		err = ErrNoWorker
	}
	if err != nil {
		return process.Process{}, err
	}
	return list[0], nil
}

// Workers are all capture processes that hold a device, or are about to.
func (a *Appliance) Workers(words ...string) (list []process.Process, err error) {
	return a.children(func(args []string) bool {
		return slices.Contains(args, "capture-worker") && !slices.Contains(args, "--list") && containsAll(args, words)
	})
}

// Player is the process that plays at a speaker, known as Worker is.
func (a *Appliance) Player(words ...string) (process.Process, error) {
	list, err := a.Players(words...)
	if err == nil && len(list) == 0 {
		err = ErrNoPlayer
	}
	if err != nil {
		return process.Process{}, err
	}
	return list[0], nil
}

// Players are all processes that play at a speaker, or are about to.
func (a *Appliance) Players(words ...string) (list []process.Process, err error) {
	return a.children(func(args []string) bool {
		return slices.Contains(args, "playback-worker") && !slices.Contains(args, "--list") && containsAll(args, words)
	})
}

// Engine is the process of an engine that understands speech, known as Worker is.
func (a *Appliance) Engine(words ...string) (process.Process, error) {
	list, err := a.Engines(words...)
	if err == nil && len(list) == 0 {
		err = ErrNoEngine
	}
	if err != nil {
		return process.Process{}, err
	}
	return list[0], nil
}

// Engines are all processes of engines.
func (a *Appliance) Engines(words ...string) (list []process.Process, err error) {
	return a.children(func(args []string) bool { return slices.Contains(args, engine.Command) && containsAll(args, words) })
}

func containsAll(args, words []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(args, w) })
}

// children are the processes that the appliance has started and whose command line fits.
func (a *Appliance) children(fits func(args []string) bool) (list []process.Process, err error) {
	children, err := childrenOf(a.PID())
	if err != nil {
		return nil, err
	}
	for _, pid := range children {
		p, err := process.Of(pid)
		if err != nil {
			continue
		}
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err != nil {
			continue
		}
		if fits(strings.Split(string(line), "\x00")) {
			list = append(list, p)
		}
	}
	return list, nil
}

// ErrNoWorker is returned while the appliance has no capture process: its device is away, or being opened.
var ErrNoWorker = errors.New("the appliance has no capture process")

// ErrNoPlayer is returned while the appliance has no playback process: its speaker is away, or being opened.
var ErrNoPlayer = errors.New("the appliance has no playback process")

// ErrNoEngine is returned while the appliance has no process of an engine: it was let go, or is being started.
var ErrNoEngine = errors.New("the appliance has no process of that engine: nobody needs it just now, or it is being started")

func (a *Appliance) signalWorker(s syscall.Signal) error {
	p, err := a.Worker()
	if err != nil {
		return err
	}
	return p.Signal(s)
}
