// Package turns lets people do costly things side by side without holding each other up.
//
// It guarantees that each person runs one thing at a time, and everybody together a few; that the number of things of one
// person that wait is bounded; and that a client that has gone stops waiting.
package turns

import (
	"context"
	"errors"
	"sync"
)

// Why nobody's turn came.
var (
	ErrFull = errors.New("you already have too many requests running or waiting; try again when one is done")
	ErrGone = errors.New("the client has gone")
)

// Turns may be used by many at once.
type Turns struct {
	places chan struct{} // one for each thing that may go on
	most   int

	mu sync.Mutex // guards of
	of map[string]*turn
}

// turn is whose turn it is of the things of one person.
type turn struct {
	token chan struct{} // held by the one that goes on
	wait  int           // how many hold it or wait for it
}

// New allows this many things side by side, and this many of one person that run or wait.
func New(sideBySide, most int) *Turns {
	return &Turns{places: make(chan struct{}, sideBySide), most: most, of: map[string]*turn{}}
}

// Take waits for the turn of a person and for a place. done gives both back. The error is ErrFull, or ErrGone once ctx has ended.
func (t *Turns) Take(ctx context.Context, who string) (done func(), err error) {
	own := t.enter(who)
	if own == nil {
		return nil, ErrFull
	}
	for i, c := range []chan struct{}{own.token, t.places} {
		select {
		case c <- struct{}{}:
		case <-ctx.Done():
			if i == 1 {
				<-own.token
			}
			t.leave(who)
			return nil, ErrGone
		}
	}
	return func() { <-t.places; <-own.token; t.leave(who) }, nil
}

// enter counts one more thing of a person; nil if there are too many.
func (t *Turns) enter(who string) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.of[who]
	if own == nil {
		own = &turn{token: make(chan struct{}, 1)}
		t.of[who] = own
	}
	if own.wait >= t.most {
		return nil
	}
	own.wait++
	return own
}

func (t *Turns) leave(who string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.of[who]
	if own.wait--; own.wait == 0 {
		delete(t.of, who)
	}
}

// Idle tells whether nothing goes on or waits.
func (t *Turns) Idle() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.of) == 0 && len(t.places) == 0
}
