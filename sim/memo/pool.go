package memo

import (
	"errors"
	"io"
	"sync"
)

// errClosed is the error of networks of a closed Memo.
var errClosed = errors.New("inference was closed")

// pool holds the real networks of one kind, at most limit of them. A goroutine that needs one waits until one is free;
// nobody keeps one for longer than it takes to process a few hops.
type pool[T io.Closer] struct {
	open  func() (T, error)
	limit int

	mu     sync.Mutex // guards everything that follows
	freed  *sync.Cond // one was given back, or could not be opened, or the pool was closed
	idle   []T        // longest unused first
	opened int        // idle, in use, and being opened
	closed bool
}

func newPool[T io.Closer](limit int, open func() (T, error)) *pool[T] {
	p := &pool[T]{open: open, limit: limit}
	p.freed = sync.NewCond(&p.mu)
	return p
}

// take lends a network to the caller exclusively, until put. cost returns how much work it takes to bring a network into
// step. A network that costs less than most is used; otherwise a new one is opened if the limit allows, and if not, the one
// that was unused for the longest is taken.
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

// another opens a network. The caller holds the lock; another releases it.
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

// put returns a network to the pool.
func (p *pool[T]) put(x T) {
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.idle = append(p.idle, x)
	}
	p.freed.Signal()
	p.mu.Unlock()
	if closed {
		_ = x.Close() // nobody is left to report to
	}
}

// ready opens the first network, so that a network that cannot be opened is noticed at once.
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

// close closes the networks that are idle now, and those in use as soon as they are returned.
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
