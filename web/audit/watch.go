package audit

import (
	"context"
	"fmt"
	"time"

	"orac/appliance/health"
	"orac/runbook"
)

// Watch tells in the health of an appliance that its log cannot be written: every change is refused then, and nobody can log in. It is an
// appliance.Beside.
type Watch struct{ Log *Log }

// Component is its name in the health.
const Component = "audit"

const (
	// lookEvery is how often the log is looked at, whether or not somebody does something.
	lookEvery = time.Minute
	// leastFree is how much of the disk must be free, in bytes: the longest record fits.
	leastFree = maxRecord
	tryName   = "audit.try"
)

// Run looks at the log until ctx ends.
func (w Watch) Run(ctx context.Context) {
	for {
		w.Log.Look()
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookEvery):
		}
	}
}

// Listeners implements appliance.Beside.
func (w Watch) Listeners() []health.Listener {
	why := w.Log.problem.Load()
	if why == nil {
		return nil
	}
	return []health.Listener{{Component: Component, Why: *why + ". Until it can be, changes are refused and nobody can log in: check the disk of the state directory", Level: health.Degraded}}
}

// Check implements appliance.Beside.
func (Watch) Check(*runbook.Runbook) error { return nil }

// Accept implements appliance.Beside.
func (Watch) Accept(*runbook.Runbook) error { return nil }

// Use implements appliance.Beside.
func (Watch) Use(*runbook.Runbook) {}

// Look finds out whether a record could be written, without writing one. If one was refused, it writes a file of that size beside the log:
// a disk may open a file and take nothing.
func (l *Log) Look() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note(l.in(func(d folder) error {
		f, err := d.open()
		if err != nil {
			return err
		}
		defer f.Close() // this also releases the lock
		if _, _, err := d.last(f); err != nil {
			return err
		}
		if free, err := d.Free(); err == nil && free < leastFree {
			return fmt.Errorf("the disk has %d bytes left", free)
		}
		if l.problem.Load() == nil {
			return nil
		}
		if err := d.WriteFile(tryName, make([]byte, leastFree)); err != nil {
			return err
		}
		return d.Remove(tryName)
	}))
}

// note remembers whether the log could be written, and returns the error that says so.
func (l *Log) note(err error) error {
	if err == nil {
		l.problem.Store(nil)
		return nil
	}
	err = fmt.Errorf("the audit record cannot be written: %w", err)
	why := err.Error()
	l.problem.Store(&why)
	return err
}
