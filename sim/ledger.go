package sim

import (
	"fmt"
	"syscall"
	"time"

	"orac/appliance/status"
	"orac/appliance/store"
	"orac/runbook/scenario"
)

// ledger is a model of the history: it takes everything at once unless the disk refuses, and remembers restarts and open
// incidents over the end of a process. Its fidelity is that of its errors; SQLite itself is tested elsewhere.
type ledger struct {
	m        *machine
	restarts []store.Restart
	open     map[string]bool // incidents
	last     time.Time       // when the newest incident was detected
	jump     time.Duration   // of the time of day, by then
}

// ordered demands that incidents come into the book in the order in which they were detected. After a jump of the time of day
// nobody can say.
func (l *ledger) ordered(i status.Incident) {
	if _, known := l.m.incidents[i.ID]; known {
		return
	}
	if l.jump == l.m.jump && i.Detected.Before(l.last) {
		l.m.judge.Break(l.m.now(), "order", fmt.Sprintf("the incident of %s came into the book after one that was detected later", i.Component))
	}
	l.last, l.jump = i.Detected, l.m.jump
}

func (l *ledger) write() error {
	switch {
	case l.m.active(scenario.DiskFull):
		return syscall.ENOSPC
	case l.m.active(scenario.DiskReadOnly):
		return syscall.EROFS
	case l.m.active(scenario.DiskError):
		return syscall.EIO
	}
	return nil
}

func (l *ledger) AddDetection(store.Detection) error                   { return l.write() }
func (l *ledger) SaveUtterance(store.Utterance) error                  { return l.write() }
func (l *ledger) SaveDelivery(store.Delivery, *store.Transcript) error { return l.write() }
func (l *ledger) Prune(time.Time, time.Duration, int) (int, error)     { return 0, l.write() }

func (l *ledger) SaveIncident(i status.Incident) error {
	if err := l.write(); err != nil {
		return err
	}
	l.ordered(i)
	l.m.incident(i)
	if i.Recovered.IsZero() {
		l.open[i.ID] = true
	} else {
		delete(l.open, i.ID)
	}
	return nil
}

// mostRestarts bounds what is remembered: more than any budget counts.
const mostRestarts = 2000

func (l *ledger) AddRestart(r store.Restart) error {
	if err := l.write(); err != nil {
		return err
	}
	if l.restarts = append(l.restarts, r); len(l.restarts) > mostRestarts {
		l.restarts = l.restarts[mostRestarts/2:]
	}
	return nil
}

func (l *ledger) EndIncidents(time.Time, string) (int, error) {
	if err := l.write(); err != nil {
		return 0, err
	}
	n := len(l.open)
	for id := range l.open {
		l.m.incidents[id].End = l.m.now().Seconds()
	}
	clear(l.open)
	return n, nil
}

func (l *ledger) RestartsSince(component string, since time.Time) (n int, err error) {
	for _, r := range l.restarts {
		if r.Component == component && !r.At.Before(since) {
			n++
		}
	}
	return n, nil
}
