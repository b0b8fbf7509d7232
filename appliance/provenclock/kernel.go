package provenclock

import (
	"time"

	"golang.org/x/sys/unix"
)

// apart is how far the kernel's own time may be from the time that a process is shown: more means that the process is shown
// another clock.
const apart = time.Second

// Kernel tells of a wall time whether the kernel calls its clock synchronised with the network (adjtimex), and the time is not
// before that at which this program was built. Setting the clock by hand ends that until it is synchronised again.
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
