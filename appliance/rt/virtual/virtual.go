// Package virtual drives the runtime seam in virtual time: one coroutine per task, a heap of timers, and a seeded choice among
// the tasks that are ready.
//
// It guarantees that the same seed and the same code give the same trace, byte for byte, whatever GOMAXPROCS and the
// processor architecture are: exactly one task runs at any moment, nothing depends on map order or on an address, and the
// clock moves only when no task is ready.
//
// A task's own work takes no virtual time. To model what is slow on a real machine, use Starve for a processor that is busy with
// something else, and Disk.Slow for a medium.
package virtual

import (
	"hash/fnv"
	"iter"
	"math/rand/v2"
	"time"

	"orac/appliance/rt"
)

// Driver is the time of one world. Only one goroutine may use it.
type Driver struct {
	seed    uint64
	now     rt.Instant
	epoch   time.Time     // the wall clock's time at instant 0
	offset  time.Duration // how far the wall clock has jumped since
	choice  *rand.Rand
	ready   []*task
	timers  timers
	starved starved
	all     []*task // tasks that have started, except some that are over
	over    int     // number of tasks in all that are over
	halted  bool
	hash    uint64
	records func(rt.Record)
}

// New makes a driver whose instant 0 is the given time of day. Records of the trace go to records, if it is not nil, and into the
// trace's hash.
func New(seed uint64, epoch time.Time, records func(rt.Record)) *Driver {
	return &Driver{seed: seed, epoch: epoch, choice: rand.New(rand.NewPCG(seed, 0)), hash: fnvOffset, records: records, starved: starved{next: rt.Never}}
}

// task is a coroutine and what it waits for.
type task struct {
	name   string
	next   func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
	token  bool // an Unpark came
	parked bool // waits in Park
	queued bool // is in ready, or starved
	over   bool
	fault  any // value to panic with
	timer
}

// Start implements rt.Driver.
func (d *Driver) Start(t *rt.Task, f func()) {
	s := &task{name: t.Name()}
	t.DriverState = s
	s.next, s.stop = iter.Pull(func(yield func(struct{}) bool) {
		s.yield = yield
		f()
	})
	d.all = append(d.all, s)
	d.enqueue(s)
}

// Park implements rt.Driver.
func (d *Driver) Park(t *rt.Task, until rt.Instant) {
	s := t.DriverState.(*task)
	if s.token {
		s.token = false
		return
	}
	if until <= d.now {
		return
	}
	s.parked = true
	if until != rt.Never {
		d.timers.add(s, until)
	}
	if !s.yield(struct{}{}) {
		panic(rt.Unwind{})
	}
	s.parked, s.token = false, false
	s.fall()
}

// Unpark implements rt.Driver.
func (d *Driver) Unpark(t *rt.Task) {
	s := t.DriverState.(*task)
	s.token = true
	if s.parked {
		d.enqueue(s)
	}
}

func (d *Driver) enqueue(s *task) {
	if !s.queued && !s.over {
		s.queued = true
		d.timers.remove(s)
		d.ready = append(d.ready, s)
	}
}

// Run lets the world continue until the instant until, until nothing more can happen, or until Halt. It returns the virtual time
// reached.
func (d *Driver) Run(until rt.Instant) rt.Instant {
	for !d.halted {
		for len(d.ready) > 0 && !d.halted {
			d.step()
		}
		next := min(d.timers.first(), d.starved.next)
		if d.halted || next == rt.Never || next > until {
			break
		}
		d.now = max(d.now, next)
		for d.timers.first() <= d.now {
			d.enqueue(d.timers.heap[0])
		}
		if d.starved.next <= d.now {
			d.ready = d.starved.release(d.ready)
		}
	}
	if until != rt.Never && !d.halted {
		d.now = max(d.now, until)
	}
	return d.now
}

// Halt ends the world at this very instant: Run returns once the running task has come to its next wait, and no task runs again.
// A task may call it; Close then removes the tasks.
func (d *Driver) Halt() { d.halted = true }

// step resumes one of the ready tasks, chosen by the seed.
func (d *Driver) step() {
	i, last := 0, len(d.ready)-1
	if last > 0 {
		i = d.choice.IntN(last + 1)
	}
	s := d.ready[i]
	d.ready[i], d.ready[last] = d.ready[last], nil
	d.ready = d.ready[:last]
	if len(d.starved.rules) > 0 && d.starved.holds(s, d.now) {
		return
	}
	s.queued = false
	if _, more := s.next(); !more {
		d.end(s)
	}
}

// end records that a task is over, and now and then drops such tasks from all.
func (d *Driver) end(s *task) {
	s.over = true
	if d.over++; d.over <= 32 || 2*d.over < len(d.all) {
		return
	}
	kept := d.all[:0]
	for _, s := range d.all {
		if !s.over {
			kept = append(kept, s)
		}
	}
	clear(d.all[len(kept):])
	d.all, d.over = kept, 0
}

// Tasks returns the number of tasks that have not ended: it grows if tasks leak.
func (d *Driver) Tasks() int { return len(d.all) - d.over }

// Close ends every remaining task where it is, as a power loss would: its present wait does not return, and no task learns of its
// end. Its deferred functions do run, since they free memory. They do not wait for anything, and what they send reaches no task,
// since no task runs again. What survives a loss of power, such as a Disk, must be without power before.
func (d *Driver) Close() {
	for i := 0; i < len(d.all); i++ { // unwinding may start tasks
		if s := d.all[i]; !s.over {
			s.over = true
			s.stop()
		}
	}
	d.all, d.over, d.ready, d.timers, d.starved = nil, 0, nil, timers{}, starved{next: rt.Never}
}

// Now implements rt.Driver.
func (d *Driver) Now() rt.Instant { return d.now }

// Wall implements rt.Driver.
func (d *Driver) Wall() time.Time { return d.epoch.Add(time.Duration(d.now) + d.offset) }

// JumpWall moves the time of day, as when a clock is set; monotonic time does not change.
func (d *Driver) JumpWall(by time.Duration) { d.offset += by }

// Rand implements rt.Driver.
func (d *Driver) Rand(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return rand.New(rand.NewPCG(d.seed, h.Sum64()))
}
