package node

import (
	"errors"
	"math/rand/v2"
	"time"

	"orac/appliance/rt"
)

// delay is the pause after an attempt.
func (n *Delivery) delay(attempt int) time.Duration {
	return backoff(n.jitter, attempt, firstDelay, n.MaxDelay)
}

// backoff is the pause after an attempt: first, doubled each time up to most, and randomly between half and all of that, so that many
// appliances do not return to a service in step.
func backoff(jitter *rand.Rand, attempt int, first, most time.Duration) time.Duration {
	d := most
	if attempt < 16 {
		d = min(d, first<<(attempt-1))
	}
	return d/2 + time.Duration(jitter.Int64N(int64(d/2)+1))
}

// idle notes that nothing is on its way, until the function that it returns is called.
func (n *Delivery) idle() func() {
	n.busy.Take(rt.NewCell(false))
	return func() { n.busy.Take(rt.NewCell(true)) }
}

// pause waits; it ends early when the service comes back.
func (n *Delivery) pause(t *rt.Task, wait time.Duration) error {
	defer n.idle()()
	for until := t.Now().Add(wait); ; {
		s, err := n.Healthy.Recv(t, until)
		if errors.Is(err, rt.ErrTimeout) || errors.Is(err, rt.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if n.seen(t, s); s.Back {
			return nil
		}
	}
}

// saw tells the probes what an exchange with the service in use has shown. The newest sight counts.
func (n *Delivery) saw(t *rt.Task, err error) {
	if s, shows := sight(err); shows && n.Sights != nil {
		s.STT = n.Service
		n.Sights.Push(t, s)
	}
}
