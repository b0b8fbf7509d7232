package memory

import (
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/shirou/gopsutil/v3/process"
)

// apart holds processes that this one has started and that are not part of the appliance.
var apart sync.Map // int32, its ID -> nothing

// Apart excludes a process that this one has started, with all its descendants, from the memory of the appliance: for example a
// simulation that somebody asked for. Call the returned function once the process has ended.
func Apart(pid int) (ended func()) {
	apart.Store(int32(pid), nil)
	return func() { apart.Delete(int32(pid)) }
}

// Family returns this process first, then all its descendants except those that are Apart. It reads /proc once, which takes some
// milliseconds, and starts no program: gopsutil's own list of children runs pgrep, which small images lack.
func Family() ([]*process.Process, error) {
	self := int32(os.Getpid())
	all, err := process.Processes()
	if err != nil {
		return nil, fmt.Errorf("list of processes: %w; is /proc mounted?", err)
	}
	parents := make(map[int32]int32, len(all))
	for _, p := range all {
		if parent, err := p.Ppid(); err == nil {
			parents[p.Pid] = parent
		}
	}
	var family []*process.Process
	for _, p := range all {
		switch {
		case p.Pid == self:
			family = slices.Insert(family, 0, p)
		case descends(p.Pid, self, parents) && !isApart(p.Pid, parents):
			family = append(family, p)
		}
	}
	if len(family) == 0 || family[0].Pid != self {
		return nil, fmt.Errorf("process %d is not in /proc; is /proc of this container mounted?", self)
	}
	return family, nil
}

func isApart(pid int32, parents map[int32]int32) (found bool) {
	apart.Range(func(ancestor, _ any) bool {
		found = descends(pid, ancestor.(int32), parents)
		return !found
	})
	return found
}

// Measure returns the resident memory of this process and of all its descendants that are not Apart, in bytes. Pages that several
// of them share (the capture worker runs the same program file) count in each, so the sum errs on the high side. A process that
// ends meanwhile counts as nothing.
func Measure() (resident int64, err error) {
	family, err := Family()
	if err != nil {
		return 0, fmt.Errorf("memory: %w", err)
	}
	for i, p := range family {
		info, err := p.MemoryInfo()
		if err != nil && i == 0 {
			return 0, fmt.Errorf("reading the memory of this process: %w", err)
		}
		if err == nil {
			resident += int64(info.RSS)
		}
	}
	return resident, nil
}

// descends tells whether pid is ancestor or below it. If process numbers are used again while the list is read, they could form a
// circle, so it takes at most as many steps as there are processes.
func descends(pid, ancestor int32, parents map[int32]int32) bool {
	for range len(parents) + 1 {
		if pid == ancestor {
			return true
		}
		parent, ok := parents[pid]
		if !ok || parent == 0 {
			return false
		}
		pid = parent
	}
	return false
}
