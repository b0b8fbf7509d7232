package sttserver

import (
	"sync"
	"time"

	"orac/appliance/sttrole"
)

// budget is the memory for all sounds that are being received. One peer gets at most half of what there is.
type budget struct {
	most int

	mu    sync.Mutex // guards everything that follows
	taken int
	of    map[string]int
}

func newBudget(most int) *budget { return &budget{most: most, of: map[string]int{}} }

// hold is the part of a budget that one sound has.
type hold struct {
	from *budget
	who  string
	n    int
}

func (b *budget) hold(who string) *hold { return &hold{from: b, who: who} }

// grow makes the part n bytes large, or says that there is no room now.
func (h *hold) grow(n int) error {
	b := h.from
	b.mu.Lock()
	defer b.mu.Unlock()
	more := n - h.n
	if more > 0 && (b.taken+more > b.most || b.of[h.who]+more > b.most/2) {
		return &sttrole.BusyError{RetryAfter: time.Second, Cause: "too much is being sent at once"}
	}
	b.taken += more
	if b.of[h.who] += more; b.of[h.who] == 0 {
		delete(b.of, h.who)
	}
	h.n = n
	return nil
}

// release gives the part back.
func (h *hold) release() { _ = h.grow(0) }
