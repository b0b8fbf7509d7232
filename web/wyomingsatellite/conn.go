package wyomingsatellite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"orac/appliance/satellite"
	wire "orac/appliance/wyoming"
	"orac/web/auth"
	"orac/web/crowd"
)

const (
	// idleTime is how long a connection that is not Home Assistant's may say nothing.
	idleTime = 60 * time.Second
	// goneAfter is how long Home Assistant may say nothing, once it has begun to ask for signs of life. It asks every 2 s.
	goneAfter = 20 * time.Second
	// mostUnsent is how many events may wait for a client that takes none: all the sound that is kept for a run, and more.
	mostUnsent = 256
	// lastTime is how long a client may take to read what it is still owed when it has said its last word.
	lastTime = time.Second
	// piece is how much of a payload is held at a time, in bytes.
	piece = 32 << 10
)

// message is an event that is to be sent.
type message struct {
	kind    string
	data    any
	payload []byte
}

// conn is a connection of a client. One goroutine reads it, one writes.
type conn struct {
	*service
	raw     net.Conn
	address netip.Addr
	network string
	ctx     context.Context // ends with the connection
	cancel  context.CancelFunc
	out     chan message
	last    atomic.Int64 // when the last whole event came
	sound   sound

	// Of the goroutine that reads.
	asks   bool // it asks for signs of life
	paused bool // it has paused the satellite: it may say nothing for days
}

func newConn(s *service, raw net.Conn) *conn {
	c := &conn{service: s, raw: raw, out: make(chan message, mostUnsent)}
	c.address = crowd.Peer(raw)
	c.network = auth.Network(c.address)
	c.touch()
	c.ctx, c.cancel = context.WithCancel(s.ctx)
	return c
}

// Network implements crowd.Member.
func (c *conn) Network() string { return c.network }

// Idle implements crowd.Member. Home Assistant keeps its place as long as it is there.
func (c *conn) Idle(now time.Time) time.Duration {
	if c.isHome(c) {
		return 0
	}
	return now.Sub(time.Unix(0, c.last.Load()))
}

// Close implements crowd.Member. It may be called from anywhere, and never waits.
func (c *conn) Close() {
	c.cancel()
	_ = c.raw.Close()
}

func (c *conn) touch() { c.last.Store(time.Now().UnixNano()) }

// send has events written. It never waits: a client that takes nothing is disconnected.
func (c *conn) send(list ...message) {
	for _, m := range list {
		select {
		case c.out <- m:
		default:
			c.Close()
		}
	}
}

// serve answers a client until it goes, or has to.
func (c *conn) serve() {
	defer c.crowd.Forget(c)
	defer c.Close()
	defer c.leave(c)
	defer func() {
		if fault := recover(); fault != nil { // one client must not end the appliance
			c.o.Log.Error("serving a client has panicked", "block", string(c.block), "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
		}
	}()
	wrote := make(chan struct{})
	c.running.Go(func() { defer close(wrote); c.write() })
	why := c.talk()
	c.leave(c) // nobody else sends to it any more
	close(c.out)
	select { // a client that says no more may still listen
	case <-wrote:
	case <-c.ctx.Done():
	case <-time.After(lastTime):
	}
	level := slog.LevelDebug
	if errors.Is(why, wire.ErrFormat) {
		level = slog.LevelInfo
	}
	c.o.Log.Log(c.ctx, level, "a client has gone", "block", string(c.block), "from", c.address.String(), "cause", why.Error())
}

// write writes what is to be sent.
func (c *conn) write() {
	out := wire.NewWriter(c.raw)
	for {
		select {
		case <-c.ctx.Done():
			return
		case m, more := <-c.out:
			if !more {
				return
			}
			if err := out.Write(m.kind, m.data, m.payload); err != nil {
				c.o.Log.Debug("a client takes no events", "block", string(c.block), "from", c.address.String(), "cause", err)
				c.Close()
				return
			}
		}
	}
}

// Read implements io.Reader for the codec. It gives up when no whole event comes in time.
func (c *conn) Read(b []byte) (int, error) {
	within := idleTime
	if c.isHome(c) {
		switch within = goneAfter; {
		case c.paused, !c.asks: // the system asks whether it is there, in its own way
			within = 0
		}
	}
	due := time.Time{}
	if within > 0 {
		due = time.Unix(0, c.last.Load()).Add(within)
	}
	if err := c.raw.SetReadDeadline(due); err != nil {
		return 0, err
	}
	n, err := c.raw.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("no whole event came within %v", within)
	}
	return n, err
}

// talk handles events until one cannot be handled.
func (c *conn) talk() error {
	in := wire.NewReader(c)
	in.Piece = piece
	for {
		e, err := in.Next()
		if err == nil {
			c.touch()
			err = c.handle(e)
		}
		switch {
		case c.ctx.Err() != nil && c.service.ctx.Err() == nil:
			return errors.New("it was closed: another took over, or it took nothing")
		case errors.Is(err, io.EOF):
			return errors.New("it closed the connection")
		case err != nil:
			return err
		}
	}
}

// handle handles an event. Events of other kinds are skipped: the protocol grows.
func (c *conn) handle(e wire.Event) error {
	switch e.Kind {
	case wire.KindDescribe:
		c.send(message{wire.KindInfo, infoOf(c.face()), nil})
	case wire.KindPing:
		var p wire.Ping
		if err := e.Decode(&p); err != nil {
			return err
		}
		c.asks = true
		c.send(message{wire.KindPong, p, nil})
	case wire.KindRunSatellite:
		c.paused, c.sound = false, sound{}
		return c.takeOver(c)
	case wire.KindPauseSatellite:
		c.paused = true
		return c.says(satellite.Pause{})
	case wire.KindAudioStart, wire.KindAudioChunk, wire.KindAudioStop:
		told, err := c.sound.take(e)
		if err != nil {
			return err
		}
		return c.tell(c, told...)
	default:
		list, err := said(e, c.face().Speaks)
		if err != nil {
			return err
		}
		return c.says(list...)
	}
	return nil
}

// says passes on what Home Assistant says of the conversation.
func (c *conn) says(list ...satellite.In) error {
	for _, in := range list {
		if err := c.tell(c, satellite.FromHome{In: in}); err != nil {
			return err
		}
	}
	return nil
}
