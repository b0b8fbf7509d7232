package sim

import (
	"container/heap"
	"time"
)

// agenda is what the world does and when: plain functions that run while the appliance is paused.
type agenda struct {
	list entries
	seq  uint64
}

type entry struct {
	at  time.Duration
	seq uint64
	do  func()
}

// add schedules a call of do. Calls at the same time run in the order in which they were added.
func (a *agenda) add(at time.Duration, do func()) {
	a.seq++
	heap.Push(&a.list, entry{at, a.seq, do})
}

// next returns when the next call is due, or most if that is sooner or nothing is scheduled.
func (a *agenda) next(most time.Duration) time.Duration {
	if len(a.list) == 0 {
		return most
	}
	return min(most, a.list[0].at)
}

// due makes all calls that are due by now.
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
