package wyomingsatellite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/satellite"
	wire "orac/appliance/wyoming"
	"orac/runbook"
)

// rig is a door whose node is a model: it notes what it is told. Its clock moves only when nothing else does.
type rig struct {
	*testing.T
	door   *door
	face   rt.Cell[satellite.Face]
	visits chan net.Conn

	mu      sync.Mutex // guards everything that follows
	said    []string
	sound   []int16
	refused int
}

func face() satellite.Face {
	return satellite.Face{
		Name: "orac-kitchen-home", Friendly: "kitchen", Area: "Kitchen", Version: "1.2.3", Listen: "127.0.0.1:10700", Connections: 8, Listener: "kitchen", Speaks: true,
		Words: []satellite.Word{{ID: "hey_jarvis", Phrase: "hey jarvis", Active: true}, {ID: "alexa", Phrase: "alexa"}},
	}
}

// visit tests a door.
func visit(t *testing.T, test func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{T: t, visits: make(chan net.Conn)}
		r.face.Take(rt.NewCell(face()))
		o := Options{
			Log: slog.New(slog.DiscardHandler),
			Refused: func(runbook.Address, netip.Addr, string) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.refused++
			},
			Listen: func(string) (net.Listener, error) { return visitors{r.visits, make(chan struct{})}, nil },
		}
		r.door = o.Satellite("wyoming_satellite.home", "unused").(*door)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- live.New(nil).Run(ctx, "door", func(k *rt.Task) error {
				return r.door.Serve(k, r.face.Get, func() {}, func(x satellite.Told) error { r.note(x); return nil })
			})
		}()
		synctest.Wait()
		test(r)
		cancel()
		if err := <-ended; !errors.Is(err, rt.ErrStopped) && !errors.Is(err, context.Canceled) {
			t.Errorf("the door ended with %v", err)
		}
		synctest.Wait()
	})
}

// note writes what the node is told: a word for each.
func (r *rig) note(x satellite.Told) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch x := x.(type) {
	case satellite.SoundBegins:
		r.said = append(r.said, fmt.Sprintf("begins(%d %d)", x.Rate, x.Channels))
	case satellite.SoundComes:
		if len(x.PCM) > satellite.MostPiece {
			r.Errorf("a piece of %d samples", len(x.PCM))
		}
		r.sound = append(r.sound, x.PCM...)
	case satellite.SoundEnds:
		r.said = append(r.said, strings.TrimSuffix("ends("+x.Why+")", "()"))
	case satellite.FromHome:
		text := strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", x.In), "satellite."))
		switch in := x.In.(type) {
		case satellite.Event:
			if text = fmt.Sprint(in.Type); len(in.Data) > 0 {
				text += fmt.Sprint(in.Data)
			}
		case satellite.Timer:
			text += fmt.Sprintf("(%d %s %s %d)", in.Type, in.ID, in.Name, in.Seconds)
		}
		r.said = append(r.said, text)
	default:
		r.Errorf("told %T", x)
	}
}

// told returns what the node was told since the last time.
func (r *rig) told() string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	said := strings.Join(r.said, " ")
	r.said = nil
	return said
}

// heard returns the sound that the node was given since the last time.
func (r *rig) heard() []int16 {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	sound := r.sound
	r.sound = nil
	return sound
}

// visitors is a listener.
type visitors struct {
	c      chan net.Conn
	closed chan struct{}
}

func (v visitors) Accept() (net.Conn, error) {
	select {
	case c := <-v.c:
		return c, nil
	case <-v.closed:
		return nil, net.ErrClosed
	}
}
func (v visitors) Close() error   { close(v.closed); return nil }
func (v visitors) Addr() net.Addr { return &net.TCPAddr{} }

// client is a client of the door: Home Assistant, or somebody else.
type client struct {
	r   *rig
	raw net.Conn
	out *wire.Writer

	mu   sync.Mutex // guards got and gone
	got  []string
	gone bool
}

// dial connects. deaf clients read nothing.
func (r *rig) dial(deaf bool) *client {
	a, b := net.Pipe()
	r.visits <- a
	c := &client{r: r, raw: b, out: wire.NewWriter(b)}
	r.Cleanup(func() { _ = b.Close() })
	if !deaf {
		go c.read()
	}
	synctest.Wait()
	return c
}

func (c *client) read() {
	in := wire.NewReader(c.raw)
	for {
		e, err := in.Next()
		c.mu.Lock()
		if err != nil {
			c.gone = true
			c.mu.Unlock()
			return
		}
		text := e.Kind
		switch e.Kind {
		case wire.KindAudioChunk:
			text += fmt.Sprintf("(%d)", e.Size)
		case wire.KindDetection:
			var d wire.Detection
			_ = e.Decode(&d)
			text += "(" + d.Name + ")"
		case wire.KindRunPipeline:
			var p wire.RunPipeline
			_ = e.Decode(&p)
			text += fmt.Sprintf("(%s %s %v)", p.Start, p.End, p.Restart)
		case wire.KindPong:
			var p wire.Ping
			_ = e.Decode(&p)
			text += "(" + p.Text + ")"
		case wire.KindInfo:
			var i wire.Info
			_ = e.Decode(&i)
			text += fmt.Sprintf("(%s %s %v)", i.Satellite.Name, i.Satellite.Area, i.Satellite.Active)
		}
		c.got = append(c.got, text)
		c.mu.Unlock()
	}
}

// home is a client that serves the satellite.
func (r *rig) home() *client {
	c := r.dial(false)
	c.say(wire.KindRunSatellite, nil, nil)
	r.told()
	return c
}

// say sends an event.
func (c *client) say(kind string, data any, payload []byte) {
	c.r.Helper()
	if err := c.out.Write(kind, data, payload); err != nil {
		c.r.Fatal(err)
	}
	synctest.Wait()
}

// hears returns what has come since the last time.
func (c *client) hears() string {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	got := strings.Join(c.got, " ")
	c.got = nil
	return got
}

// left tells whether the door has closed the connection.
func (c *client) left() bool {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone
}

// pass lets time pass.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
