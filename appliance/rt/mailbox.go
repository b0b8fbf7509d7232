package rt

import (
	"slices"
	"sync"
)

// Mailbox is a bounded queue with one reader and any number of writers. It belongs to the edge of the graph that it carries, not
// to a node, so a node that restarts loses no waiting value.
type Mailbox[T any] struct {
	name string

	mu       sync.Mutex // guards everything that follows
	patient  bool
	capacity int
	ring     []T // grows to its capacity on demand: most hold few values most of the time
	head, n  int
	closed   bool
	readers  waiters // readers that wait for a value
	writers  waiters // writers that wait for room
	dropped  uint64
	fenced   uint64
	taken    uint64
	high     int
}

// NewMailbox makes a mailbox for at most capacity values.
func NewMailbox[T any](name string, capacity int) *Mailbox[T] {
	if capacity < 1 {
		panic("BUG: mailbox " + name + ": capacity below 1")
	}
	return &Mailbox[T]{name: name, capacity: capacity}
}

// NewPatientMailbox makes a mailbox that loses nothing: Push waits for room. Use it where delay is acceptable but loss is not,
// such as for a file that is heard as fast as possible.
func NewPatientMailbox[T any](name string, capacity int) *Mailbox[T] {
	m := NewMailbox[T](name, capacity)
	m.patient = true
	return m
}

// Fit changes the capacity of a mailbox in use, and whether it is patient. Waiting values stay: if there are more than the
// capacity, there is no room until enough of them were received.
func (m *Mailbox[T]) Fit(t *Task, capacity int, patient bool) {
	if capacity < 1 {
		panic("BUG: mailbox " + m.name + ": capacity below 1")
	}
	m.mu.Lock()
	m.patient, m.capacity = patient, capacity
	m.unlockAndWake(t, &m.writers) // there may be room for them now
}

// Send waits for room. It returns ErrStopped if t was told to stop first, ErrClosed if the mailbox is closed.
func (m *Mailbox[T]) Send(t *Task, v T) error {
	for {
		m.mu.Lock()
		switch {
		case m.closed:
			m.mu.Unlock()
			return ErrClosed
		case t.inst.fenced.Load():
			m.fenced++
			m.mu.Unlock()
			return ErrStopped
		case m.n < m.capacity:
			m.put(v)
			m.unlockAndWake(t, &m.readers)
			return nil
		}
		m.writers.add(t)
		m.mu.Unlock()
		if t.Stopping() {
			m.forget(t)
			return ErrStopped
		}
		t.driver.Park(t, Never)
	}
}

// TrySend adds v if there is room and tells whether it did; a value without room is counted as dropped.
func (m *Mailbox[T]) TrySend(t *Task, v T) bool {
	m.mu.Lock()
	if m.refuse(t) {
		return false
	}
	if m.n >= m.capacity {
		m.dropped++
		m.mu.Unlock()
		return false
	}
	m.put(v)
	m.unlockAndWake(t, &m.readers)
	return true
}

// Push adds v. Without room, it drops, counts and returns the oldest value. Only a patient mailbox makes it wait.
func (m *Mailbox[T]) Push(t *Task, v T) (oldest T, dropped bool) {
	m.mu.Lock()
	if m.patient {
		m.mu.Unlock()
		_ = m.Send(t, v) // a writer that is told to stop meanwhile learns of it at its next wait
		return oldest, false
	}
	if m.refuse(t) {
		return oldest, false
	}
	if m.n >= m.capacity {
		oldest, dropped = m.take(), true
		m.taken-- // no reader received it
		m.dropped++
	}
	m.put(v)
	m.unlockAndWake(t, &m.readers)
	return oldest, dropped
}

// refuse unlocks and returns true if a value that t sends must vanish.
func (m *Mailbox[T]) refuse(t *Task) bool {
	if t.inst.fenced.Load() {
		m.fenced++
		m.mu.Unlock()
		return true
	}
	if m.closed {
		m.mu.Unlock()
		return true
	}
	return false
}

// Recv waits for a value until the deadline. It returns ErrTimeout at the deadline, ErrClosed when the mailbox is closed and
// empty, and ErrStopped if t was told to stop, even when there is a value: that stays for the next reader.
func (m *Mailbox[T]) Recv(t *Task, until Instant) (T, error) {
	for {
		if t.Stopping() {
			m.forget(t)
			var none T
			return none, ErrStopped
		}
		v, ok, err := m.tryRecv(t, true)
		if ok || err != nil {
			return v, err
		}
		if t.Now() >= until {
			m.forget(t)
			return v, ErrTimeout
		}
		t.driver.Park(t, until)
	}
}

// TryRecv receives a value if there is one.
func (m *Mailbox[T]) TryRecv(t *Task) (T, bool) {
	v, ok, _ := m.tryRecv(t, false)
	return v, ok
}

func (m *Mailbox[T]) tryRecv(t *Task, register bool) (v T, ok bool, err error) {
	if t.inst.fenced.Load() { // waiting values are for its successor
		return v, false, ErrStopped
	}
	m.mu.Lock()
	if m.n > 0 {
		v = m.take()
		if register {
			m.readers.remove(t)
		}
		m.unlockAndWake(t, &m.writers)
		return v, true, nil
	}
	if m.closed {
		err = ErrClosed
	} else if register {
		m.readers.add(t)
	}
	m.mu.Unlock()
	return v, false, err
}

// Close lets the reader receive the remaining values and then ErrClosed. Values that are sent later vanish.
func (m *Mailbox[T]) Close(t *Task) {
	m.mu.Lock()
	m.closed = true
	m.unlockAndWake(t, &m.readers)
	m.mu.Lock()
	m.unlockAndWake(t, &m.writers)
}

// Stats are the counts of a mailbox.
type Stats struct {
	Name     string
	Len, Cap int
	High     int    // most values held at once
	Taken    uint64 // values that a reader has received
	Dropped  uint64 // values that found no room
	Fenced   uint64 // values of a fenced writer
}

// Stats may be called from anywhere.
func (m *Mailbox[T]) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Stats{Name: m.name, Len: m.n, Cap: m.capacity, High: m.high, Taken: m.taken, Dropped: m.dropped, Fenced: m.fenced}
}

func (m *Mailbox[T]) put(v T) {
	if m.n == len(m.ring) {
		m.grow()
	}
	at := m.head + m.n
	if at >= len(m.ring) {
		at -= len(m.ring)
	}
	m.ring[at] = v
	m.n++
	m.high = max(m.high, m.n)
}

// grow doubles the room, up to the capacity.
func (m *Mailbox[T]) grow() {
	ring := make([]T, min(max(4, 2*len(m.ring)), m.capacity))
	n := copy(ring, m.ring[m.head:])
	copy(ring[n:], m.ring[:m.head])
	m.ring, m.head = ring, 0
}

func (m *Mailbox[T]) take() T {
	var zero T
	v := m.ring[m.head]
	m.taken++
	m.ring[m.head] = zero
	if m.head++; m.head == len(m.ring) {
		m.head = 0
	}
	m.n--
	return v
}

// waiters are the tasks that wait for something: nearly always zero or one.
type waiters struct {
	first *Task
	more  []*Task // only if first is set
}

func (w *waiters) add(t *Task) {
	switch {
	case w.first == t:
	case w.first == nil:
		w.first = t
	case !slices.Contains(w.more, t):
		w.more = append(w.more, t)
	}
}

func (w *waiters) remove(t *Task) {
	if w.first != t {
		if len(w.more) > 0 {
			w.more = slices.DeleteFunc(w.more, func(x *Task) bool { return x == t })
		}
		return
	}
	w.first = nil
	if len(w.more) > 0 {
		w.first = w.more[0]
		w.more = slices.Delete(w.more, 0, 1)
	}
}

// takeAll empties the list and returns its tasks.
func (w *waiters) takeAll() waiters {
	all := *w
	*w = waiters{}
	return all
}

// wake wakes all. The caller holds no lock.
func (w waiters) wake(t *Task) {
	if w.first == nil {
		return
	}
	t.driver.Unpark(w.first)
	for _, x := range w.more {
		t.driver.Unpark(x)
	}
}

// unlockAndWake unlocks and then wakes all tasks of list: no task is woken under the lock.
func (m *Mailbox[T]) unlockAndWake(t *Task, list *waiters) {
	woken := list.takeAll()
	m.mu.Unlock()
	woken.wake(t)
}

func (m *Mailbox[T]) forget(t *Task) {
	m.mu.Lock()
	m.readers.remove(t)
	m.writers.remove(t)
	m.mu.Unlock()
}

// ready implements Case: there is a value to receive, or the mailbox is closed.
func (m *Mailbox[T]) ready(t *Task) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.n > 0 || m.closed {
		return true
	}
	m.readers.add(t)
	return false
}

// Closed tells whether the mailbox was closed. It may be called from anywhere.
func (m *Mailbox[T]) Closed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closed
}
