package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"orac/chaos/process"
	"orac/runbook/pattern"
)

// Do is what a step does.
type Do string

// The actions of steps. Each may be done any number of times, and does nothing when there is nothing left to do.
const (
	Kill    Do = "kill"    // ends Process (SIGKILL) and waits until it is gone
	Cont    Do = "cont"    // lets Process continue (SIGCONT)
	Release Do = "release" // ends the tracer Process, which releases what it traces (SIGTERM, then SIGKILL)
	Unmount Do = "unmount" // unmounts the file system on Path, whether in use or not
	Remove  Do = "remove"  // removes Path and everything below it, without leaving its file system
	Group   Do = "group"   // removes the control group Path; its processes go to its parent
)

// Step undoes something. It is data, so that a different process can do it after the one that wrote it has died.
type Step struct {
	Do      Do              `json:"do"`
	Process process.Process `json:"process,omitzero"`
	Path    string          `json:"path,omitempty"`
}

// group matches the names of our own control groups.
var group = pattern.Lazy(`^/sys/fs/cgroup(/[^/]+)*/orac-chaos-[A-Za-z0-9-]+$`)

// allowed returns why a step must not be done for a world in root; nothing outside of root may be touched, whatever
// the journal says.
func (s Step) allowed(root string) error {
	switch s.Do {
	case Kill, Cont, Release:
		if s.Process.PID <= 1 || s.Process.Start == 0 {
			return fmt.Errorf("%s: names no process", s.Do)
		}
		return nil
	case Unmount, Remove:
		rel, err := filepath.Rel(root, s.Path)
		if err != nil || !filepath.IsLocal(rel) || filepath.Clean(s.Path) != s.Path {
			return fmt.Errorf("%s: %q is not below %s", s.Do, s.Path, root)
		}
		return nil
	case Group:
		if !group().MatchString(s.Path) || filepath.Clean(s.Path) != s.Path {
			return fmt.Errorf("%s: %q is not a control group of a chaos run", s.Do, s.Path)
		}
		return nil
	}
	return fmt.Errorf("unknown step %q", s.Do)
}

// endTime is how long a process may take to disappear, and a control group to become empty.
const endTime = 5 * time.Second

// do does the step.
func (s Step) do(root string) error {
	if err := s.allowed(root); err != nil {
		return err
	}
	switch s.Do {
	case Kill:
		return s.end(unix.SIGKILL)
	case Release:
		if err := s.end(unix.SIGTERM); err == nil {
			return nil
		}
		return s.end(unix.SIGKILL)
	case Cont:
		return present(s.Process.Signal(unix.SIGCONT))
	case Unmount:
		err := unix.Unmount(s.Path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, fs.ErrNotExist) {
			return nil // nothing is mounted there
		}
		return err
	case Remove:
		return os.RemoveAll(s.Path)
	case Group:
		return removeGroup(s.Path)
	}
	return nil
}

func present(err error) error {
	if errors.Is(err, process.ErrGone) {
		return nil
	}
	return err
}

// end signals a process and waits until it has disappeared.
func (s Step) end(with unix.Signal) error {
	if err := s.Process.Signal(with); err != nil {
		return present(err)
	}
	for until := time.Now().Add(endTime); s.Process.Alive(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			return fmt.Errorf("process %d does not end", s.Process.PID)
		}
	}
	return nil
}

// removeGroup empties a control group and removes it.
func removeGroup(path string) error {
	for until := time.Now().Add(endTime); ; time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		for _, pid := range strings.Fields(string(text)) {
			_ = os.WriteFile(filepath.Join(filepath.Dir(path), "cgroup.procs"), []byte(pid), 0) // it may have ended
		}
		err = os.Remove(path)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if time.Now().After(until) {
			return err
		}
	}
}
