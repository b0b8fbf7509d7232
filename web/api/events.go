package api

import (
	"bytes"
	"context"
	"encoding/json"
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
)

const (
	keepAlive   = 15 * time.Second
	streamWrite = 10 * time.Second      // for one write: who reads slower is dropped
	recheck     = 2 * time.Second       // how soon a stream ends after its login
	maxMessage  = 4 << 10               // bytes of a WebSocket message of a client
	messagePace = 50 * time.Millisecond // between two of them: who says more waits
)

// kinds are all kinds of events.
var kinds = func() (list []string) {
	for _, b := range []event.Body{
		event.DeviceOpened{}, event.Listening{}, event.DeviceLost{}, event.DeviceEnded{}, event.Level{}, event.Score{}, event.Wake{},
		event.RecordingStarted{}, event.RecordingEnded{}, event.Spooled{}, event.Salvaged{}, event.Dropped{}, event.DeliveryStarted{},
		event.DeliveryFailed{}, event.Delivered{}, event.STTHealth{}, event.Heartbeat{}, event.WebhookFailed{}, event.Overrun{},
		event.NodeFailed{}, event.NodeLeaked{}, event.StoreFailed{}, event.StoreBack{},
	} {
		list = append(list, b.Kind())
	}
	return list
}()

type eventsInput struct {
	Kinds string `query:"kinds" check:"max=512" doc:"The kinds of events that are wanted, with commas between them; all without it."`
	Since uint64 `query:"since" check:"min=0" doc:"The number of the last event that is known: those after it come first, as far as they are kept. Last-Event-ID does the same."`
}

func (in eventsInput) wanted() ([]string, error) {
	if in.Kinds == "" {
		return nil, nil
	}
	list := strings.Split(in.Kinds, ",")
	for _, k := range list {
		if !slices.Contains(kinds, k) {
			p := Fail(InvalidInput, "")
			p.Errors = []FieldError{{"kinds", "has a kind that there is not: " + clip(clean(k), 40) + "; there are " + strings.Join(kinds, ", ")}}
			return nil, p
		}
	}
	return list, nil
}

// still tells whether who opened a stream may still have it.
func (c *Call) still() error {
	who, err := c.Server.o.Guard.Recheck(c.R)
	if err == nil && (!who.Known() || !who.Role.Includes(c.Route.Role)) {
		err = &auth.Denied{Reason: "logged out"}
	}
	return err
}

// events is the stream by Server-Sent Events.
func events(c *Call, in eventsInput) (none, error) {
	wanted, err := in.wanted()
	if err != nil {
		return none{}, err
	}
	if id, err := strconv.ParseUint(c.R.Header.Get("Last-Event-ID"), 10, 64); err == nil {
		in.Since = id
	}
	if err := c.Server.enter(c.Who.Subject()); err != nil {
		return none{}, err
	}
	defer c.Server.leave(c.Who.Subject())
	stream := c.Server.o.Events.Open(wanted, in.Since)
	defer stream.Close()
	w, control := c.Streaming(), http.NewResponseController(c.W)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	send := func(text []byte) error {
		_ = control.SetWriteDeadline(time.Now().Add(streamWrite)) // a writer without deadlines is one of a test
		if _, err := w.Write(text); err != nil {
			return err
		}
		return control.Flush()
	}
	if err := send([]byte("retry: 2000\n\n")); err != nil {
		return none{}, nil
	}
	alive, check := time.NewTicker(keepAlive), time.NewTicker(recheck)
	defer alive.Stop()
	defer check.Stop()
	var b bytes.Buffer
	for {
		b.Reset()
		select {
		case <-c.R.Context().Done():
			return none{}, nil
		case <-c.Server.ctx.Done():
			_ = send([]byte("event: end\ndata: {\"why\":\"the appliance ends\"}\n\n"))
			return none{}, nil
		case <-alive.C:
			b.WriteString(": alive\n\n")
		case <-check.C:
			if c.still() != nil {
				_ = send([]byte("event: end\ndata: {\"why\":\"logged out\"}\n\n"))
				return none{}, nil
			}
			continue
		case f := <-stream.C:
			writeSSE(&b, f)
			for more := true; more && b.Len() < 32<<10; { // what waits goes in one write
				select {
				case f := <-stream.C:
					writeSSE(&b, f)
				default:
					more = false
				}
			}
			if n := stream.Lost(); n > 0 {
				fmt.Fprintf(&b, "event: lost\ndata: {\"frames\":%d}\n\n", n)
			}
		}
		if err := send(b.Bytes()); err != nil {
			return none{}, nil // the client has gone, or reads too slowly
		}
	}
}

// writeSSE writes a frame. JSON has no line ends, so a frame cannot make another.
func writeSSE(b *bytes.Buffer, f Frame) {
	if !slices.Contains(meters, f.Kind) { // a client that comes back goes on after this one
		b.WriteString("id: ")
		b.WriteString(strconv.FormatUint(f.Seq, 10))
		b.WriteByte('\n')
	}
	b.WriteString("event: ")
	b.WriteString(f.Kind)
	b.WriteString("\ndata: ")
	b.Write(f.JSON)
	b.WriteString("\n\n")
}

// enter counts a stream of somebody. The last ones are kept for others than who has most of them.
func (s *Server) enter(who string) error {
	most := s.maxStreams()
	s.perStream.Lock()
	defer s.perStream.Unlock()
	n, own := int(s.streams.Load()), s.streamsOf[who]
	if n >= most || own > most/2 && n >= most-max(1, most/25) {
		p := Fail(Unavailable, "There are %d event streams already.", n)
		p.retry = 10 * time.Second
		return p
	}
	s.streams.Add(1)
	s.streamsOf[who]++
	return nil
}

func (s *Server) leave(who string) {
	s.perStream.Lock()
	defer s.perStream.Unlock()
	s.streams.Add(-1)
	if s.streamsOf[who]--; s.streamsOf[who] == 0 {
		delete(s.streamsOf, who)
	}
}

// maxStreams leaves a few connections for requests.
func (s *Server) maxStreams() int {
	n := s.set.Load().rb.Web.Limits.MaxConnections
	return max(1, n-max(2, n/10))
}

// message is what a client says over a WebSocket.
type message struct {
	Type  string   `json:"type"` // ping, subscribe
	Kinds []string `json:"kinds,omitempty"`
}

// socket is the same stream by WebSocket.
func socket(c *Call, in eventsInput) (none, error) {
	wanted, err := in.wanted()
	if err != nil {
		return none{}, err
	}
	origins := c.Server.set.Load().rb.Web.Origins
	if c.R.Header.Get("Origin") != "" && !sameOrigin(c.R) && !slices.Contains(origins, c.R.Header.Get("Origin")) {
		return none{}, Fail(CrossOrigin, "")
	}
	if err := c.Server.enter(c.Who.Subject()); err != nil {
		return none{}, err
	}
	defer c.Server.leave(c.Who.Subject())
	var hosts []string
	for _, o := range origins {
		if u, err := url.Parse(o); err == nil {
			hosts = append(hosts, u.Host)
		}
	}
	conn, err := websocket.Accept(c.Streaming(), c.R, &websocket.AcceptOptions{OriginPatterns: hosts, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return none{}, nil // Accept has answered
	}
	defer conn.CloseNow()
	conn.SetReadLimit(maxMessage)
	ctx, cancel := context.WithCancel(c.base)
	defer cancel()
	defer context.AfterFunc(c.Server.ctx, cancel)()
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
	check := time.NewTicker(recheck)
	defer check.Stop()
	for {
		var text []byte
		select {
		case <-ctx.Done():
			_ = conn.Close(websocket.StatusGoingAway, "")
			return none{}, nil
		case text = <-said:
		case f := <-stream.C:
			text = f.JSON
			if n := stream.Lost(); n > 0 {
				text = fmt.Appendf(nil, `{"kind":"lost","frames":%d}`, n)
			}
		case <-check.C:
			if c.still() != nil {
				_ = conn.Close(websocket.StatusPolicyViolation, "logged out")
				return none{}, nil
			}
			continue
		}
		write, done := context.WithTimeout(ctx, streamWrite)
		err := conn.Write(write, websocket.MessageText, text)
		done()
		if err != nil {
			return none{}, nil
		}
	}
}

// heard does what a client says, and gives the reply.
func heard(text []byte, s *Stream) ([]byte, error) {
	raw, err := parseJSON(text)
	if err != nil {
		return nil, errors.New("bad JSON")
	}
	var found []FieldError
	if messageSchema.validate("", raw, &found); len(found) > 0 {
		return nil, errors.New("bad message")
	}
	var m message
	if err := json.Unmarshal(text, &m); err != nil {
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

var messageSchema = func() *Schema {
	longest, most := 32, 64
	text := &Schema{Type: "string", MaxLength: &longest}
	return &Schema{
		Type: "object", Additional: false, Required: []string{"type"},
		Properties: map[string]*Schema{"type": text, "kinds": {Type: "array", Items: text, MaxItems: &most}},
	}
}()
