package play

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"orac/runbook"
)

// doors returns free addresses for what the appliance serves itself.
func (w *World) doors() (map[runbook.Address]string, error) {
	at := map[runbook.Address]string{}
	var kept []net.Listener // until all are found, so that they differ
	defer func() {
		for _, l := range kept {
			_ = l.Close()
		}
	}()
	var blocks []runbook.Address
	for _, s := range w.book.rb.Wyomings {
		blocks = append(blocks, s.Address)
	}
	for _, s := range w.book.rb.Satellites() {
		blocks = append(blocks, s.Address)
	}
	for _, a := range blocks {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		kept = append(kept, l)
		at[a] = l.Addr().String()
	}
	return at, nil
}

// visitor is a client that does what no client should, on a connection, until that or ctx ends.
type visitor func(ctx context.Context, c net.Conn)

// visits lets so many clients visit a Wyoming service while the fault lasts. They come again when they are sent away. There is nothing to
// undo once this process has ended: its connections end with it.
func visits(many int, do visitor) func(*World, occurrence) (*broken, error) {
	return func(w *World, o occurrence) (*broken, error) {
		at := ""
		for _, s := range w.book.rb.Wyomings {
			if s.Name == o.Target {
				at = s.ListensAt()
			}
		}
		if at == "" {
			return nil, fmt.Errorf("the runbook has no wyoming %q", o.Target)
		}
		if _, err := w.Running(); err != nil {
			return nil, err
		}
		ctx, cancel := context.WithCancel(w.life)
		var all sync.WaitGroup
		return &broken{
			apply: func() error {
				for range many {
					all.Go(func() { w.comeAgain(ctx, at, do) })
				}
				return nil
			},
			undo: func() error {
				cancel()
				all.Wait()
				return nil
			},
		}, nil
	}
}

// comeAgain is a client that connects whenever it is not connected.
func (w *World) comeAgain(ctx context.Context, at string, do visitor) {
	for ctx.Err() == nil {
		if c, err := w.connect(ctx, at); err == nil {
			leave := context.AfterFunc(ctx, func() { _ = c.Close() })
			do(ctx, c)
			leave()
			_ = c.Close()
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// connect connects to the appliance, in its network.
func (w *World) connect(ctx context.Context, at string) (c net.Conn, err error) {
	dial := func() error {
		c, err = (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", at)
		return err
	}
	if w.network != nil {
		return c, w.network.within(dial)
	}
	return c, dial()
}

// Events as they are on the wire.
const (
	startEvent = `{"type":"transcribe","data":{"language":"en"}}` + "\n" + `{"type":"audio-start","data":{"rate":16000,"width":2,"channels":1}}` + "\n"
	chunkEvent = `{"type":"audio-chunk","data":{"rate":16000,"width":2,"channels":1},"payload_length":32000}` + "\n"
	stopEvent  = `{"type":"audio-stop"}` + "\n"
)

// unread sends one sound after the other, and pings whose answers are long, and reads nothing.
func unread(_ context.Context, c net.Conn) {
	second := chunkEvent + strings.Repeat("\x00\x10\x00\xf0", 8000)
	ping := `{"type":"ping","data":{"text":"` + strings.Repeat("x", 60_000) + `"}}` + "\n"
	sound := startEvent + strings.Repeat(second, 3) + stopEvent + ping
	for {
		if _, err := c.Write([]byte(sound)); err != nil {
			return
		}
	}
}

// says sends a text again and again.
func says(text string) visitor {
	return func(_ context.Context, c net.Conn) {
		for {
			if _, err := c.Write([]byte(text)); err != nil {
				return
			}
		}
	}
}

// stays sends a text, and nothing more until it is sent away.
func stays(text string) visitor {
	return func(_ context.Context, c net.Conn) {
		_, err := c.Write([]byte(text))
		for b := make([]byte, 512); err == nil; {
			_, err = c.Read(b)
		}
	}
}

// crowds are more clients than a service has places for, in each way of WyomingTrash.
var crowds = map[string]func(*World, occurrence) (*broken, error){
	"nonsense": visits(8, says("\x00\xff\x1b[31mhush\n")),
	"lengths":  visits(8, stays(`{"type":"describe","data_length":1099511627776}`+"\n")),
	"stall":    visits(40, stays(startEvent+chunkEvent+"half of it")),
	"crowd":    visits(100, stays("")),
}

func trashWyoming(w *World, o occurrence) (*broken, error) {
	come, ok := crowds[o.Way]
	if !ok {
		return nil, errors.New("there is no way " + o.Way)
	}
	return come(w, o)
}
