package orders

import (
	"context"
	"fmt"
	"time"

	"orac/appliance/entity"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/runbook"
)

// orderTime bounds an order. An apply waits until what it changed has proven good.
const orderTime = 2 * time.Minute

// Of carries out what is ordered by way of a block. It implements graph.Parts.Orders.
func (b *Book) Of(block runbook.Address) node.Orders { return carrier{b, By{Block: block}} }

// carrier carries out orders for a node.
type carrier struct {
	book *Book
	by   By
}

// Carry implements node.Orders.
func (c carrier) Carry(t *rt.Task, o entity.Order) error {
	stop, cancel := live.Context(t)
	defer cancel()
	ctx, done := context.WithTimeout(stop, orderTime)
	defer done()
	switch o.What {
	case runbook.AllowMute:
		return c.book.Mute(ctx, c.by, o.Listener, o.On)
	case runbook.AllowThreshold:
		return c.book.Threshold(ctx, c.by, o.Model, o.Value)
	case runbook.AllowSay:
		return c.book.Say(ctx, c.by, o.Speaker, o.Text)
	case runbook.AllowRestart:
		return c.book.Restart(ctx, c.by)
	}
	return fmt.Errorf("BUG: %q is no order", o.What)
}
