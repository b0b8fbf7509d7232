package rt

import (
	"slices"
	"sync/atomic"
)

// Out is the writing end of a port: every value goes to each of the mailboxes behind it. The mailboxes may change while it is
// used. Its zero value leads nowhere.
type Out[T any] struct {
	list atomic.Pointer[[]*Mailbox[T]]
}

// NewOut makes a port that leads to mailboxes.
func NewOut[T any](boxes ...*Mailbox[T]) *Out[T] {
	o := &Out[T]{}
	o.list.Store(&boxes)
	return o
}

// To makes the port lead to the mailboxes of another port. It may be called from anywhere.
func (o *Out[T]) To(other *Out[T]) { o.list.Store(other.list.Load()) }

// Boxes returns the mailboxes behind the port.
func (o *Out[T]) Boxes() []*Mailbox[T] {
	if o == nil {
		return nil
	}
	if l := o.list.Load(); l != nil {
		return *l
	}
	return nil
}

// With returns a port that also leads to more mailboxes.
func (o *Out[T]) With(more ...*Mailbox[T]) *Out[T] {
	return NewOut(append(slices.Clone(o.Boxes()), more...)...)
}

// Push sends v to all mailboxes. It waits only for patient ones; a mailbox without room drops its oldest value. It returns the
// number of dropped values.
func (o *Out[T]) Push(t *Task, v T) (dropped int) {
	for _, m := range o.Boxes() {
		if _, d := m.Push(t, v); d {
			dropped++
		}
	}
	return dropped
}

// Send sends v to all and waits for room: for writers that may wait, and values that must not be lost.
func (o *Out[T]) Send(t *Task, v T) error {
	for _, m := range o.Boxes() {
		if err := m.Send(t, v); err != nil {
			return err
		}
	}
	return nil
}

// Close closes all mailboxes behind the port.
func (o *Out[T]) Close(t *Task) {
	for _, m := range o.Boxes() {
		m.Close(t)
	}
}

// Cell holds a node's settings: immutable values that may be replaced while the node runs. Its zero value holds the zero
// value.
type Cell[T any] struct{ v atomic.Pointer[T] }

// NewCell makes a cell that holds v.
func NewCell[T any](v T) *Cell[T] {
	c := &Cell[T]{}
	c.v.Store(&v)
	return c
}

// Get returns the value in force; the zero value if there is no cell. It may be called from anywhere.
func (c *Cell[T]) Get() T {
	if c == nil {
		var zero T
		return zero
	}
	if v := c.v.Load(); v != nil {
		return *v
	}
	var zero T
	return zero
}

// Changed returns the value in force, and tells whether it has changed since the last call with the same mark.
func (c *Cell[T]) Changed(mark *any) (v T, changed bool) {
	p := c.v.Load()
	if *mark == any(p) {
		return c.Get(), false
	}
	*mark = p
	return c.Get(), true
}

// Take makes the cell hold the value of another cell.
func (c *Cell[T]) Take(other *Cell[T]) { c.v.Store(other.v.Load()) }
