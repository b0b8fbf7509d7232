package node

import (
	"errors"
	"time"

	"orac/appliance/entity"
	"orac/appliance/rt"
)

// Orders carries out what other programs want of the appliance. It records who had it done, and refuses what nobody may change over a
// network.
type Orders interface {
	// Carry returns when it is done, or why it was not.
	Carry(t *rt.Task, o entity.Order) error
}

const (
	// mostOrders is how many orders of a sort may wait. An apply takes seconds.
	mostOrders = 8
	// staleOrder is how long an order may wait before it is begun: whoever gave it has looked away.
	staleOrder = 10 * time.Second
	// sameRestart is how long a second order to restart means the first one.
	sameRestart = 10 * time.Second
	// orderBurst is how many orders may come at once, and orderEvery how often one more: more than a person gives.
	orderBurst = 10
	orderEvery = time.Second
)

// Why an order is not carried out.
var (
	errTooMany  = errors.New("too many orders come")
	errStale    = errors.New("it waited too long")
	errNobody   = errors.New("nothing can be ordered here")
	errRetained = errors.New("it is retained, and so may be old")
	errUnknown  = errors.New("there is no such topic")
)

// ordered is an order that waits.
type ordered struct {
	entity.Order
	at rt.Instant
}

// carried is what came of an order.
type carried struct {
	order entity.Order
	err   error
}

// obeyer has orders carried out, those of each sort one after the other: whoever mutes waits for no apply.
type obeyer struct {
	orders Orders // nil: nothing is carried out
	done   *rt.Mailbox[carried]
	lines  map[string]*rt.Mailbox[ordered]
	left   int        // orders that may still come at once
	filled rt.Instant // when left was counted
	last   rt.Instant // when a restart was ordered; 0: never
}

// start begins to carry out the orders of some sorts. allowed is asked when one is begun: while it waited, an apply may have forbidden it.
func (b *obeyer) start(t *rt.Task, orders Orders, sorts []string, allowed func(what string) bool) {
	*b = obeyer{orders: orders, done: rt.NewMailbox[carried]("orders done", 2*mostOrders), lines: map[string]*rt.Mailbox[ordered]{}, left: orderBurst, filled: t.Now()}
	for _, what := range sorts {
		line := rt.NewMailbox[ordered]("orders to "+what, mostOrders)
		b.lines[what] = line
		t.Go(what, func(t *rt.Task) error {
			for {
				o, err := line.Recv(t, rt.Never)
				if err != nil {
					return err
				}
				switch {
				case t.Now().Sub(o.at) > staleOrder:
					err = errStale
				case !allowed(o.Order.Order):
					err = errNobody
				default:
					err = orders.Carry(t, o.Order)
				}
				if err := b.done.Send(t, carried{o.Order, err}); err != nil {
					return err
				}
			}
		})
	}
}

// admit counts a message that wants something, whatever it is.
func (b *obeyer) admit(t *rt.Task) error {
	if more := int(t.Now().Sub(b.filled) / orderEvery); more > 0 {
		b.left, b.filled = min(b.left+more, orderBurst), b.filled.Add(time.Duration(more)*orderEvery)
	}
	if b.left == 0 {
		return errTooMany
	}
	b.left--
	return nil
}

// give has an order carried out. again: it means one that was given before, and nothing more is done.
func (b *obeyer) give(t *rt.Task, o entity.Order, restarts bool) (again bool, err error) {
	line := b.lines[o.Order]
	if b.orders == nil || line == nil {
		return false, errNobody
	}
	if restarts {
		if b.last != 0 && t.Now().Sub(b.last) < sameRestart {
			return true, nil
		}
	}
	if !line.TrySend(t, ordered{o, t.Now()}) {
		return false, errTooMany
	}
	if restarts {
		b.last = t.Now()
	}
	return false, nil
}
