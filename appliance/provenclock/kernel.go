package provenclock

import (
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"
)

// apart is the largest difference between the kernel's own time and the time that a process is shown: a larger one means
// that the process is shown a different clock.
const apart = time.Second

// earliest is before any possible build of this program.
var earliest = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Built is when this program was built, as far as it knows: never before the commit that it was built
// from.
func Built() time.Time {
	built := earliest
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if at, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil && at.After(built) {
				built = at
			}
		}
	}
	return built
}

// Kernel tells, for a wall time, whether the kernel calls its clock synchronised with the network (adjtimex) and the time is
// not before this program was built. Setting the clock by hand ends that until it is synchronised again.
func Kernel(built time.Time) func(wall time.Time) bool {
	return func(wall time.Time) bool {
		var x unix.Timex
		state, err := unix.Adjtimex(&x)
		return err == nil && synchronised(state, &x, wall, built)
	}
}

func synchronised(state int, x *unix.Timex, wall, built time.Time) bool {
	fraction := time.Duration(x.Time.Usec) * time.Microsecond
	if x.Status&unix.STA_NANO != 0 {
		fraction = time.Duration(x.Time.Usec)
	}
	kernel := time.Unix(int64(x.Time.Sec), int64(fraction))
	return state != unix.TIME_ERROR && x.Status&unix.STA_UNSYNC == 0 && wall.Sub(kernel).Abs() <= apart && !wall.Before(built)
}
