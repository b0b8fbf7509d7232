package memory

import (
	"fmt"
	"os"
	"sync"

	"github.com/shirou/gopsutil/v3/process"
)

// apart holds processes that this one has started and that are not part of the appliance.
var apart sync.Map // int, its ID -> nothing

// Apart excludes a process that this one has started, with all its descendants, from the memory of the appliance: for example a
// simulation that somebody asked for. Call the returned function once the process has ended.
func Apart(pid int) (ended func()) {
	apart.Store(pid, nil)
	return func() { apart.Delete(pid) }
}

// Family returns this process first, then all its descendants except those that are Apart. It reads /proc once, which takes some
// milliseconds, and starts no program. A process that ends meanwhile is left out.
func Family() ([]Process, error) {
	self := os.Getpid()
	list, err := process.Pids()
	if err != nil {
		return nil, fmt.Errorf("list of processes: %w; is /proc mounted?", err)
	}
	parents := make(map[int]int, len(list))
	for _, pid := range list {
		if parent, err := of(int(pid)).Ppid(); err == nil {
			parents[int(pid)] = int(parent)
		}
	}
	own, err := read(self)
	if err != nil {
		return nil, fmt.Errorf("process %d: %w; is /proc of this container mounted?", self, err)
	}
	family := []Process{own}
	for _, pid := range list {
		pid := int(pid)
		if pid == self || !descends(pid, self, parents) || isApart(pid, parents) {
			continue
		}
		if p, err := read(pid); err == nil { // otherwise it has ended meanwhile
			family = append(family, p)
		}
	}
	return family, nil
}

// Resident returns the resident memory of one process, in bytes.
func Resident(pid int) (int64, error) {
	p, err := read(pid)
	return p.Resident, err
}

func isApart(pid int, parents map[int]int) (found bool) {
	apart.Range(func(ancestor, _ any) bool {
		found = descends(pid, ancestor.(int), parents)
		return !found
	})
	return found
}

// Measure returns the resident memory of this process and of all its descendants that are not Apart, in bytes. Pages that several
// of them share (the capture worker runs the same program file) count in each, so the sum errs on the high side.
func Measure() (resident int64, err error) {
	family, err := Family()
	if err != nil {
		return 0, fmt.Errorf("memory: %w", err)
	}
	for _, p := range family {
		resident += p.Resident
	}
	return resident, nil
}

// descends tells whether pid is ancestor or below it. If process numbers are used again while the list is read, they could form a
// circle, so it takes at most as many steps as there are processes.
func descends(pid, ancestor int, parents map[int]int) bool {
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
