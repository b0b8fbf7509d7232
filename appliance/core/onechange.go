package core

import (
	"errors"
	"sync/atomic"
	"time"

	"orac/appliance/rt"
	"orac/appliance/status"
)

// oneChange ensures that only one change is made at a time. A network client cannot hold up a change by this machine's
// user: while the client's change fetches models or its health is watched, it makes room and is taken back.
type oneChange struct {
	whose atomic.Int32 // who makes the current one
	waits atomic.Int32 // changes by this machine's user that wait for their turn
}

// Who makes a change.
const (
	nobodys int32 = iota
	networks
	machines
)

// roomTime is how long this machine's user waits for a change from the network to make room: components need time to
// stop.
const roomTime = 30 * time.Second

var (
	errBusy = &status.Refusal{Code: status.Busy, Message: "another apply or rollback is running", Hint: "wait until it ends: orac status"}
	errRoom = errors.New("a person at this machine is changing something, and that goes first")
)

// begin waits until a change can be made, or returns why it cannot. The caller must call end
// afterwards.
func (c *oneChange) begin(t *rt.Task, o status.Origin) error {
	if !o.Trusted() {
		if c.waits.Load() > 0 || !c.whose.CompareAndSwap(nobodys, networks) {
			return errBusy
		}
		return nil
	}
	c.waits.Add(1)
	defer c.waits.Add(-1)
	for until := t.Now().Add(roomTime); ; {
		switch {
		case c.whose.CompareAndSwap(nobodys, machines):
			return nil
		case c.whose.Load() == machines || t.Now() >= until:
			return errBusy
		}
		if err := t.Sleep(watchEvery / 2); err != nil {
			return err
		}
	}
}

// underWay tells whether a change is being made. It may be called from anywhere.
func (c *oneChange) underWay() bool { return c.whose.Load() != nobodys }

func (c *oneChange) end() { c.whose.Store(nobodys) }

// room returns errRoom if the current change must make room.
func (c *oneChange) room() error {
	if c.waits.Load() > 0 && c.whose.Load() == networks {
		return errRoom
	}
	return nil
}

// interruptible runs a part of a change that may take long, and stops it when the change must make room.
func (c *oneChange) interruptible(t *rt.Task, name string, f func(*rt.Task) error) error {
	part := t.Go(name, f)
	for {
		err := t.Wait(part, t.Now().Add(watchEvery))
		if !errors.Is(err, rt.ErrTimeout) || part.Done() {
			return err
		}
		if err := c.room(); err != nil {
			part.Stop()
			_ = t.Outlast(part, t.Now().Add(roomTime/2)) // the reason for its end is known
			return err
		}
	}
}
