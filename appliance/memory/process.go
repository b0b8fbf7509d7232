package memory

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ticks is how many clock ticks a second has in /proc, on every architecture that Go supports (USER_HZ of the kernel).
const ticks = 100

// Process is a process at one moment.
type Process struct {
	PID      int
	Resident int64         // bytes
	CPU      time.Duration // user and system, since it began
}

// read returns a process and its parent. It opens one file and no pidfd: os.FindProcess keeps a descriptor of every process until
// the garbage collector runs, and so did a library that used it for this.
func read(pid int) (p Process, parent int, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return p, 0, err
	}
	// The second field is the program's name in parentheses; it may hold anything, parentheses and spaces included.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 22 {
		return p, 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields)+2)
	}
	number := func(field int) int64 { // as proc_pid_stat(5) counts
		n, failed := strconv.ParseInt(fields[field-3], 10, 64)
		err = errors.Join(err, failed)
		return n
	}
	parent = int(number(4))
	p = Process{PID: pid, Resident: number(24) * int64(os.Getpagesize()), CPU: time.Duration(number(14)+number(15)) * time.Second / ticks}
	return p, parent, err
}
