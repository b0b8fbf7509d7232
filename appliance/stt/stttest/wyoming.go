package stttest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
)

// Wyoming is the endpoint of ServeWyoming: a transcribe event and what follows it.
const Wyoming Endpoint = "wyoming"

// mostData bounds the data and the payload of an event.
const mostData = 1 << 20

// ServeWyoming also serves the protocol of Home Assistant's voice services, at a port of its own on loopback, until the server closes. A
// description is a request of the endpoint Health. Behaviours that the protocol does not have are answered well; where an ORAC STT answers
// a status or a failure, an error event is sent. Nobody acts on what is understood: the text goes back, and that is all.
func (s *Server) ServeWyoming() (address string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("stttest: %w", err)
	}
	go func() {
		<-s.ctx.Done()
		_ = l.Close()
	}()
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			s.mu.Lock()
			s.connections++
			s.mu.Unlock()
			go s.converse(c.(*net.TCPConn))
		}
	}()
	return l.Addr().String(), nil
}

// conversation is a connection of a client.
type conversation struct {
	*net.TCPConn
	in *bufio.Reader

	mu sync.Mutex // held while an event is written
}

// wyomingEvent is an event as it comes.
type wyomingEvent struct {
	Type    string          `json:"type"`
	Data    json.RawMessage `json:"data"`
	Block   int             `json:"data_length"`
	Payload int             `json:"payload_length"`
	sound   []byte
}

func (c *conversation) next() (e wyomingEvent, err error) {
	line, err := c.in.ReadBytes('\n')
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return e, err
	}
	if e.Block < 0 || e.Block > mostData || e.Payload < 0 || e.Payload > mostData {
		return e, fmt.Errorf("%s: %d bytes of data and %d of payload", e.Type, e.Block, e.Payload)
	}
	rest := make([]byte, e.Block+e.Payload)
	if _, err := io.ReadFull(c.in, rest); err != nil {
		return e, err
	}
	if e.Block > 0 {
		e.Data = rest[:e.Block]
	}
	e.sound = rest[e.Block:]
	return e, nil
}

func (c *conversation) say(kind string, data any) error {
	block, err := json.Marshal(data)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err = fmt.Fprintf(c, "{\"type\":%q,\"version\":\"1.9.0\",\"data_length\":%d}\n%s", kind, len(block), block)
	return err
}

// reset ends the connection as a process that dies does.
func (c *conversation) reset() {
	_ = c.SetLinger(0)
	_ = c.Close()
}

// converse serves a connection.
func (s *Server) converse(raw *net.TCPConn) {
	c := &conversation{TCPConn: raw, in: bufio.NewReader(raw)}
	gone := make(chan struct{})
	defer close(gone)
	defer c.Close()
	go func() { // whatever it is doing
		select {
		case <-s.ctx.Done():
			_ = c.Close()
		case <-gone:
		}
	}()
	var x *exchange // the request under way
	for {
		e, err := c.next()
		if err != nil {
			return
		}
		switch e.Type {
		case "describe":
			if !s.described(c) {
				return
			}
		case "ping":
			_ = c.say("pong", json.RawMessage(e.Data))
		case "transcribe":
			var asked struct {
				Language string
				Context  struct {
					ID string `json:"utterance_id"`
				}
			}
			if len(e.Data) > 0 && json.Unmarshal(e.Data, &asked) != nil {
				return
			}
			begun := s.begins(Wyoming, Heard{ID: asked.Context.ID, Query: url.Values{"language": {asked.Language}}, Header: http.Header{}})
			begun.aim(asked.Context.ID)
			x = &begun
			defer x.note(func(h *Heard) { h.Over = true })
			if x.Do == Deaf {
				<-s.ctx.Done()
				return
			}
		case "audio-chunk":
			if x == nil {
				return
			}
			if !x.chunk(c, e) {
				return
			}
		case "audio-stop":
			if x == nil || !x.reply(c) {
				return
			}
			x = nil
		}
	}
}

// described answers a description; false if the connection is to end.
func (s *Server) described(c *conversation) bool {
	x := s.begins(Health, Heard{Header: http.Header{}})
	defer x.note(func(h *Heard) { h.Over = true })
	if !x.gate() {
		return false
	}
	switch x.Do {
	case Good, NoStream, Once:
	case Status, EngineError:
		return c.say("error", map[string]any{"text": fmt.Sprintf("as told: %d", x.Code), "code": "told"}) == nil
	case Never:
		<-s.ctx.Done()
		return false
	default:
		return false
	}
	by := map[string]string{"name": "test", "url": "https://example.org"}
	x.answered()
	return c.say("info", map[string]any{"asr": []any{map[string]any{"name": "test", "attribution": by, "installed": true, "models": []any{
		map[string]any{"name": "test", "attribution": by, "installed": true, "languages": []string{"en"}},
	}}}}) == nil
}

// chunk takes a piece of sound; false if the connection is to end.
func (x *exchange) chunk(c *conversation, e wyomingEvent) bool {
	var format struct{ Rate, Width, Channels int }
	if err := json.Unmarshal(e.Data, &format); err != nil || format.Rate != rate || format.Width != 2 || format.Channels != 1 || len(e.sound)%2 != 0 {
		x.note(func(h *Heard) {
			h.Complaint = fmt.Sprintf("a chunk of %d bytes in the format %+v", len(e.sound), format)
		})
		return false
	}
	x.sound(samples(e.sound), 1)
	frames := 0
	x.note(func(h *Heard) { frames = h.Frames })
	if x.Do == Reset && frames >= x.After {
		c.reset()
		return false
	}
	return true
}

// reply answers a request that has come whole; false if the connection is to end.
func (x *exchange) reply(c *conversation) bool {
	var pcm []int16
	x.note(func(h *Heard) { h.Whole, pcm = true, h.PCM })
	if !x.gate() {
		return false
	}
	words := ""
	switch x.Do {
	case Dies, ResetAnswer:
		c.reset()
		return false
	case Never:
		<-x.server.ctx.Done()
		return false
	case CloseEarly:
		return false
	case Garbage:
		_, _ = io.WriteString(c, `{"type":"trans`+"\n")
		return false
	case WrongShape:
		return c.say("transcript", map[string]any{"text": map[string]int{"a": 1}}) == nil
	case EngineFails, EngineText, EngineError, Status:
		_ = c.say("error", map[string]any{"text": fmt.Sprintf("as told: %s %d", x.Do, x.Code), "code": "told"})
		return false
	case Chatty:
		_ = errors.Join(c.say("ping", map[string]string{"text": "are you there?"}), c.say("some-new-event", map[string]bool{"later": true}))
		fallthrough
	default:
		words, _ = x.words(pcm, true)
	}
	x.note(func(h *Heard) { h.Text = words })
	if err := errors.Join(c.say("transcript-start", map[string]string{"language": "en"}), c.say("transcript-chunk", map[string]string{"text": words}),
		c.say("transcript", map[string]any{"text": words, "language": "en"}), c.say("transcript-stop", map[string]string{})); err != nil {
		return false
	}
	x.answered()
	return true
}
