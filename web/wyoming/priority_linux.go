package wyoming

import "syscall"

// lowerPriority makes the calling thread give way to all others.
func lowerPriority() {
	const niceness = 10
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), niceness) // Linux: of the thread; without it, it is as fair as any
}
