package rt

import (
	"errors"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Generation counts the instances of one node; a newer instance has a higher one.
type Generation uint64

// Task is a running piece of sequential code and its view of the world. Only the task itself may call its methods, except for
// Stop, Fence, Done and Err.
type Task struct {
	driver Driver
	name   string
	inst   *instance

	// Driver is the driver's own state for this task.
	DriverState any

	shielded bool // only its owner stops it; a stop of the owner does not reach it

	stopping atomic.Bool // set under mu
	done     atomic.Bool // set under mu, after err

	mu       sync.Mutex // guards everything that follows
	onStop   []*func()
	err      error
	waiters  waiters
	children []*Task
}

// instance is what the tasks of a supervised tree share: all of them are fenced at once.
type instance struct {
	generation Generation
	fenced     atomic.Bool
}

// New makes the root task of a driver and starts it.
func New(d Driver, name string, f func(*Task) error) *Task {
	t := &Task{driver: d, name: name, inst: &instance{}}
	t.start(f)
	return t
}

func (t *Task) start(f func(*Task) error) {
	t.driver.Start(t, func() {
		if err := t.call(f); err != errUnwound {
			t.finish(err)
		}
	})
}

func (t *Task) call(f func(*Task) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			if _, ok := v.(Unwind); ok {
				err = errUnwound
				return
			}
			err = &PanicError{Task: t.name, Value: v, Stack: debug.Stack()}
		}
	}()
	return f(t)
}

// A driver panics with Unwind inside Park to end a task that will not be resumed. Its end is not announced: its children are not
// stopped, and waiting tasks are not woken.
type Unwind struct{}

var errUnwound = errors.New("unwound")

// finish stops and awaits the children, then wakes the tasks that wait for t.
func (t *Task) finish(err error) {
	t.mu.Lock()
	children := slices.Clone(t.children)
	t.mu.Unlock()
	for _, c := range children {
		c.Stop()
	}
	for _, c := range children {
		if t.call(func(*Task) error { _ = c.join(t, Never, true); return nil }) == errUnwound {
			return
		}
	}
	t.mu.Lock()
	t.err = err
	t.done.Store(true)
	waiters := t.waiters.takeAll()
	t.mu.Unlock()
	waiters.wake(t)
}

// Go starts a child task. It ends no later than its owner.
func (t *Task) Go(name string, f func(*Task) error) *Task {
	return t.spawn(&Task{name: name, inst: t.inst}, f)
}

// Shield starts a child task that continues when its owner is told to stop, so that the owner can end it in order: see Outlast.
// It is stopped when the owner's function returns.
func (t *Task) Shield(name string, f func(*Task) error) *Task {
	return t.spawn(&Task{name: name, inst: t.inst, shielded: true}, f)
}

// Supervise starts a child task as an instance of its own, which Fence can cut off separately.
func (t *Task) Supervise(name string, g Generation, f func(*Task) error) *Task {
	return t.spawn(&Task{name: name, inst: &instance{generation: g}}, f)
}

func (t *Task) spawn(c *Task, f func(*Task) error) *Task {
	c.driver, c.name = t.driver, t.name+"/"+c.name
	t.mu.Lock()
	t.children = slices.DeleteFunc(t.children, (*Task).Done)
	t.children = append(t.children, c)
	c.stopping.Store(t.stopping.Load() && !c.shielded)
	c.start(f) // under the lock: whoever stops t finds a child that the driver knows
	t.mu.Unlock()
	return c
}

// Abandon gives up ownership of a child that missed its deadline: the owner no longer waits for it.
func (t *Task) Abandon(c *Task) {
	c.Fence()
	c.Stop()
	t.mu.Lock()
	t.children = slices.DeleteFunc(t.children, func(x *Task) bool { return x == c })
	t.mu.Unlock()
}

// Name returns the path of the task: its owners' names and its own.
func (t *Task) Name() string { return t.name }

// Generation returns the generation of the instance that the task belongs to.
func (t *Task) Generation() Generation { return t.inst.generation }

// Fence makes everything that the task's instance sends from now on vanish. It cannot be undone.
func (t *Task) Fence() { t.inst.fenced.Store(true) }

// Now returns the monotonic time.
func (t *Task) Now() Instant { return t.driver.Now() }

// Wall returns the time of day. It may jump: use it to show and to store, never to measure.
func (t *Task) Wall() time.Time { return t.driver.Wall() }

// Rand returns the random stream of a name below this task.
func (t *Task) Rand(name string) *rand.Rand { return t.driver.Rand(t.name + "#" + name) }

// Trace records what happened, for comparison and replay.
func (t *Task) Trace(what string, args ...int64) {
	t.driver.Trace(Record{At: t.driver.Now(), Task: t.name, What: what, Args: args})
}

// Sleep waits for d. It returns ErrStopped if the task was told to stop earlier.
func (t *Task) Sleep(d time.Duration) error {
	until := t.Now().Add(d)
	for {
		if t.Stopping() {
			return ErrStopped
		}
		if t.Now() >= until {
			return nil
		}
		t.driver.Park(t, until)
	}
}

// Stop asks the task and all its children to end. It returns at once.
func (t *Task) Stop() {
	t.mu.Lock()
	if t.stopping.Load() {
		t.mu.Unlock()
		return
	}
	t.stopping.Store(true)
	hooks, children := t.onStop, slices.Clone(t.children)
	t.onStop = nil
	t.mu.Unlock()
	for _, f := range hooks {
		(*f)()
	}
	for _, c := range children {
		if !c.shielded {
			c.Stop()
		}
	}
	t.driver.Unpark(t)
}

// OnStop calls f when the task is told to stop, at once if it already was. Adapters use it to interrupt a blocking call; f must
// not block. The returned function cancels the registration; an f that is being called at that moment may still run.
func (t *Task) OnStop(f func()) (cancel func()) {
	t.mu.Lock()
	if t.stopping.Load() {
		t.mu.Unlock()
		f()
		return func() {}
	}
	hook := &f
	t.onStop = append(t.onStop, hook)
	t.mu.Unlock()
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.onStop = slices.DeleteFunc(t.onStop, func(h *func()) bool { return h == hook })
	}
}

// Stopping tells whether the task was told to stop.
func (t *Task) Stopping() bool { return t.stopping.Load() }

// Done tells whether the task and all its children have ended.
func (t *Task) Done() bool { return t.done.Load() }

// Err returns the error that the task ended with; nil before it ended.
func (t *Task) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Wait waits for the child c to end and returns its error. It returns ErrTimeout at the deadline, ErrStopped if t was told to
// stop.
func (t *Task) Wait(c *Task, until Instant) error { return c.join(t, until, false) }

// Outlast is Wait for an owner that was told to stop and has to end its children in order. The stop does not end the wait, so the
// deadline must.
func (t *Task) Outlast(c *Task, until Instant) error { return c.join(t, until, true) }

// join waits on behalf of t. A stubborn wait continues although t was told to stop: an owner outlives its children.
func (c *Task) join(t *Task, until Instant, stubborn bool) error {
	for {
		c.mu.Lock()
		if c.done.Load() {
			c.mu.Unlock()
			return c.err
		}
		c.waiters.add(t)
		c.mu.Unlock()
		var err error
		switch {
		case !stubborn && t.Stopping():
			err = ErrStopped
		case t.Now() >= until:
			err = ErrTimeout
		}
		if err != nil {
			c.unwait(t)
			return err
		}
		t.driver.Park(t, until)
	}
}

func (c *Task) unwait(t *Task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiters.remove(t)
}

// A task is a Case: it is ready for Select when it and all its children have ended.

func (c *Task) ready(t *Task) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done.Load() {
		return true
	}
	c.waiters.add(t)
	return false
}

func (c *Task) forget(t *Task) { c.unwait(t) }
