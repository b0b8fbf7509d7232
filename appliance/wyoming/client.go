package wyoming

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"orac/appliance/reach"
)

// What a client waits for at most. How long a transcript may take is up to its context.
const (
	connectWithin  = 5 * time.Second
	describeWithin = 5 * time.Second
	maxEvents      = 10000 // that a service may send for one request
)

// chunkSamples is how much sound an audio-chunk carries: 64 ms, as satellites send it.
const chunkSamples = 1024

// ParseURL reads the address of a service: tcp://HOST:PORT.
func ParseURL(text string) (address string, err error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "", fmt.Errorf("not an address of a Wyoming service: %w", errors.Unwrap(err))
	case u.Scheme != "tcp" || u.Hostname() == "" || u.Port() == "" || u.Path != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New(`not an address of a Wyoming service: write tcp://HOST:PORT, such as "tcp://192.0.2.7:10300"`)
	}
	return u.Host, nil
}

// Conn is a connection to a service. One goroutine may write sound while another one waits for the transcript.
type Conn struct {
	ctx  context.Context
	stop func() bool // ends the watch of ctx
	conn net.Conn
	in   *Reader
	out  *Writer
}

// Dial connects to HOST:PORT. The end of ctx interrupts whatever the connection does. The caller closes it.
func Dial(ctx context.Context, address string) (*Conn, error) {
	conn, err := reach.Dial(ctx, "tcp", address, connectWithin)
	if err != nil {
		return nil, err
	}
	return NewConn(ctx, conn), nil
}

// NewConn speaks the protocol over a connection that exists already.
func NewConn(ctx context.Context, conn net.Conn) *Conn {
	c := &Conn{ctx: ctx, conn: conn, in: NewReader(conn), out: NewWriter(conn)}
	c.stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
	return c
}

// Close ends the connection.
func (c *Conn) Close() error {
	c.stop()
	return c.conn.Close()
}

// Describe asks what the service offers.
func (c *Conn) Describe() (Info, error) {
	if err := c.send(KindDescribe, nil, nil); err != nil {
		return Info{}, err
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(describeWithin))
	defer c.conn.SetReadDeadline(time.Time{})
	for range maxEvents {
		e, err := c.next()
		if err != nil {
			return Info{}, err
		}
		if e.Kind == KindInfo {
			var i Info
			return i, e.Decode(&i)
		}
	}
	return Info{}, fmt.Errorf("%w: %d events without an answer", ErrFormat, maxEvents)
}

// Begin asks for the text of the sound that Send will carry.
func (c *Conn) Begin(t Transcribe) error {
	if err := c.send(KindTranscribe, t, nil); err != nil {
		return err
	}
	return c.send(KindAudioStart, Audio{Format: Speech}, nil)
}

// Send sends sound: 16 kHz mono.
func (c *Conn) Send(pcm []int16) error {
	var raw [2 * chunkSamples]byte
	for len(pcm) > 0 {
		n := min(chunkSamples, len(pcm))
		for i, s := range pcm[:n] {
			binary.LittleEndian.PutUint16(raw[2*i:], uint16(s))
		}
		if err := c.send(KindAudioChunk, Audio{Format: Speech}, raw[:2*n]); err != nil {
			return err
		}
		pcm = pcm[n:]
	}
	return nil
}

// End says that all of the sound was sent.
func (c *Conn) End() error { return c.send(KindAudioStop, AudioStop{}, nil) }

// Transcript waits for the text. partial, unless it is nil, is called with each piece of a text that comes in pieces. A *Failure is
// what the service says about its own failure.
func (c *Conn) Transcript(partial func(text string)) (Transcript, error) {
	for range maxEvents {
		e, err := c.next()
		if err != nil {
			return Transcript{}, err
		}
		switch e.Kind {
		case KindTranscript:
			var t Transcript
			return t, e.Decode(&t)
		case KindTranscriptChunk:
			var chunk TranscriptChunk
			if err := e.Decode(&chunk); err != nil {
				return Transcript{}, err
			}
			if partial != nil {
				partial(chunk.Text)
			}
		}
	}
	return Transcript{}, fmt.Errorf("%w: %d events without a transcript", ErrFormat, maxEvents)
}

// next returns the next event. It answers a ping, and returns an error event as an error.
func (c *Conn) next() (Event, error) {
	e, err := c.in.Next()
	switch {
	case c.ctx.Err() != nil:
		return e, context.Cause(c.ctx)
	case errors.Is(err, io.EOF):
		return e, fmt.Errorf("closed without an answer: %w", io.ErrUnexpectedEOF)
	case err != nil:
		return e, err
	}
	switch e.Kind {
	case KindPing:
		var p Ping
		if err := e.Decode(&p); err != nil {
			return e, err
		}
		return e, c.send(KindPong, p, nil)
	case KindError:
		f := &Failure{}
		if err := e.Decode(f); err != nil {
			return e, err
		}
		return e, f
	}
	return e, nil
}

func (c *Conn) send(kind string, data any, payload []byte) error {
	err := c.out.Write(kind, data, payload)
	if err != nil && c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	return err
}
