package play

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"orac/chaos/journal"
	"orac/chaos/process"
)

// cgroups is the mount point of control groups.
const cgroups = "/sys/fs/cgroup"

// group is a control group of a run, created inside the group of its processes: removing it puts them back.
type group struct {
	dir string
	v2  bool
}

// place returns the folder in which a process is, for a controller.
func place(controller string, pid int) (dir string, v2 bool, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return "", false, err
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		path := filepath.Join("/", parts[2])
		for name := range strings.SplitSeq(parts[1], ",") {
			if name == controller {
				dir = filepath.Join(cgroups, parts[1], path)
				if _, err := os.Stat(dir); err != nil { // several controllers are mounted together: use the link with this one's name
					dir = filepath.Join(cgroups, controller, path)
				}
				return dir, false, nil
			}
		}
		if parts[0] == "0" {
			dir, v2 = filepath.Join(cgroups, path), true
		}
	}
	if dir == "" {
		return "", false, fmt.Errorf("there is no control group for %s", controller)
	}
	controllers, err := os.ReadFile(filepath.Join(dir, "cgroup.subtree_control"))
	if err != nil || !strings.Contains(" "+strings.TrimSpace(string(controllers))+" ", " "+controller+" ") {
		return "", false, fmt.Errorf("the control group %s does not pass %s to its children", dir, controller)
	}
	return dir, v2, nil
}

// plan returns where a group for a process would be. It creates nothing yet.
func (w *World) plan(controller string, pid int) (group, error) {
	dir, v2, err := place(controller, pid)
	return group{filepath.Join(dir, filepath.Base(w.root)+"-"+controller), v2}, err
}

func (g group) step() journal.Step { return journal.Step{Do: journal.Group, Path: g.dir} }

// make creates the group with its limits, each a name and a value, and puts processes into it.
func (g group) make(limits [][2]string, members ...process.Process) error {
	if err := os.Mkdir(g.dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	for _, l := range limits {
		if err := g.set(l[0], l[1]); err != nil {
			return err
		}
	}
	for _, p := range members {
		if !p.Alive() {
			continue
		}
		if err := g.set("cgroup.procs", strconv.Itoa(p.PID)); err != nil && p.Alive() {
			return err
		}
	}
	return nil
}

func (g group) set(name, value string) error {
	return os.WriteFile(filepath.Join(g.dir, name), []byte(value), 0)
}
