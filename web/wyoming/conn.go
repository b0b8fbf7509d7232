package wyoming

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
	"sync"
	"time"

	wire "orac/appliance/wyoming"
	"orac/runbook"
	"orac/web/auth"
	"orac/web/crowd"
)

// piece is how much of a payload is held at a time, in bytes.
const piece = 32 << 10

// conn is a connection of a client. One goroutine reads it; several may write.
type conn struct {
	*service
	net     net.Conn
	address netip.Addr
	network string // that counts as one address
	out     *wire.Writer
	ctx     context.Context // ends with the connection
	cancel  context.CancelFunc

	mu   sync.Mutex // guards everything that follows
	last time.Time  // of the last whole event, or answer
	owed int        // answers that the client waits for
	live bool       // it streams sound: it is not idle between two chunks
}

// talk is what a connection is used for.
type talk interface {
	// handle handles an event. An error ends the connection. The client is told of a wire.ErrFormat; of another one, handle has told it.
	handle(e wire.Event) error
	// end frees what the client holds.
	end()
}

func newConn(s *service, raw net.Conn) *conn {
	c := &conn{service: s, net: raw, last: time.Now()}
	c.address = crowd.Peer(raw)
	c.network = auth.Network(c.address)
	c.out = wire.NewWriter(raw)
	c.ctx, c.cancel = context.WithCancel(s.ctx)
	return c
}

// Close implements crowd.Member. It may be called from anywhere, and never waits.
// Network implements crowd.Member.
func (c *conn) Network() string { return c.network }

func (c *conn) Close() {
	c.cancel()
	_ = c.net.Close()
}

// finish ends the connection once the client has had time to take what was said last. It never waits.
func (c *conn) finish() {
	c.cancel()
	_ = c.net.SetReadDeadline(time.Now()) // see Read
}

// Idle implements crowd.Member: 0 while the client waits for an answer, or streams sound.
func (c *conn) Idle(now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	idle := now.Sub(c.last)
	if c.owed > 0 || c.live && idle < spareSound {
		return 0
	}
	return idle
}

// spareSound is how long a stream of sound may pause before another connection may have its place.
const spareSound = 5 * time.Second

// touch notes a whole event or an answer.
func (c *conn) touch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now()
}

// owe notes that the client waits for an answer (1), or has got it (-1).
func (c *conn) owe(n int) (owed int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.owed += n
	c.last = time.Now()
	return c.owed
}

func (c *conn) setLive(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live = on
}

// Read implements io.Reader for the codec. It gives up when no whole event came for the idle time, unless the client waits for an
// answer of ours: many do so in silence.
func (c *conn) Read(b []byte) (int, error) {
	for {
		idle := c.settings().Block.Idle
		c.mu.Lock()
		due := c.last.Add(idle)
		c.mu.Unlock()
		if err := c.net.SetReadDeadline(due); err != nil {
			return 0, err
		}
		if err := c.ctx.Err(); err != nil { // afterwards, finish has the last word
			return 0, err
		}
		n, err := c.net.Read(b)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		c.mu.Lock()
		if c.owed > 0 {
			c.last = time.Now()
		}
		late := time.Since(c.last) >= idle
		c.mu.Unlock()
		if late {
			return 0, fmt.Errorf("no whole event came within %v", idle)
		}
	}
}

// serve answers a client until it goes, or has to.
func (c *conn) serve() {
	defer c.crowd.Forget(c)
	defer c.Close()
	defer func() {
		if fault := recover(); fault != nil { // one client must not end the appliance
			c.o.Log.Error("serving a client has panicked", "block", string(c.block), "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
		}
	}()
	why := c.talk()
	c.linger()
	level := slog.LevelDebug
	if errors.Is(why, wire.ErrFormat) {
		level = slog.LevelInfo
	}
	c.o.Log.Log(c.ctx, level, "a client has gone", "block", string(c.block), "from", c.address.String(), "cause", why.Error())
}

// lingerTime and lingerBytes bound how long a connection that we end reads on. What is still unread when a socket closes makes the
// system drop what the client has not read: our last words.
const (
	lingerTime  = 250 * time.Millisecond
	lingerBytes = 1 << 20
)

func (c *conn) linger() {
	tcp, ok := c.net.(*net.TCPConn)
	if !ok || tcp.CloseWrite() != nil || tcp.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, tcp, lingerBytes)
}

// talk handles events until one cannot be handled.
func (c *conn) talk() error {
	var t talk = &dictations{conn: c}
	if c.settings().Block.Serve == runbook.ServeWake {
		t = &spotting{conn: c}
	}
	defer t.end()
	in := wire.NewReader(c)
	in.Piece = piece
	for {
		e, err := in.Next()
		if err == nil {
			c.touch()
			err = c.handle(t, e)
		}
		switch {
		case errors.Is(err, wire.ErrFormat):
			c.fail(codeProtocol, err)
			return err
		case errors.Is(err, io.EOF):
			return errors.New("it closed the connection")
		case err != nil:
			return err
		}
	}
}

// handle answers what every service answers, and leaves the rest to the talk.
func (c *conn) handle(t talk, e wire.Event) error {
	switch e.Kind {
	case wire.KindDescribe:
		return c.out.Write(wire.KindInfo, infoOf(c.settings()), nil)
	case wire.KindPing:
		var p wire.Ping
		if err := e.Decode(&p); err != nil {
			return err
		}
		return c.out.Write(wire.KindPong, p, nil)
	}
	return t.handle(e)
}

// Codes of error events. The first two are those of Home Assistant's pipelines.
const (
	codeSTT      = "stt-stream-failed"
	codeWake     = "wake-stream-failed"
	codeProtocol = "protocol-error"
)

// fail tells the client what failed. Whether it takes that is no longer of interest.
func (c *conn) fail(code string, why error) {
	_ = c.out.Write(wire.KindError, wire.Failure{Text: why.Error(), Code: code}, nil)
}

// sound is sound on its way from the wire: the same for both services.
type sound struct {
	format wire.Format // of audio-start; a chunk may say another
	conv   *wire.Converter
}

// start begins a new sound.
func (s *sound) start(e wire.Event) error {
	var a wire.Audio
	if err := e.Decode(&a); err != nil {
		return err
	}
	s.format, s.conv = a.Format, nil
	return nil
}

// chunk appends the sound of a chunk, as 16 kHz mono, to dst. A wire.ErrFormat ends a connection; any other error ends the sound.
func (s *sound) chunk(dst []int16, e wire.Event) ([]int16, *wire.Millis, error) {
	var a wire.Audio
	if err := e.Decode(&a); err != nil {
		return dst, nil, err
	}
	if a.Format == (wire.Format{}) {
		a.Format = s.format
	}
	if s.conv == nil {
		conv, err := wire.NewConverter(a.Format)
		if err != nil {
			return dst, nil, err
		}
		s.conv = conv
	}
	switch {
	case a.Format != s.conv.Format():
		return dst, nil, errors.New("the format of the sound has changed within it: begin a new sound with audio-start")
	case e.Size%a.Frame() != 0:
		return dst, nil, fmt.Errorf("%w: the sound is cut in the middle of a sample: a chunk has %d bytes; %d make a sample", wire.ErrFormat, e.Size, a.Frame())
	}
	return s.conv.Append(dst, e.Payload), a.Timestamp, nil
}
