package esphome

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	wire "orac/appliance/esphome"
	"orac/appliance/esphome/pb"
	"orac/runbook/language"
	"orac/web/auth"
	"orac/web/crowd"
)

const (
	// helloTime is how long a client may take to say who it is.
	helloTime = 30 * time.Second
	// askAfter is how long a client may be silent before it is asked whether it is there, and goneAfter how long in all.
	askAfter  = 60 * time.Second
	goneAfter = 150 * time.Second
	// mostUnsent is how many messages may wait for a client that takes none: some seconds of sound.
	mostUnsent = 256
	// mostBad is how many messages of a client may be unreadable.
	mostBad = 100
)

// conn is a connection of a client. One goroutine reads it, one writes.
type conn struct {
	*service
	raw     net.Conn
	wire    *wire.Conn
	address netip.Addr
	network string
	ctx     context.Context // ends with the connection
	cancel  context.CancelFunc
	out     chan []proto.Message
	last    atomic.Int64 // when something came; see Idle
	greeted bool

	// The lock of the door guards everything that follows.
	key     language.Secret // that the client had; not set: none
	settles bool            // it may set the key, and do nothing else
	shown   string          // the face that it was shown; see looks
	states  bool            // it wants to know of states
}

func newConn(s *service, raw net.Conn) *conn {
	c := &conn{service: s, raw: raw, out: make(chan []proto.Message, mostUnsent)}
	c.address = crowd.Peer(raw)
	c.network = auth.Network(c.address)
	c.touch()
	c.ctx, c.cancel = context.WithCancel(s.ctx)
	return c
}

// Network implements crowd.Member.
func (c *conn) Network() string { return c.network }

// Idle implements crowd.Member. The client that serves the satellite keeps its place as long as it is there.
func (c *conn) Idle(now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.voice == c {
		return 0
	}
	return now.Sub(time.Unix(0, c.last.Load()))
}

// Close implements crowd.Member. It may be called from anywhere.
func (c *conn) Close() {
	c.cancel()
	_ = c.raw.Close()
}

func (c *conn) touch() { c.last.Store(time.Now().UnixNano()) }

// send has messages written, in one piece. It never waits: a client that takes nothing is disconnected.
func (c *conn) send(list ...proto.Message) {
	select {
	case c.out <- list:
	default:
		c.Close()
	}
}

// leave tells the client that the connection ends. It answers by closing it.
func (c *conn) leave() { c.send(&pb.DisconnectRequest{}, nil) }

// serve answers a client until it goes, or has to.
func (c *conn) serve() {
	defer c.crowd.Forget(c)
	defer c.Close()
	defer c.forget()
	defer func() {
		if fault := recover(); fault != nil { // one client must not end the appliance
			c.o.Log.Error("serving a client has panicked", "block", string(c.block), "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
		}
	}()
	why := c.talk()
	level := slog.LevelDebug
	switch {
	case errors.Is(why, wire.ErrKeyDiffers), errors.Is(why, wire.ErrPlain):
		level = slog.LevelWarn
		c.refused(c, why.Error())
	case errors.Is(why, wire.ErrFormat):
		level = slog.LevelInfo
	}
	c.o.Log.Log(c.ctx, level, "a client has gone", "block", string(c.block), "from", c.address.String(), "cause", why.Error())
}

// forget ends what the client had.
func (c *conn) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, c)
	c.stepBack()
}

// talk handles messages until one cannot be handled.
func (c *conn) talk() (err error) {
	f := c.face()
	d := wire.Device{Name: f.Name, MAC: mac(f), Plain: f.Plain || f.AcceptKey, Settable: f.AcceptKey}
	if f.Key.IsSet() {
		key, err := wire.ParseKey(f.Key.Reveal())
		if err != nil {
			return err
		}
		d.Key = &key
	}
	if c.wire, err = wire.Accept(c.raw, d); err != nil {
		return err
	}
	c.mu.Lock()
	c.key, c.settles = f.Key, !f.Key.IsSet() && f.AcceptKey
	c.conns[c] = struct{}{}
	c.mu.Unlock()
	c.running.Go(c.write)
	c.wire.Patient(c)
	for bad := 0; ; {
		m, err := c.wire.Next()
		if unreadable, ok := errors.AsType[*wire.BadMessage](err); ok {
			if bad++; bad > mostBad {
				return fmt.Errorf("%w: more than %d messages cannot be read", wire.ErrFormat, mostBad)
			}
			c.o.Log.Info("a message of a client cannot be read", "block", string(c.block), "from", c.address.String(), "cause", unreadable.Error())
			continue
		}
		if err != nil {
			return err
		}
		if err := c.handle(m); err != nil {
			return err
		}
	}
}

// Await is asked before each read of the connection: how long to wait. It implements esphome.Patience.
func (c *conn) Await() time.Time {
	if !c.greeted {
		return time.Unix(0, c.last.Load()).Add(helloTime)
	}
	return time.Now().Add(askAfter)
}

// Came is told that something came.
func (c *conn) Came() { c.touch() }

// Late is told that nothing came in time. It asks the client whether it is there, and gives up one that is not.
func (c *conn) Late() error {
	silent := time.Since(time.Unix(0, c.last.Load()))
	switch {
	case !c.greeted:
		return fmt.Errorf("it did not say who it is within %v", helloTime)
	case silent >= goneAfter-askAfter/2:
		return fmt.Errorf("nothing came for %v", silent.Round(time.Second))
	}
	c.send(&pb.PingRequest{})
	return nil
}

// write writes what is to be sent.
func (c *conn) write() {
	for {
		select {
		case <-c.ctx.Done():
			return
		case list := <-c.out:
			last := len(list) > 0 && list[len(list)-1] == nil
			if last {
				list = list[:len(list)-1]
			}
			if err := c.wire.Write(list...); err != nil {
				if !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrDeadlineExceeded) {
					c.o.Log.Debug("a client takes no messages", "block", string(c.block), "from", c.address.String(), "cause", err)
				}
				c.Close()
				return
			}
			if last {
				c.ending()
				return
			}
		}
	}
}

// partTime is how long a client may take to close a connection that ends. What is unread when a socket closes makes the system drop what
// the client has not read.
const partTime = 500 * time.Millisecond

// ending closes the connection once the client has had time to close it.
func (c *conn) ending() {
	select {
	case <-c.ctx.Done():
	case <-time.After(partTime):
	}
	c.Close()
}
