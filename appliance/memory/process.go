package memory

import (
	"errors"
	"time"

	"github.com/shirou/gopsutil/v3/process"
)

// Process is a process at one moment.
type Process struct {
	PID      int
	Resident int64         // bytes
	CPU      time.Duration // user and system, since it began
}

// read returns a process and its parent. It does without process.NewProcess, which keeps a pidfd of every process until the garbage
// collector runs.
func read(pid int32) (p Process, parent int, err error) {
	of := process.Process{Pid: pid}
	above, noParent := of.Ppid()
	memory, noMemory := of.MemoryInfo()
	times, noTimes := of.Times()
	if err := errors.Join(noParent, noMemory, noTimes); err != nil {
		return p, 0, err
	}
	cpu := time.Duration((times.User + times.System) * float64(time.Second))
	return Process{PID: int(pid), Resident: int64(memory.RSS), CPU: cpu}, int(above), nil
}
