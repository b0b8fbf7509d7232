package orders

import (
	"context"
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
	return c.book.Set(ctx, c.by, o.Entity, o.To)
}
