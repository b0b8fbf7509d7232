package memo

import (
	"errors"
	"io"
	"sync"
)

// errClosed is what networks of a closed Memo give.
var errClosed = errors.New("inference was closed")

// pool holds the real networks of one kind, at most limit of them. A goroutine that needs one waits until one is free;
// nobody keeps one for longer than a few hops take.
type pool[T io.Closer] struct {
	open  func() (T, error)
	limit int

	mu     sync.Mutex // guards everything that follows
	freed  *sync.Cond // one was given back, or could not be opened, or the pool was closed
	idle   []T        // longest unused first
	opened int        // idle ones, used ones, and those being opened
	closed bool
}

func newPool[T io.Closer](limit int, open func() (T, error)) *pool[T] {
	p := &pool[T]{open: open, limit: limit}
	p.freed = sync.NewCond(&p.mu)
	return p
}

// take gives a network for the caller alone, until put. cost says how much it takes to bring one into step; one that costs
// less than most is used, else a further one is opened while that is allowed, else the one that was unused for the longest.
func (p *pool[T]) take(cost func(T) int, most int) (T, error) {
	p.mu.Lock()
	for {
		if p.closed {
			p.mu.Unlock()
			var none T
			return none, errClosed
		}
		best, least := 0, most
		for i, x := range p.idle {
			if c := cost(x); c < least {
				best, least = i, c
			}
		}
		if least == most && p.opened < p.limit {
			return p.another()
		}
		if len(p.idle) > 0 {
			x := p.idle[best]
			p.idle = append(p.idle[:best], p.idle[best+1:]...)
			p.mu.Unlock()
			return x, nil
		}
		p.freed.Wait()
	}
}

// another opens a network. It is called with the lock held and gives it back.
func (p *pool[T]) another() (T, error) {
	p.opened++
	p.mu.Unlock()
	x, err := p.open()
	if err != nil {
		p.mu.Lock()
		p.opened--
		p.freed.Broadcast()
		p.mu.Unlock()
	}
	return x, err
}

// put gives a network back.
func (p *pool[T]) put(x T) {
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.idle = append(p.idle, x)
	}
	p.freed.Signal()
	p.mu.Unlock()
	if closed {
		_ = x.Close() // nobody is left to tell
	}
}

// ready opens the first network, so that one that cannot be opened is known at once.
func (p *pool[T]) ready() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return errClosed
	}
	if p.opened > 0 {
		p.mu.Unlock()
		return nil
	}
	x, err := p.another()
	if err == nil {
		p.put(x)
	}
	return err
}

// close closes what is unused now, and what is used as soon as it is given back.
func (p *pool[T]) close() error {
	p.mu.Lock()
	idle := p.idle
	p.closed, p.idle = true, nil
	p.freed.Broadcast()
	p.mu.Unlock()
	var errs []error
	for _, x := range idle {
		errs = append(errs, x.Close())
	}
	return errors.Join(errs...)
}
