package sttserver

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/coder/websocket"

	"orac/appliance/sttrole"
	"orac/web/edge"
	"orac/web/peers"
	"orac/web/schema"
)

const (
	maxFrame    = 64 << 10 // bytes of a message
	maxControls = 1000     // messages without sound, and pings, of one stream
)

// stream transcribes a sound that comes while it is spoken: one utterance a connection.
func (c *call) stream() error {
	h, err := c.hearing()
	if err != nil {
		return err
	}
	if c.R.Header.Get("Upgrade") == "" {
		c.W.Header().Set("Upgrade", "websocket")
		return schema.Fail(schema.Unusable, "This is the address of a stream: open it as a WebSocket.")
	}
	h.Streamed = true
	line := &edge.Corking{ResponseWriter: c.Streaming()}
	pings := 0
	conn, err := websocket.Accept(line, c.R, &websocket.AcceptOptions{
		CompressionMode: websocket.CompressionDisabled,
		OnPingReceived: func(context.Context, []byte) bool { // only the reader calls it
			pings++
			return pings <= maxControls
		},
	})
	if err != nil {
		return nil // Accept has already answered
	}
	defer conn.CloseNow()
	conn.SetReadLimit(maxFrame)
	ctx, cancel := context.WithCancel(c.Base)
	defer cancel()
	defer context.AfterFunc(c.server.Context, cancel)()
	defer context.AfterFunc(ctx, func() { _ = line.Conn.SetWriteDeadline(time.Now().Add(time.Second)) })() // a peer that does not read holds up nobody
	c.server.metrics.streams.Inc()
	defer c.server.metrics.streams.Dec()
	s := &stream{call: c, conn: conn, line: line.Conn, hearing: h, room: c.server.sounds.Hold(c.Who.Subject())}
	defer s.room.Release()
	go c.wake(ctx)
	s.run(ctx, cancel)
	return nil
}

// wake tells the engine that it will be needed, so that its model is loaded when the person has spoken. It ends with ctx.
func (c *call) wake(ctx context.Context) {
	if role, err := c.role(); err == nil {
		_ = role.Preload(ctx) // the utterance itself tells what is wrong with the engine
	}
}

// stream is one WebSocket. Its methods are called by one goroutine.
type stream struct {
	*call
	conn    *websocket.Conn
	line    *edge.Corked
	hearing sttrole.Hearing
	room    *peers.Hold
	frames  int // messages without sound so far
}

// message is what a peer has sent.
type message struct {
	kind websocket.MessageType
	data []byte
	err  error
}

// outcome is what the appliance has answered.
type outcome struct {
	heard sttrole.Heard
	err   error
}

// run receives the sound, has it transcribed and answers. It goes on reading meanwhile: so it sees pings, and that the peer goes.
func (s *stream) run(ctx context.Context, cancel context.CancelFunc) {
	came := make(chan message)
	go func() { // ends with ctx or the connection
		for {
			kind, data, err := s.conn.Read(ctx)
			select {
			case came <- message{kind, data, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	all := time.NewTimer(2*s.block().MaxSound + 3*s.server.times.idle)
	defer all.Stop()
	idle := time.NewTimer(s.server.times.idle)
	defer idle.Stop()
	var done chan outcome // nil until the sound has ended
	for {
		select {
		case <-ctx.Done():
			_ = s.conn.Close(websocket.StatusGoingAway, "")
			return
		case <-all.C:
			if done == nil {
				s.refuse(schema.Fail(schema.TooLate, "The sound took too long to come."), websocket.StatusPolicyViolation)
				return
			}
		case <-idle.C:
			if done == nil {
				s.refuse(schema.Fail(schema.TooLate, "Nothing came for %v.", s.server.times.idle), websocket.StatusPolicyViolation)
				return
			}
		case m := <-came:
			if m.err != nil { // the peer has gone, or sent what no WebSocket takes
				return
			}
			idle.Reset(s.server.times.idle)
			ended, err, code := s.take(m, done != nil)
			if err != nil {
				s.refuse(err, code)
				return
			}
			if ended {
				done = make(chan outcome, 1)
				answer, stop := context.WithTimeout(ctx, s.server.times.answer)
				defer stop()
				go func() { // ends with its context
					heard, err := s.transcribe(answer, s.hearing)
					done <- outcome{heard, err}
				}()
			}
		case o := <-done:
			s.answer(o)
			return
		}
	}
}

// control is a message of text. Others than these are ignored, as the existing service does.
type control struct {
	Type     string `json:"type"` // config, end, ping
	WakeTime string `json:"wake_word_time"`
	ID       string `json:"utterance_id"`
	WakeWord string `json:"wake_word"`
}

// take handles a message. ended tells that the sound is whole.
func (s *stream) take(m message, whole bool) (ended bool, err error, code websocket.StatusCode) {
	if m.kind == websocket.MessageBinary {
		if whole {
			return false, schema.Fail(schema.Unusable, "Sound after the end."), websocket.StatusPolicyViolation
		}
		return false, s.sound(m.data), websocket.StatusMessageTooBig
	}
	if s.frames++; s.frames > maxControls {
		return false, schema.Fail(schema.Unusable, "More than %d messages without sound.", maxControls), websocket.StatusPolicyViolation
	}
	var t control
	if err := json.Unmarshal(m.data, &t); err != nil {
		return false, schema.Fail(schema.Unusable, "A text message must be JSON. Sound is sent in binary messages."), websocket.StatusUnsupportedData
	}
	switch {
	case t.Type == "ping":
		return false, s.send(map[string]string{"type": "pong"}), websocket.StatusPolicyViolation
	case whole:
	case t.Type == "config":
		return false, s.configure(t), websocket.StatusPolicyViolation
	case t.Type == "end":
		if len(s.hearing.PCM) == 0 {
			return false, schema.Fail(schema.Unusable, "The stream ended without any sound."), websocket.StatusPolicyViolation
		}
		return true, nil, 0
	}
	return false, nil, 0
}

// configure takes what a config says. What it leaves out stays as the headers have said it.
func (s *stream) configure(t control) (err error) {
	if at := peers.Moment(t.WakeTime); !at.IsZero() {
		s.hearing.Wake = at
	}
	if word := peers.Words(t.WakeWord, sttrole.MaxName); word != "" {
		s.hearing.WakeWord = word
	}
	if t.ID != "" {
		s.hearing.ID, err = utteranceID(t.ID)
	}
	return err
}

// sound appends a message of int16, little-endian.
func (s *stream) sound(data []byte) error {
	if len(data)%2 != 0 {
		return schema.Fail(schema.Unusable, "A message of sound has an odd number of bytes (%d): each sample has two.", len(data))
	}
	pcm := s.hearing.PCM
	if n := len(pcm) + len(data)/2; n > s.maxSamples() {
		return tooLong(length(n), s.maxSamples())
	} else if 2*n > s.room.Held() {
		if err := s.room.Grow(2*n + growBy); err != nil {
			return err
		}
	}
	for ; len(data) > 0; data = data[2:] {
		pcm = append(pcm, int16(binary.LittleEndian.Uint16(data)))
	}
	s.hearing.PCM = pcm
	return nil
}

// final is the answer to a stream.
type final struct {
	Type string `json:"type"`
	transcription
	Final bool `json:"is_final"`
}

func (s *stream) answer(o outcome) {
	switch {
	case o.err == nil:
		_ = s.send(final{"transcription", s.transcriptionOf(s.hearing, o.heard), true})
		_ = s.conn.Close(websocket.StatusNormalClosure, "")
	case s.Legacy(): // the existing service says so in the text
		p := problemOf(o.err)
		s.Log().Warn("a legacy peer is told that the transcription failed", "peer", s.Who.Subject(), "code", string(p.Code))
		t := s.failed(length(len(s.hearing.PCM)))
		t.Text = "[Transcription Failed: " + p.Title + "]"
		_ = s.send(final{"transcription", t, true})
		_ = s.conn.Close(websocket.StatusNormalClosure, "")
	default:
		s.refuse(o.err, websocket.StatusInternalError)
	}
}

// refusal is an error as a message. Code and retry_after say what a status would.
type refusal struct {
	Type    string `json:"type"`
	Error   string `json:"error"`
	Code    string `json:"code,omitempty"`
	Status  int    `json:"status,omitempty"`
	Retry   int    `json:"retry_after,omitempty"` // seconds
	Request string `json:"request_id,omitempty"`
}

// refuse says what is wrong, and closes.
func (s *stream) refuse(err error, code websocket.StatusCode) {
	p := problemOf(err)
	text := p.Title
	if p.Detail != "" {
		text = p.Detail
	}
	r := refusal{Type: "error", Error: text}
	if !s.Legacy() {
		r.Code, r.Status, r.Request, r.Retry = string(p.Code), p.Status, s.ID, int(math.Ceil(p.RetryAfter().Seconds()))
	}
	switch {
	case p.Code == schema.QueueFull || p.Code == schema.Unavailable || p.Code == schema.Stopping:
		code = websocket.StatusTryAgainLater
	case p.Code == schema.TooLarge:
		code = websocket.StatusMessageTooBig
	case code == websocket.StatusMessageTooBig: // something else is wrong with the sound
		code = websocket.StatusUnsupportedData
	}
	cause := p.Detail
	if p.Cause() != nil {
		cause = p.Cause().Error()
	}
	s.Log().Info("a stream was refused", "who", s.Who.Subject(), "code", string(p.Code), "cause", schema.Clip(schema.Clean(cause), 300))
	if s.send(r) == nil {
		_ = s.conn.Close(code, schema.Clip(string(p.Code), 100))
	}
}

// send writes a message. Its deadline ends it, so it needs no context.
func (s *stream) send(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("BUG: %w", err)
	}
	_ = s.line.SetWriteDeadline(time.Now().Add(s.server.times.idle))
	defer func() { _ = s.line.SetWriteDeadline(time.Time{}) }() // the library's replies to pings have deadlines of their own
	if err := s.conn.Write(context.Background(), websocket.MessageText, text); err != nil {
		return errors.Join(errGone, err)
	}
	return nil
}

// errGone means that the peer does not read any more.
var errGone = errors.New("the peer has gone")
