package rt

import (
	"slices"
	"sync"
)

// Mailbox is a bounded queue with one reader and any number of writers. It belongs to the edge of the graph that it
// carries, not to a node, so a node that restarts loses nothing that waits there.
type Mailbox[T any] struct {
	name string

	mu       sync.Mutex // guards everything that follows
	patient  bool
	capacity int
	ring     []T // grows to its capacity as it is needed: most hold few values for most of the time
	head, n  int
	closed   bool
	readers  waiters // for something to arrive
	writers  waiters // for room
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

// NewPatientMailbox makes a mailbox that loses nothing: Push waits for room. It is for what must not be late but may be
// slow, such as a file that is heard as fast as it can be.
func NewPatientMailbox[T any](name string, capacity int) *Mailbox[T] {
	m := NewMailbox[T](name, capacity)
	m.patient = true
	return m
}

// Fit gives the mailbox another capacity, and makes it patient or not, while it is used. What waits in it stays: when that is
// more than the capacity, nothing finds room until enough was taken.
func (m *Mailbox[T]) Fit(t *Task, capacity int, patient bool) {
	if capacity < 1 {
		panic("BUG: mailbox " + m.name + ": capacity below 1")
	}
	m.mu.Lock()
	m.patient, m.capacity = patient, capacity
	m.unlockAndWake(t, &m.writers) // there may be room for them now
}

// Send waits for room. ErrStopped if t was told to stop first, ErrClosed if the mailbox is closed.
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

// Push adds v; without room the oldest value goes, is counted as dropped and returned. It waits only for a patient mailbox.
func (m *Mailbox[T]) Push(t *Task, v T) (oldest T, dropped bool) {
	m.mu.Lock()
	if m.patient {
		m.mu.Unlock()
		_ = m.Send(t, v) // a writer that is told to stop meanwhile sees that at its next wait
		return oldest, false
	}
	if m.refuse(t) {
		return oldest, false
	}
	if m.n >= m.capacity {
		oldest, dropped = m.take(), true
		m.taken-- // nobody took it
		m.dropped++
	}
	m.put(v)
	m.unlockAndWake(t, &m.readers)
	return oldest, dropped
}

// refuse unlocks and returns true if a send of t must vanish.
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

// Recv waits until the deadline for a value. ErrTimeout at the deadline, ErrClosed when the mailbox is closed and empty,
// ErrStopped if t was told to stop, whatever is there: it stays for whoever reads next.
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

// TryRecv takes a value that is there.
func (m *Mailbox[T]) TryRecv(t *Task) (T, bool) {
	v, ok, _ := m.tryRecv(t, false)
	return v, ok
}

func (m *Mailbox[T]) tryRecv(t *Task, register bool) (v T, ok bool, err error) {
	if t.inst.fenced.Load() { // what is there is for its successor
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

// Close lets the reader finish what is there and then see ErrClosed. Later sends vanish.
func (m *Mailbox[T]) Close(t *Task) {
	m.mu.Lock()
	m.closed = true
	m.unlockAndWake(t, &m.readers)
	m.mu.Lock()
	m.unlockAndWake(t, &m.writers)
}

// Stats is what a mailbox shows of itself.
type Stats struct {
	Name     string
	Len, Cap int
	High     int    // most values held at once
	Taken    uint64 // values that a reader has taken
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

// grow makes room for twice as many values, or for as many as there may be.
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

// waiters are the tasks that wait for something: nearly always none or one.
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

// takeAll empties the list and gives what was in it.
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

// unlockAndWake unlocks and then wakes all of list: no task is woken under the lock.
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

// ready implements Case: something to receive, or closed.
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
