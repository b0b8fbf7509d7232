package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"

	"orac/appliance/health"
	"orac/appliance/status"
)

const (
	probeEvery = 50 * time.Millisecond
	// goodProbes in a row must hear new sound, and no hop of 80 ms may be missing for longer than pauseMost between them: one
	// good probe is not a recovery.
	goodProbes = 5
	pauseMost  = 400 * time.Millisecond
)

// poll asks for the status until f says that it is enough.
func (r Orac) poll(ctx context.Context, most time.Duration, what string, f func(status.Status, error) bool) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		if s, err := r.Status(ctx); ctx.Err() == nil && f(s, err) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waited %v in vain for: %s", most, what)
		}
	}
}

// Flow waits until sound has come to the graph in several probes in a row, and gives when the first of them was.
func (r Orac) Flow(ctx context.Context, most time.Duration) (first time.Time, err error) {
	const unknown = ^uint64(0) // before the first probe
	taken, good := unknown, 0
	var last time.Time
	err = r.poll(ctx, most, "steady sound", func(s status.Status, err error) bool {
		now, came := time.Now(), Taken(s, "features.usb")
		switch {
		case err != nil:
			taken, good = unknown, 0
			return false
		case taken != unknown && came > taken:
			if good++; good == 1 {
				first = now
			}
			last = now
		case now.Sub(last) > pauseMost:
			good = 0
		}
		taken = came
		return good >= goodProbes
	})
	return first, err
}

// Healthy waits until the appliance says that it is healthy, and gives when that was.
func (r Orac) Healthy(ctx context.Context, most time.Duration) (time.Time, error) {
	var last error
	err := r.poll(ctx, most, "health", func(s status.Status, err error) bool {
		if last = err; err == nil && s.Health.Level != health.Healthy {
			last = fmt.Errorf("it is %s: %s", s.Health.Level, Complaints(s))
		}
		return last == nil
	})
	if err != nil {
		err = errors.Join(err, last)
	}
	return time.Now(), err
}

// Taken is how many values a node has taken since the start of the appliance.
func Taken(s status.Status, address string) uint64 {
	for _, n := range s.Nodes {
		if n.Address == address {
			return n.Taken
		}
	}
	return 0
}

// Dropped is how many values found no room in any mailbox.
func Dropped(s status.Status) (n uint64) {
	for _, node := range s.Nodes {
		n += node.Dropped
	}
	return n
}

// Complaints are the components that are not healthy, with why.
func Complaints(s status.Status) (text string) {
	for _, c := range s.Health.Components {
		if c.Level != health.Healthy {
			text += fmt.Sprintf("%s %s: %s; ", c.Name, c.Level, c.Why)
		}
	}
	return text
}
