package outbox

import (
	"time"

	"orac/appliance/rt"
)

// Turn keeps two tasks from using one folder at the same time: a webhook that comes back, and the task that looks after the
// folders of removed webhooks. A nil Turn is for a folder that only its webhook uses.
type Turn struct{ taken rt.Cell[string] }

// turnTime bounds how long a webhook waits for its folder: it must not be held by a disk that hangs that
// long.
const turnTime = 2 * time.Second

// Take takes the folder of a removed webhook. The caller must check afterwards whether the webhook has come back.
func (c *Turn) Take(name string) { c.taken.Take(rt.NewCell(name)) }

// Give returns the folder.
func (c *Turn) Give() { c.Take("") }

// Wait waits until nobody else uses the folder of a webhook.
func (c *Turn) Wait(t *rt.Task, name string) error {
	for until := t.Now().Add(turnTime); c != nil && c.taken.Get() == name && t.Now() < until; {
		if err := t.Sleep(10 * time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
