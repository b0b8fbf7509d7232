package hometest

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// peer is a WebSocket. Its queue is written by one goroutine; who is too slow for it loses its connection, as at Home Assistant.
type peer struct {
	conn       *websocket.Conn
	out        chan []byte
	subscribed map[int]string // event types by the ID of the subscription; guarded by the server's lock
}

// command is a message of a client.
type command struct {
	ID       int      `json:"id"`
	Type     string   `json:"type"`
	Token    string   `json:"access_token"`
	Event    string   `json:"event_type"`
	Entities []string `json:"entity_ids"`
}

func (s *Server) websocket(w http.ResponseWriter, r *http.Request) {
	if s.misbehave(w, r, s.Next(Socket)) {
		return
	}
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(4 << 20)
	p := &peer{conn: conn, out: make(chan []byte, 4096), subscribed: map[int]string{}}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	go func() {
		defer cancel()
		for {
			select {
			case text := <-p.out:
				wait, done := context.WithTimeout(ctx, 10*time.Second)
				err := conn.Write(wait, websocket.MessageText, text)
				done()
				if err != nil {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	if !s.login(ctx, p) {
		_ = conn.Close(websocket.StatusNormalClosure, "") // what waits in the queue is written first or not at all, as it happens
		return
	}
	s.mu.Lock()
	s.peers[p] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.peers, p)
		s.tell()
	}()
	last := 0
	for {
		c, ok := receive(ctx, conn)
		if !ok {
			return
		}
		if c.ID <= last {
			p.fail(c.ID, "id_reuse", "Identifier values have to increase.")
			continue
		}
		last = c.ID
		s.command(ctx, p, c)
	}
}

func receive(ctx context.Context, conn *websocket.Conn) (c command, ok bool) {
	_, text, err := conn.Read(ctx)
	return c, err == nil && json.Unmarshal(text, &c) == nil
}

func (s *Server) login(ctx context.Context, p *peer) bool {
	p.send(map[string]any{"type": "auth_required", "ha_version": Version})
	c, ok := receive(ctx, p.conn)
	if !ok {
		return false
	}
	s.mu.Lock()
	good := c.Type == "auth" && c.Token == s.token
	s.mu.Unlock()
	if !good {
		text, _ := json.Marshal(map[string]any{"type": "auth_invalid", "message": "Invalid access token or password"})
		_ = p.conn.Write(ctx, websocket.MessageText, text)
		return false
	}
	p.send(map[string]any{"type": "auth_ok", "ha_version": Version})
	return true
}

// command answers one.
func (s *Server) command(ctx context.Context, p *peer, c command) {
	switch b := s.Next(Message); b.Do {
	case Never:
		return
	case Reset, Dies:
		_ = p.conn.CloseNow()
		return
	case Garbage:
		p.out <- []byte("{\"id\":")
		return
	case Shape:
		p.send(map[string]any{"id": c.ID, "type": "result", "success": true, "result": map[string]any{"areas": 7}})
		return
	case Huge:
		big, err := p.conn.Writer(ctx, websocket.MessageText)
		piece := []byte(strings.Repeat(`{"entity_id":"light.x","state":"on"},`, 10000))
		for sent := 0; err == nil && sent < 1<<30; sent += len(piece) {
			_, err = big.Write(piece)
		}
		return
	case Status:
		p.fail(c.ID, "unknown_error", "Unknown error")
		return
	}
	result, ok := s.result(p, c)
	if !ok {
		p.fail(c.ID, "unknown_command", "Unknown command.")
		return
	}
	if e, bad := result.(error); bad {
		p.fail(c.ID, "unauthorized", e.Error())
		return
	}
	if c.Type == "ping" {
		p.send(map[string]any{"id": c.ID, "type": "pong"})
		return
	}
	p.send(map[string]any{"id": c.ID, "type": "result", "success": true, "result": result})
}

type refused string

func (r refused) Error() string { return string(r) }

// result is the result of a command.
func (s *Server) result(p *peer, c command) (any, bool) {
	switch c.Type {
	case "get_states":
		return s.States(), true
	case "get_config":
		return s.config(), true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch c.Type {
	case "ping":
		return nil, true
	case "subscribe_events":
		p.subscribed[c.ID] = c.Event
		s.tell()
		return nil, true
	case "get_services":
		return known(), true
	case "config/area_registry/list":
		return s.home.Areas, true
	case "config/floor_registry/list":
		return s.home.Floors, true
	case "config/device_registry/list":
		return s.home.Devices, true
	case "config/entity_registry/list":
		list := []any{}
		for i := range s.home.Entities {
			if e := &s.home.Entities[i]; !e.Virtual {
				list = append(list, e.entry(false))
			}
		}
		return list, true
	case "config/entity_registry/get_entries":
		out := map[string]any{}
		for _, id := range c.Entities {
			if e := s.find(id); e != nil && !e.Virtual {
				out[id] = e.entry(true)
			} else {
				out[id] = nil
			}
		}
		return out, true
	case "homeassistant/expose_entity/list":
		if s.limited {
			return refused("Unauthorized"), true
		}
		out := map[string]any{}
		for _, e := range s.home.Entities {
			if !e.Unexposed {
				out[e.ID] = map[string]bool{"conversation": true}
			}
		}
		return map[string]any{"exposed_entities": out}, true
	}
	return nil, false
}

// entry is an entity in its registry. Only the extended form has aliases; a null among them stands for the name.
func (e *Entity) entry(extended bool) map[string]any {
	m := map[string]any{
		"entity_id": e.ID, "name": nil, "original_name": e.Name, "area_id": orNull(e.Area), "device_id": orNull(e.Device), "platform": "demo",
		"entity_category": orNull(e.Category), "hidden_by": nil, "disabled_by": nil, "labels": []string{}, "has_entity_name": false,
		"options": map[string]any{"conversation": map[string]any{"should_expose": !e.Unexposed}},
	}
	if e.Hidden {
		m["hidden_by"] = "user"
	}
	if extended {
		aliases := []any{nil}
		for _, a := range e.Aliases {
			aliases = append(aliases, a)
		}
		m["aliases"] = aliases
	}
	return m
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// event tells who has subscribed. The lock is held.
func (s *Server) event(kind string, data map[string]any) {
	s.context++
	for p := range s.peers {
		for id, of := range p.subscribed {
			if of == kind || of == "" {
				p.send(map[string]any{"id": id, "type": "event", "event": map[string]any{
					"event_type": kind, "data": data, "origin": "LOCAL", "time_fired": time.Now(), "context": map[string]any{"id": s.context},
				}})
			}
		}
	}
}

// send queues a message; who does not read loses the connection.
func (p *peer) send(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	select {
	case p.out <- text:
	default:
		_ = p.conn.CloseNow()
	}
}

func (p *peer) fail(id int, code, message string) {
	p.send(map[string]any{"id": id, "type": "result", "success": false, "error": map[string]any{"code": code, "message": message}})
}
