package sttrole

import "slices"

// Line is the queue of what waits for an engine. It is bounded, and fair between peers: the peer that was served longest ago is
// next, and when there is no room, a peer that has more than another gives up its last place. Its zero value is empty.
type Line[J comparable] struct {
	waiting []place[J]
	turns   map[string]uint64 // when each peer was last served; only peers that wait, or were served lately
	turn    uint64
}

type place[J comparable] struct {
	peer string
	job  J
}

// Len is how many wait.
func (l *Line[J]) Len() int { return len(l.waiting) }

// Join adds a job at the end, if fewer than limit wait. Otherwise a peer with at least two places more than this one loses its last:
// evicted is the job that had it. ok is false if the line is full and the job was not added.
func (l *Line[J]) Join(peer string, j J, limit int) (evicted J, lost, ok bool) {
	if len(l.waiting) < limit {
		l.waiting = append(l.waiting, place[J]{peer, j})
		return evicted, false, true
	}
	places := map[string]int{}
	for _, p := range l.waiting {
		places[p.peer]++
	}
	last := -1 // of the peer with the most places, its last
	for i, p := range l.waiting {
		if last < 0 || places[p.peer] >= places[l.waiting[last].peer] {
			last = i
		}
	}
	if last < 0 || places[l.waiting[last].peer] < places[peer]+2 {
		return evicted, false, false
	}
	evicted = l.waiting[last].job
	l.waiting = append(slices.Delete(l.waiting, last, last+1), place[J]{peer, j})
	return evicted, true, true
}

// Next takes the job whose turn it is.
func (l *Line[J]) Next() (j J, ok bool) {
	if len(l.waiting) == 0 {
		return j, false
	}
	best := 0
	for i, p := range l.waiting {
		if l.turns[p.peer] < l.turns[l.waiting[best].peer] {
			best = i
		}
	}
	next := l.waiting[best]
	l.waiting = slices.Delete(l.waiting, best, best+1)
	if l.turns == nil || len(l.turns) >= mostTurns {
		l.turns = map[string]uint64{} // nobody is served later for having been forgotten
	}
	l.turn++
	l.turns[next.peer] = l.turn
	return next.job, true
}

// mostTurns bounds how many peers are remembered.
const mostTurns = 1000

// Leave takes a job out of the line.
func (l *Line[J]) Leave(j J) {
	l.waiting = slices.DeleteFunc(l.waiting, func(p place[J]) bool { return p.job == j })
}
