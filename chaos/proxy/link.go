package proxy

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"
)

const (
	dialTime = 5 * time.Second
	piece    = 4 << 10 // bytes that are passed on at a time
	// delayed is how many pieces of a slow connection are kept at most; beyond that, the service must wait.
	delayed = 1024
)

// link is one connection of a client to the service.
type link struct {
	client *net.TCPConn
	draw   *rand.Rand // used under mu

	mu      sync.Mutex // guards what follows
	how     Behaviour
	left    int  // bytes until Reset or Truncate strikes, or Corrupt changes the next
	hole    bool // the connection has been a black hole
	server  *net.TCPConn
	ended   bool
	dead    chan struct{} // closed when it ends
	changed chan struct{} // closed and replaced by set
}

func (l *link) set(b Behaviour) {
	l.mu.Lock()
	l.how = b
	l.left = 1 + l.draw.IntN(b.most())
	l.hole = l.hole || b.Mode == BlackHole
	close(l.changed)
	l.changed = make(chan struct{})
	l.mu.Unlock()
	if b.Mode == Down {
		l.end(true)
	}
}

// end closes both sides: with a reset, or gracefully.
func (l *link) end(reset bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.ended = true
	close(l.dead)
	for _, c := range []*net.TCPConn{l.client, l.server} {
		switch {
		case c == nil:
		case reset:
			drop(c)
		default:
			_ = c.Close()
		}
	}
}

// run passes bytes on until both sides have ended.
func (l *link) run(target func() string) {
	defer l.end(false)
	l.mu.Lock()
	hole := l.hole
	l.mu.Unlock()
	if hole { // even the service does not learn of it
		l.swallow()
		return
	}
	c, err := net.DialTimeout("tcp4", target(), dialTime)
	if err != nil {
		l.end(true)
		return
	}
	l.mu.Lock()
	if l.ended {
		l.mu.Unlock()
		_ = c.Close()
		return
	}
	l.server = c.(*net.TCPConn)
	l.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { l.pump(l.server, l.client, false) })
	both.Go(func() { l.pump(l.client, l.server, true) })
	both.Wait()
}

// swallow reads nothing and waits for the end of the connection.
func (l *link) swallow() { <-l.dead }

// pump passes on one direction.
func (l *link) pump(to, from *net.TCPConn, answers bool) {
	late := make(chan parcel, delayed)
	var sender sync.WaitGroup
	sender.Go(func() { l.send(to, late) })
	defer func() { close(late); sender.Wait() }()
	buf := make([]byte, piece)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			out, after := l.treat(append([]byte(nil), buf[:n]...), answers)
			due := time.Time{}
			if answers {
				due = l.due()
			}
			select {
			case late <- parcel{out, due, after}:
			case <-l.dead:
				return
			}
			if after != goOn {
				return
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrClosed) && !errors.Is(err, net.ErrClosed) {
				l.end(true) // the other side must see a reset, too
			}
			return
		}
	}
}

// parcel says what is passed on, when, and what happens next.
type parcel struct {
	bytes []byte
	due   time.Time // zero: at once
	after fate
}

type fate int

const (
	goOn fate = iota
	resets
	ends
	silent
)

func (l *link) due() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.how.Mode == Slow {
		return time.Now().Add(l.how.Delay)
	}
	return time.Time{}
}

// treat changes bytes as the mode demands, and tells what happens to the connection after them.
func (l *link) treat(b []byte, answers bool) ([]byte, fate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.hole:
		return nil, silent
	case l.how.Mode == Reset:
		if len(b) < l.left {
			l.left -= len(b)
			return b, goOn
		}
		return b[:l.left-1], resets
	case l.how.Mode == Truncate && answers:
		if len(b) < l.left {
			l.left -= len(b)
			return b, goOn
		}
		return b[:l.left-1], ends
	case l.how.Mode == Corrupt && answers:
		for at := l.left - 1; ; at = l.left - 1 {
			if at >= len(b) {
				l.left -= len(b)
				return b, goOn
			}
			b[at] ^= byte(1 + l.draw.IntN(255)) // never the same byte
			l.left += 1 + l.draw.IntN(l.how.most())
		}
	}
	return b, goOn
}

// send writes parcels when they are due. After the last one, the other side learns that no more will come.
func (l *link) send(to *net.TCPConn, parcels <-chan parcel) {
	for p := range parcels {
		if wait := time.Until(p.due); wait > 0 && !l.wait(wait) {
			return
		}
		if _, err := to.Write(p.bytes); err != nil {
			l.end(true)
			return
		}
		switch p.after {
		case resets:
			l.end(true)
			return
		case ends:
			l.end(false)
			return
		case silent:
			<-l.dead
			return
		}
	}
	_ = to.CloseWrite()
}

// wait waits until a parcel is due, or the connection is no longer slow; it returns false if the
// connection has ended.
func (l *link) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		l.mu.Lock()
		slow, changed := l.how.Mode == Slow, l.changed
		l.mu.Unlock()
		if !slow {
			return true
		}
		select {
		case <-timer.C:
			return true
		case <-changed:
		case <-l.dead:
			return false
		}
	}
}
