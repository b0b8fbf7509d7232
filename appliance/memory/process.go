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

// of is a process of the library. It does without process.NewProcess, which keeps a pidfd of every process until the garbage
// collector runs.
func of(pid int) *process.Process { return &process.Process{Pid: int32(pid)} }

func read(pid int) (Process, error) {
	p := of(pid)
	memory, noMemory := p.MemoryInfo()
	times, noTimes := p.Times()
	if err := errors.Join(noMemory, noTimes); err != nil {
		return Process{}, err
	}
	cpu := time.Duration((times.User + times.System) * float64(time.Second))
	return Process{PID: pid, Resident: int64(memory.RSS), CPU: cpu}, nil
}
