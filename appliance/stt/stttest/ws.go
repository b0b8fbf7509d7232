package stttest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/coder/websocket"
)

const maxFrame = 2 * 1280

func (s *Server) webSocket(x exchange, w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered
	}
	defer c.CloseNow()
	c.SetReadLimit(maxForm)
	ctx := s.ctx
	if x.Do == Deaf {
		<-ctx.Done()
		return
	}
	pcm, ok := x.listen(ctx, c, r)
	if !ok {
		return
	}
	x.note(func(h *Heard) { h.Whole = true })
	if !x.gate() {
		return
	}
	x.forward(len(pcm) > 0)
	if x.Do == Dies {
		reset(r)
		return
	}
	if x.wsAnswer(ctx, c, pcm) {
		x.answered()
		if x.Do == NeverClose {
			_, _, _ = c.Read(ctx) // the client closes
			<-ctx.Done()
			return
		}
		_ = c.Close(websocket.StatusNormalClosure, "")
	}
}

// listen reads config and sound until "end"; false if the connection is to end without an answer.
func (x *exchange) listen(ctx context.Context, c *websocket.Conn, r *http.Request) ([]int16, bool) {
	var pcm []int16
	var wake string
	for frames := 0; ; {
		kind, data, err := c.Read(ctx)
		if err != nil {
			return nil, false
		}
		if kind == websocket.MessageText {
			var m struct {
				Type string `json:"type"`
				Wake string `json:"wake_word_time"`
				ID   string `json:"utterance_id"`
			}
			if err := json.Unmarshal(data, &m); err != nil {
				return nil, x.object(ctx, c, "Invalid JSON")
			}
			switch m.Type {
			case "config":
				wake = m.Wake
				x.aim(wake)
				x.note(func(h *Heard) {
					h.Body, h.ID = data, m.ID
					if m.Wake != "" && !isNaive(m.Wake) {
						h.Complaint = fmt.Sprintf("wake_word_time %q is not a naive local time with microseconds", m.Wake)
					}
				})
			case "ping":
				_ = c.Write(ctx, websocket.MessageText, []byte(`{"type":"pong"}`))
			case "end":
				x.ends(wake)
				return pcm, true
			default:
				x.note(func(h *Heard) { h.Messages = append(h.Messages, string(data)) })
			}
			continue
		}
		switch {
		case len(data)%2 != 0:
			return nil, x.object(ctx, c, "odd number of bytes in an audio frame")
		case len(data) > maxFrame:
			return nil, x.object(ctx, c, "audio frame too long")
		}
		pcm = append(pcm, samples(data)...)
		x.sound(samples(data), 1)
		frames++
		switch {
		case x.Do == Reset && frames >= x.After:
			reset(r)
			return nil, false
		case x.Do == Impatient && frames == 1:
			return pcm, true
		case x.Do == EngineError && frames == x.After:
			return nil, x.object(ctx, c, "engine overloaded")
		}
	}
}

// object sends an error and returns false.
func (x exchange) object(ctx context.Context, c *websocket.Conn, words string) bool {
	x.note(func(h *Heard) { h.Complaint = words })
	x.send(ctx, c, map[string]any{"type": "error", "error": words})
	_ = c.Close(websocket.StatusNormalClosure, "")
	return false
}

func (x exchange) send(ctx context.Context, c *websocket.Conn, m any) bool {
	b, err := json.Marshal(m)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return c.Write(ctx, websocket.MessageText, b) == nil
}

// wsAnswer answers, well or badly; it returns true if a good answer was sent.
func (x exchange) wsAnswer(ctx context.Context, c *websocket.Conn, pcm []int16) bool {
	text := func(s string) { _ = c.Write(ctx, websocket.MessageText, []byte(s)) }
	switch x.Do {
	case Never:
		_, _, _ = c.Read(ctx)
		return false
	case EngineError:
		return x.object(ctx, c, "the engine is not there")
	case Huge:
		if w, err := c.Writer(ctx, websocket.MessageText); err == nil {
			_, _ = io.Copy(w, io.LimitReader(endless{}, 1<<30))
		}
		return false
	case Garbage:
		text(`{"type": "transcr`)
		return false
	case WrongShape:
		text(`{"type": "transcription"}`)
		return false
	case Binary:
		_ = c.Write(ctx, websocket.MessageBinary, []byte{1, 2, 3})
		return false
	case CloseEarly, Status:
		_ = c.Close(websocket.StatusNormalClosure, "")
		return false
	case PingFlood:
		go func() { // read the pongs, so that the flood does not block itself
			for {
				if _, _, err := c.Read(ctx); err != nil {
					return
				}
			}
		}()
		for c.Write(ctx, websocket.MessageText, []byte(`{"type":"ping"}`)) == nil {
		}
		return false
	case Chatty:
		text(`{"type":"welcome","version":3}`)
		text(`{"type":"ping"}`)
		if _, data, err := c.Read(ctx); err == nil {
			x.note(func(h *Heard) { h.Messages = append(h.Messages, string(data)) })
		}
		text(`{"type":"transcription","text":"half of it","is_final":false}`)
	}
	words, duration := x.words(pcm, true)
	if x.Do == EngineFails {
		words = "[Transcription Failed: the engine answered 500]"
	}
	x.note(func(h *Heard) { h.Text = words })
	return x.send(ctx, c, map[string]any{"type": "transcription", "text": words, "confidence": confidence(words), "language": "en",
		"duration": duration, "processing_time": 0.25, "is_final": true})
}
