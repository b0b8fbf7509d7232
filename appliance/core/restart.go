package core

import (
	"time"

	"orac/appliance/rt"
)

// Asked is the error of Run when somebody has asked for a restart: the process is to be replaced.
type Asked struct{ By string }

func (a *Asked) Error() string { return "a restart was asked for by " + a.By }

// Replaced is what a process knows of the one that it has replaced.
type Replaced struct {
	Why  string               // it was replaced
	Deaf func() time.Duration // how long ago it began to end
}

// Restart has Run end as it does when it is told to stop, with *Asked: everything recorded is in the spool by then. A second request
// changes nothing.
func (c *Core) Restart(t *rt.Task, by string) error {
	if c.steward.one.underWay() {
		return errBusy
	}
	c.restarts.TrySend(t, by)
	return nil
}

// Ending is when the core began to end; 0 while it runs. It may be called from anywhere.
func (c *Core) Ending() rt.Instant { return c.ending.Get() }
