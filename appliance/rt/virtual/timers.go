package virtual

import "orac/appliance/rt"

// timer ends the Park of a task at an instant. Every task has one.
type timer struct {
	at    rt.Instant
	seq   uint64 // of two timers that are due at the same instant, the one that was set first comes first
	place int    // in the heap, counted from 1; 0: not set
}

// timers is a heap of the tasks whose timer is set, with the first one due on top.
type timers struct {
	heap []*task
	seq  uint64
}

// first returns when the first timer is due; rt.Never if none is set.
func (h *timers) first() rt.Instant {
	if len(h.heap) == 0 {
		return rt.Never
	}
	return h.heap[0].at
}

// add sets the timer of a task whose timer is not set.
func (h *timers) add(s *task, at rt.Instant) {
	h.seq++
	s.at, s.seq = at, h.seq
	h.heap = append(h.heap, s)
	h.up(s, len(h.heap)-1)
}

// remove cancels the timer of a task, if it is set.
func (h *timers) remove(s *task) {
	if s.place == 0 {
		return
	}
	i := s.place - 1
	s.place = 0
	last := len(h.heap) - 1
	moved := h.heap[last]
	h.heap[last] = nil
	h.heap = h.heap[:last]
	if moved == s {
		return
	}
	if i > 0 && before(moved, h.heap[(i-1)/2]) {
		h.up(moved, i)
	} else {
		h.down(moved, i)
	}
}

func before(a, b *task) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

// up moves s from i up to where it belongs.
func (h *timers) up(s *task, i int) {
	for i > 0 {
		above := (i - 1) / 2
		if !before(s, h.heap[above]) {
			break
		}
		h.put(h.heap[above], i)
		i = above
	}
	h.put(s, i)
}

// down moves s from i down to where it belongs.
func (h *timers) down(s *task, i int) {
	for {
		below := 2*i + 1
		if below >= len(h.heap) {
			break
		}
		if right := below + 1; right < len(h.heap) && before(h.heap[right], h.heap[below]) {
			below = right
		}
		if !before(h.heap[below], s) {
			break
		}
		h.put(h.heap[below], i)
		i = below
	}
	h.put(s, i)
}

func (h *timers) put(s *task, i int) { h.heap[i], s.place = s, i+1 }
