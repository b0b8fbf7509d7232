package sim

import (
	"container/heap"
	"time"
)

// agenda is what the world does and when: plain functions that run while the appliance stands still.
type agenda struct {
	list entries
	seq  uint64
}

type entry struct {
	at  time.Duration
	seq uint64
	do  func()
}

// add has do called at a time; of several at the same time the first added is the first.
func (a *agenda) add(at time.Duration, do func()) {
	a.seq++
	heap.Push(&a.list, entry{at, a.seq, do})
}

// next is when something is to be done; most if that is sooner or there is nothing.
func (a *agenda) next(most time.Duration) time.Duration {
	if len(a.list) == 0 {
		return most
	}
	return min(most, a.list[0].at)
}

// due does all that is to be done by now.
func (a *agenda) due(now time.Duration) {
	for len(a.list) > 0 && a.list[0].at <= now {
		heap.Pop(&a.list).(entry).do()
	}
}

type entries []entry

func (h entries) Len() int { return len(h) }
func (h entries) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h entries) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *entries) Push(x any)   { *h = append(*h, x.(entry)) }
func (h *entries) Pop() any {
	old := *h
	x := old[len(old)-1]
	old[len(old)-1] = entry{}
	*h = old[:len(old)-1]
	return x
}
