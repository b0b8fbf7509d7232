package appliance

import (
	"errors"
	"sync/atomic"
	"time"

	"orac/appliance/rt"
	"orac/appliance/status"
)

// oneChange sees to it that one change is made at a time. A network client cannot hold up a change of this machine's user:
// while its change fetches models, and while its health is watched, it makes room, and is taken back.
type oneChange struct {
	whose atomic.Int32 // makes one
	waits atomic.Int32 // changes of this machine's user that want to be made
}

// Whose change is made.
const (
	nobodys int32 = iota
	networks
	machines
)

// roomTime is how long this machine's user waits for a change of the network to make room: components need time to stop.
const roomTime = 30 * time.Second

var (
	errBusy = &status.Refusal{Code: status.Busy, Message: "another apply or rollback is running", Hint: "wait until it ends: orac status"}
	errRoom = errors.New("a person at this machine is changing something, and that goes first")
)

// begin waits until a change can be made, or says why it cannot. end must follow.
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

// room is errRoom if the change that is made is to make room.
func (c *oneChange) room() error {
	if c.waits.Load() > 0 && c.whose.Load() == networks {
		return errRoom
	}
	return nil
}

// interruptible does something that may take long as a part of a change, unless that is to make room.
func (c *oneChange) interruptible(t *rt.Task, name string, f func(*rt.Task) error) error {
	part := t.Go(name, f)
	for {
		err := t.Wait(part, t.Now().Add(watchEvery))
		if !errors.Is(err, rt.ErrTimeout) || part.Done() {
			return err
		}
		if err := c.room(); err != nil {
			part.Stop()
			_ = t.Outlast(part, t.Now().Add(roomTime/2)) // why it ended is known
			return err
		}
	}
}
