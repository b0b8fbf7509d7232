// Package rt is the runtime seam: everything that node code may ask of the world.
//
// Node code is ordinary sequential Go over this package. It sees a clock, bounded mailboxes, an ordered select, child tasks with
// an owner, named random streams, a file system and the adapters it was given; it never touches go, chan, select, time.Now, os or
// net. Two drivers implement the seam: rt/live (goroutines, the real clock) and rt/virtual (one coroutine per task, a virtual
// clock, a seeded choice among the ready tasks). Both give the same guarantees:
//
//   - A task has one owner. When a task's function returns, its children are stopped and awaited.
//   - Every wait ends: with a value, at its deadline, or with ErrStopped once the task was told to stop.
//   - A mailbox never holds more than its capacity.
//   - No value that a fenced instance sends arrives.
//   - A panic ends its task with a *PanicError and nothing else.
//
// Under rt/virtual the same seed gives the same trace, byte for byte.
package rt

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Instant is monotonic time: nanoseconds since the driver started. It never jumps, whatever the wall clock does.
type Instant int64

// Never is the deadline of a wait that ends only with a value or a stop.
const Never Instant = math.MaxInt64

// Add returns the instant d after i; it saturates at Never.
func (i Instant) Add(d time.Duration) Instant {
	if d > 0 && i > Never-Instant(d) {
		return Never
	}
	return i + Instant(d)
}

// Sub returns the time from j to i.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i - j) }

func (i Instant) String() string { return time.Duration(i).String() }

// The ways in which a wait can end without a value.
var (
	ErrStopped = errors.New("stopped")
	ErrTimeout = errors.New("timed out")
	ErrClosed  = errors.New("closed: its writers have finished")
)

// PanicError is the error of a task whose function panicked.
type PanicError struct {
	Task  string
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("%s: panic: %v", e.Task, e.Value) }

// Record is one line of a trace. It holds only integers and names: floating-point sums differ between processor architectures, so
// whoever records a value quantises it.
type Record struct {
	At   Instant
	Task string
	What string
	Args []int64
}

// Driver is the part that differs between real and virtual time. Only this package calls it.
type Driver interface {
	Now() Instant
	Wall() time.Time
	// Start runs f as the body of t.
	Start(t *Task, f func())
	// Park blocks the calling task t until Unpark(t) or until the deadline; if an Unpark came first, it returns at once. It may
	// also return early: callers check their condition again.
	Park(t *Task, until Instant)
	// Unpark may be called from anywhere.
	Unpark(t *Task)
	// Rand returns the random stream of a name: the same name and seed give the same numbers.
	Rand(name string) *rand.Rand
	Trace(Record)
}
