package play

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"orac/chaos/journal"
	"orac/chaos/process"
	"orac/chaos/ptrace"
)

// mostGrown limits what is mapped for one fault, whatever a scenario says: it is real memory of this machine.
const mostGrown = 1 << 30

// rise adds memory to the appliance at once. The appliance keeps it until it is replaced, or the fault is undone.
func rise(w *World, o occurrence) (*broken, error) {
	a, err := w.Running()
	if err != nil {
		return nil, err
	}
	return w.swells(a.Process(), o)
}

// swells adds memory to a process at once.
func (w *World) swells(p process.Process, o occurrence) (*broken, error) {
	if int64(o.Size) > mostGrown {
		return nil, fmt.Errorf("%v exceeds the %d MiB that a chaos run may use", o.Size, mostGrown>>20)
	}
	image, err := p.Image()
	if err != nil {
		return nil, err
	}
	return &broken{apply: func() error { return ptrace.Grow(w.Tools, p, image, int64(o.Size)) }}, nil
}

// roomLeft is how much more memory a process may use in its new control group: what it used before is counted in the old one.
const roomLeft = 32 << 20

// limitable tells whether memory can be limited on this machine, and added to a process.
func limitable() error {
	if err := ptrace.Supported(); err != nil {
		return err
	}
	dir, _, err := place("memory", os.Getpid())
	if err != nil {
		return err
	}
	if err := unix.Access(dir, unix.W_OK); err != nil {
		return fmt.Errorf("cannot make a control group in %s: %w", dir, err)
	}
	return nil
}

// exhaust sets a limit for the appliance, and makes it exceed it. The kernel ends it; its undo starts it again.
func exhaust(w *World, _ occurrence) (*broken, error) {
	a, err := w.Running()
	if err != nil {
		return nil, err
	}
	image, err := a.Process().Image()
	if err != nil {
		return nil, err
	}
	g, err := w.plan("memory", a.PID())
	if err != nil {
		return nil, err
	}
	name := "memory.limit_in_bytes"
	if g.v2 {
		name = "memory.max"
	}
	b := revived(w, func() error {
		if err := g.make([][2]string{{name, strconv.Itoa(roomLeft)}}, a.Process()); err != nil {
			return err
		}
		w.end(a)
		if err := ptrace.Grow(w.Tools, a.Process(), image, 4*roomLeft); !errors.Is(err, process.ErrGone) {
			return errors.Join(errors.New("the kernel did not end it"), err, a.Kill())
		}
		select {
		case <-a.Ended():
			return nil
		case <-time.After(patience):
			return errors.Join(errors.New("the kernel did not end it"), a.Kill())
		}
	})
	b.steps = []journal.Step{g.step()}
	return b, nil
}

// leakEvery is how often a leak grows.
const leakEvery = time.Second

// leak adds memory to the appliance every second, until the process has replaced itself. The size of the fault is what
// leaks per minute.
func leak(w *World, o occurrence) (*broken, error) {
	a, err := w.Running()
	if err != nil {
		return nil, err
	}
	image, err := a.Process().Image()
	if err != nil {
		return nil, err
	}
	step := max(4096, int64(o.Size)/60)
	l := &leaking{grow: func() error { return ptrace.Grow(w.Tools, a.Process(), image, step) }, step: step, stop: make(chan struct{}), done: make(chan struct{})}
	return &broken{apply: l.start, undo: l.end}, nil
}

// leaking is a leak that continues until it is undone or another process has taken over.
type leaking struct {
	grow       func() error
	step       int64
	once       sync.Once
	stop, done chan struct{}
	begun      bool
}

func (l *leaking) start() error {
	if err := l.grow(); err != nil {
		return err
	}
	l.begun = true
	go func() {
		defer close(l.done)
		tick := time.NewTicker(leakEvery)
		defer tick.Stop()
		for grown := l.step; grown < mostGrown; grown += l.step {
			select {
			case <-l.stop:
				return
			case <-tick.C:
			}
			if l.grow() != nil {
				return // the process has been replaced
			}
		}
	}()
	return nil
}

func (l *leaking) end() error {
	l.once.Do(func() { close(l.stop) })
	if l.begun {
		<-l.done
	}
	return nil
}
