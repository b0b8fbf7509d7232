package rollout

import (
	"context"
	"sync"
	"time"
)

// Pace is the time in which a roll-out happens, and what it starts. Each part that is nil is the real one; a simulation brings all.
type Pace struct {
	Now   func() time.Time
	Sleep func(d time.Duration) bool // false: it is over
	// Each does n things, at most so many at a time.
	Each func(n, atOnce int, do func(i int))
	// Start starts the work of a push, and does not wait for it.
	Start func(work func())
}

func (p Pace) now() time.Time {
	if p.Now == nil {
		return time.Now()
	}
	return p.Now()
}

func (p Pace) since(t time.Time) time.Duration { return p.now().Sub(t) }

// sleep waits, and tells whether ctx lives.
func (p Pace) sleep(ctx context.Context, d time.Duration) bool {
	if p.Sleep != nil {
		return p.Sleep(d) && ctx.Err() == nil
	}
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

func (p Pace) each(n, atOnce int, do func(i int)) {
	if p.Each != nil {
		p.Each(n, atOnce, do)
		return
	}
	next := make(chan int)
	var work sync.WaitGroup
	for range min(n, atOnce) {
		work.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	work.Wait()
}

func (p Pace) start(work func()) {
	if p.Start != nil {
		p.Start(work)
		return
	}
	go work()
}
