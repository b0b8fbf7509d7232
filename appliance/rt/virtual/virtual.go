// Package virtual drives the runtime seam in virtual time: one coroutine a task, a heap of timers, and a seeded choice
// among the tasks that are ready.
//
// It guarantees that the same seed and the same code give the same trace, byte for byte, whatever GOMAXPROCS is: exactly
// one task runs at any moment, nothing depends on map order or on an address, and the clock moves only when no task is
// ready.
package virtual

import (
	"container/heap"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/fnv"
	"iter"
	"math/rand/v2"
	"time"

	"orac/appliance/rt"
)

// Driver is a world's time. It is used by one goroutine.
type Driver struct {
	seed    uint64
	now     rt.Instant
	epoch   time.Time     // the wall clock's time at instant 0
	offset  time.Duration // how far the wall clock has jumped since
	choice  *rand.Rand
	ready   []*task
	timers  timers
	seq     uint64
	all     []*task // that have started, but for some that are over
	over    int     // of all
	hash    hash.Hash64
	records func(rt.Record)
}

// New makes a driver at instant 0 of the given time of day. Records of the trace go to records, if it is not nil, and
// into the trace's hash.
func New(seed uint64, epoch time.Time, records func(rt.Record)) *Driver {
	return &Driver{seed: seed, epoch: epoch, choice: rand.New(rand.NewPCG(seed, 0)), hash: fnv.New64a(), records: records}
}

// task is a coroutine and what it waits for.
type task struct {
	next    func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
	token   bool   // an Unpark came
	parked  bool   // waits in Park
	queued  bool   // stands in ready
	waiting uint64 // number of the Park that a timer belongs to
	over    bool
}

// Start implements rt.Driver.
func (d *Driver) Start(t *rt.Task, f func()) {
	s := &task{}
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
	s.waiting++
	s.parked = true
	if until != rt.Never {
		d.seq++
		heap.Push(&d.timers, timer{at: until, seq: d.seq, task: s, waiting: s.waiting})
	}
	if !s.yield(struct{}{}) {
		panic(rt.Unwind{})
	}
	s.parked, s.token = false, false
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
		d.ready = append(d.ready, s)
	}
}

// Run lets the world go on until the instant until, or until nothing can happen any more. It gives the virtual time
// reached.
func (d *Driver) Run(until rt.Instant) rt.Instant {
	for {
		for len(d.ready) > 0 {
			d.step()
		}
		if len(d.timers) == 0 || d.timers[0].at > until {
			break
		}
		d.now = max(d.now, d.timers[0].at)
		for len(d.timers) > 0 && d.timers[0].at <= d.now {
			e := heap.Pop(&d.timers).(timer)
			if e.task.parked && e.task.waiting == e.waiting {
				d.enqueue(e.task)
			}
		}
	}
	if until != rt.Never {
		d.now = max(d.now, until)
	}
	return d.now
}

// step resumes one of the ready tasks, chosen by the seed.
func (d *Driver) step() {
	i := 0
	if len(d.ready) > 1 {
		i = d.choice.IntN(len(d.ready))
	}
	s := d.ready[i]
	last := len(d.ready) - 1
	d.ready[i], d.ready[last] = d.ready[last], nil
	d.ready = d.ready[:last]
	s.queued = false
	if _, more := s.next(); !more {
		s.over = true
		if d.over++; d.over > 32 && 2*d.over >= len(d.all) {
			d.forget()
		}
	}
}

// forget drops the tasks that are over.
func (d *Driver) forget() {
	kept := d.all[:0]
	for _, s := range d.all {
		if !s.over {
			kept = append(kept, s)
		}
	}
	clear(d.all[len(kept):])
	d.all, d.over = kept, 0
}

// Close ends every task that is left where it stands, as a power loss would.
func (d *Driver) Close() {
	for i := 0; i < len(d.all); i++ { // unwinding may start tasks
		if s := d.all[i]; !s.over {
			s.over = true
			s.stop()
		}
	}
	d.all, d.ready, d.timers = nil, nil, nil
}

// Now implements rt.Driver.
func (d *Driver) Now() rt.Instant { return d.now }

// Wall implements rt.Driver.
func (d *Driver) Wall() time.Time { return d.epoch.Add(time.Duration(d.now) + d.offset) }

// JumpWall moves the time of day, as a clock that is set does; monotonic time does not notice.
func (d *Driver) JumpWall(by time.Duration) { d.offset += by }

// Rand implements rt.Driver.
func (d *Driver) Rand(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return rand.New(rand.NewPCG(d.seed, h.Sum64()))
}

// Trace implements rt.Driver.
func (d *Driver) Trace(r rt.Record) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(r.At))
	_, _ = d.hash.Write(b[:])
	_, _ = fmt.Fprintf(d.hash, "%s %s %d\n", r.Task, r.What, r.Args)
	if d.records != nil {
		d.records(r)
	}
}

// Hash is the hash of the trace so far.
func (d *Driver) Hash() uint64 { return d.hash.Sum64() }

// timer ends a Park at an instant.
type timer struct {
	at      rt.Instant
	seq     uint64
	task    *task
	waiting uint64
}

type timers []timer

func (h timers) Len() int { return len(h) }
func (h timers) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h timers) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *timers) Push(x any)   { *h = append(*h, x.(timer)) }
func (h *timers) Pop() any {
	old := *h
	x := old[len(old)-1]
	old[len(old)-1] = timer{}
	*h = old[:len(old)-1]
	return x
}
