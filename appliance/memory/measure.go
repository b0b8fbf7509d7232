package memory

import (
	"fmt"
	"os"

	"github.com/shirou/gopsutil/v3/process"
)

// Measure gives the resident memory of this process and of all that descend from it, in bytes. Pages that several of them
// share (the capture worker runs the same program file) count in each, so the sum errs on the high side. A process that ends
// meanwhile counts as nothing. It reads /proc once, some milliseconds, and starts no program: gopsutil's own list of children
// asks pgrep, which small images lack.
func Measure() (resident int64, err error) {
	self := int32(os.Getpid())
	all, err := process.Processes()
	if err != nil {
		return 0, fmt.Errorf("memory: list of processes: %w; is /proc mounted?", err)
	}
	parents := make(map[int32]int32, len(all))
	for _, p := range all {
		if parent, err := p.Ppid(); err == nil {
			parents[p.Pid] = parent
		}
	}
	found := false
	for _, p := range all {
		if !descends(p.Pid, self, parents) {
			continue
		}
		info, err := p.MemoryInfo()
		if err != nil {
			if p.Pid == self {
				return 0, fmt.Errorf("memory: of this process: %w", err)
			}
			continue
		}
		found = found || p.Pid == self
		resident += int64(info.RSS)
	}
	if !found {
		return 0, fmt.Errorf("memory: process %d is not in /proc; is /proc of this container mounted?", self)
	}
	return resident, nil
}

// descends tells whether pid is ancestor or below it. Numbers that are used again while the list is read could make a circle:
// no more steps are taken than there are processes.
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
