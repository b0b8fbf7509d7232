package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"

	"orac/appliance/event"
	"orac/web/auth"
	"orac/web/edge"
	"orac/web/schema"
)

const (
	keepAlive   = 15 * time.Second
	maxMessage  = 4 << 10               // bytes of a client's WebSocket message
	messagePace = 50 * time.Millisecond // between two messages: faster clients have to wait
)

// kinds are the kinds of events that a stream carries.
var kinds = event.Names((*event.Kind).Streamed)

type EventsInput struct {
	Kinds string `query:"kinds" check:"max=512" doc:"The wanted kinds of events, separated by commas; default: all."`
	Since uint64 `query:"since" check:"min=0" doc:"The number of the last known event: the kept events after it come first. Last-Event-ID does the same."`
}

func (in EventsInput) wanted() ([]string, error) {
	if in.Kinds == "" {
		return nil, nil
	}
	list := strings.Split(in.Kinds, ",")
	for _, k := range list {
		if !slices.Contains(kinds, k) {
			return nil, schema.Invalid(schema.FieldError{Field: "kinds", Wrong: "names an unknown kind: " + schema.Clip(schema.Clean(k), 40) + "; the kinds are " + strings.Join(kinds, ", ")})
		}
	}
	return list, nil
}

// still tells whether the person who opened a stream may still have it.
func (c *Call) still() error {
	who, err := c.Server.o.Guard.Recheck(c.R, c.Via)
	if err == nil && (!who.Known() || !who.Role.Includes(c.Route.Role)) {
		err = &auth.Denied{Reason: "logged out"}
	}
	return err
}

// events is the stream as Server-Sent Events.
func events(c *Call, in EventsInput) (schema.None, error) {
	wanted, err := in.wanted()
	if err != nil {
		return schema.None{}, err
	}
	if id, err := strconv.ParseUint(c.R.Header.Get("Last-Event-ID"), 10, 64); err == nil {
		in.Since = id
	}
	if err := c.enter(); err != nil {
		return schema.None{}, err
	}
	defer c.Server.streams.Leave(c.Who)
	stream := c.Server.o.Events.Open(wanted, in.Since)
	defer stream.Close()
	w, control := c.Streaming(), http.NewResponseController(c.W)
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	due := edge.NewDeadline(control.SetWriteDeadline)
	send := func(text []byte) error {
		due.Renew()
		if _, err := w.Write(text); err != nil {
			return err
		}
		return control.Flush()
	}
	if err := send([]byte("retry: 2000\n\n")); err != nil {
		return schema.None{}, nil
	}
	alive, check := time.NewTicker(keepAlive), time.NewTicker(c.Server.recheck)
	defer alive.Stop()
	defer check.Stop()
	var room []byte
	for {
		text := room[:0]
		select {
		case <-c.R.Context().Done():
			return schema.None{}, nil
		case <-c.Server.ctx.Done():
			_ = send([]byte("event: end\ndata: {\"why\":\"the appliance stops\"}\n\n"))
			return schema.None{}, nil
		case <-alive.C:
			text = append(text, ": alive\n\n"...)
		case <-check.C:
			if c.still() != nil {
				_ = send([]byte("event: end\ndata: {\"why\":\"logged out\"}\n\n"))
				return schema.None{}, nil
			}
			continue
		case b := <-stream.C:
			lost := stream.Lost()
			if text = b.sse(); len(stream.C) == 0 && lost == 0 {
				break // all streams write the same bytes
			}
			text = append(room[:0], text...)
			for more := true; more && len(text) < 32<<10; { // everything that waits goes into one write
				select {
				case b := <-stream.C:
					text = append(text, b.sse()...)
				default:
					more = false
				}
			}
			if lost > 0 {
				text = fmt.Appendf(text, "event: lost\ndata: {\"frames\":%d}\n\n", lost)
			}
			room = text
		}
		if err := send(text); err != nil {
			return schema.None{}, nil // the client has gone, or reads too slowly
		}
	}
}

// appendSSE writes a frame. JSON contains no line ends, so a frame cannot forge another.
func appendSSE(text []byte, f Frame) []byte {
	if !f.Meter { // a client that reconnects continues after this one
		text = append(strconv.AppendUint(append(text, "id: "...), f.Seq, 10), '\n')
	}
	text = append(append(text, "event: "...), f.Kind...)
	text = append(append(text, "\ndata: "...), f.JSON...)
	return append(text, "\n\n"...)
}

// enter counts a caller's stream and limits how many there are, see shares.
func (c *Call) enter() error {
	most := c.Server.maxStreams()
	if !c.Server.streams.Take(c.Who, most, max(1, most/8)) {
		return schema.Fail(schema.Unavailable, "Too many event streams are open, in all or by you.").After(10 * time.Second)
	}
	return nil
}

// maxStreams leaves a few connections for requests.
func (s *Server) maxStreams() int {
	n := s.set.Load().rb.Web.Limits.MaxConnections
	return max(1, n-max(2, n/10))
}

// Message is what a client sends over a WebSocket.
type Message struct {
	Type  string   `json:"type"` // ping, subscribe
	Kinds []string `json:"kinds,omitempty"`
}

// socket is the same stream over a WebSocket.
func socket(c *Call, in EventsInput) (schema.None, error) {
	wanted, err := in.wanted()
	if err != nil {
		return schema.None{}, err
	}
	origins := c.Server.set.Load().rb.Web.Origins
	// A browser lets a page of another origin open a WebSocket, and sends along this host's cookies, which are meant only for
	// this host's pages.
	if !edge.SameOrigin(c.R, c.Via.Secure) && (c.Who.Way == auth.BySession || !slices.Contains(origins, c.R.Header.Get("Origin"))) {
		return schema.None{}, schema.Fail(schema.CrossOrigin, "")
	}
	if err := c.enter(); err != nil {
		return schema.None{}, err
	}
	defer c.Server.streams.Leave(c.Who)
	var hosts []string
	for _, o := range origins {
		if u, err := url.Parse(o); err == nil {
			hosts = append(hosts, u.Host)
		}
	}
	line := &edge.Corking{ResponseWriter: c.Streaming()}
	conn, err := websocket.Accept(line, c.R, &websocket.AcceptOptions{OriginPatterns: hosts, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return schema.None{}, nil // Accept has already answered
	}
	defer conn.CloseNow()
	conn.SetReadLimit(maxMessage)
	ctx, cancel := context.WithCancel(c.Base)
	defer cancel()
	defer context.AfterFunc(c.Server.ctx, cancel)()
	defer context.AfterFunc(ctx, func() { _ = line.Conn.SetWriteDeadline(time.Now().Add(time.Second)) })() // a client that does not read holds up nobody
	stream := c.Server.o.Events.Open(wanted, in.Since)
	defer stream.Close()
	said := make(chan []byte, 4)
	go func() { // ends with ctx or the connection
		defer cancel()
		for {
			kind, text, err := conn.Read(ctx)
			if err != nil || kind != websocket.MessageText {
				return
			}
			reply, err := heard(text, stream)
			if err != nil {
				_ = conn.Close(websocket.StatusPolicyViolation, err.Error())
				return
			}
			select {
			case said <- reply:
				time.Sleep(messagePace)
			case <-ctx.Done():
				return
			}
		}
	}()
	check := time.NewTicker(c.Server.recheck)
	defer check.Stop()
	due := edge.NewDeadline(line.Conn.SetWriteDeadline)
	// Writes end by their deadline, so they need neither a context nor a goroutine that waits for one.
	send := func(text []byte) error { return conn.Write(context.Background(), websocket.MessageText, text) }
	for {
		select {
		case <-ctx.Done():
			_ = conn.Close(websocket.StatusGoingAway, "")
			return schema.None{}, nil
		case text := <-said:
			due.Renew()
			err = send(text)
		case b := <-stream.C:
			due.Renew()
			line.Conn.Hold()
			for _, f := range b.Frames {
				err = errors.Join(err, send(f.JSON))
			}
			if n := stream.Lost(); n > 0 {
				err = errors.Join(err, send(fmt.Appendf(nil, `{"kind":"lost","frames":%d}`, n)))
			}
			err = errors.Join(err, line.Conn.Release())
		case <-check.C:
			due.Renew() // for replies to pings, which the library writes
			if c.still() != nil {
				_ = conn.Close(websocket.StatusPolicyViolation, "logged out")
				return schema.None{}, nil
			}
		}
		if err != nil {
			return schema.None{}, nil
		}
	}
}

// heard handles a client's message and returns the reply.
func heard(text []byte, s *Stream) ([]byte, error) {
	var m Message
	if err := messageSchema.Decode(text, &m); err != nil {
		if schema.ProblemOf(err).Code == schema.BadJSON {
			return nil, errors.New("bad JSON")
		}
		return nil, errors.New("bad message")
	}
	switch m.Type {
	case "ping":
		return []byte(`{"type":"pong"}`), nil
	case "subscribe":
		for _, k := range m.Kinds {
			if !slices.Contains(kinds, k) {
				return nil, errors.New("no such kind")
			}
		}
		s.Want(m.Kinds)
		return []byte(`{"type":"subscribed"}`), nil
	}
	return nil, errors.New("no such type")
}

var messageSchema = func() *schema.Schema {
	longest, most := 32, 64
	text := &schema.Schema{Type: "string", MaxLength: &longest}
	return &schema.Schema{
		Type: "object", Additional: false, Required: []string{"type"},
		Properties: map[string]*schema.Schema{"type": text, "kinds": {Type: "array", Items: text, MaxItems: &most}},
	}
}()
