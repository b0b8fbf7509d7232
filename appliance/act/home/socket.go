package home

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"orac/appliance/rt"
	"orac/appliance/stt/wire"
)

const (
	watchOp = "watch"
	// pingEvery is how often an idle connection is tried, and pongIn how long the answer may take.
	pingEvery = 20 * time.Second
	pongIn    = 10 * time.Second
	// askIn is how long a command may take: a large home needs seconds to write its registry down.
	askIn = 30 * time.Second
)

// frame is a message of Home Assistant.
type frame struct {
	ID      int             `json:"id"`
	Type    string          `json:"type"`
	Version string          `json:"ha_version"`
	Message string          `json:"message"`
	Success bool            `json:"success"`
	Result  json.RawMessage `json:"result"`
	Error   struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
	Event event `json:"event"`
}

// event is what has happened.
type event struct {
	Type string          `json:"event_type"`
	Data json.RawMessage `json:"data"`
}

// commandError is what Home Assistant says about a command.
type commandError struct{ kind, code, message string }

func (e *commandError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.kind, clean(e.code, 50), clean(e.message, 200))
}

// errFrame means that a message makes no sense.
var errFrame = errors.New("a message that is not part of the protocol")

// socket is a connection that is logged in. One task uses it; a goroutine reads.
type socket struct {
	home   *Home
	to     string
	conn   *websocket.Conn
	ctx    context.Context
	frames chan frame
	ended  chan struct{} // closed when the reader has ended, after err
	err    error
	last   int         // ID of the last command
	event  func(frame) // what to do with an event
}

// dial connects and logs in. The returned function ends the connection and its reader.
func (h *Home) dial(t *rt.Task, ctx context.Context, event func(frame)) (k *socket, version string, end func(), _ error) {
	k = &socket{home: h, to: h.base.WebSocket("api", "websocket"), ctx: ctx, frames: make(chan frame), ended: make(chan struct{}), event: event}
	wait, cancel := context.WithTimeout(ctx, min(h.config.Timeout, pongIn))
	defer cancel()
	var tcp net.Conn
	transport := h.client.Transport(func(c net.Conn) {
		tcp = c
		// An answer that switches protocols has the connection as its body, and no context ends that.
		until, _ := wait.Deadline()
		_ = c.SetDeadline(until)
	})
	defer transport.CloseIdleConnections() // it serves only this connection
	conn, res, err := websocket.Dial(wait, k.to, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	})
	if err != nil {
		if res != nil && res.StatusCode != http.StatusSwitchingProtocols && res.StatusCode != http.StatusOK && !t.Stopping() {
			body, _ := io.ReadAll(res.Body) // what Dial has already cut to 1 KiB
			return nil, "", nil, h.client.Status(watchOp, k.to, res, body)
		}
		return nil, "", nil, h.client.Fail(t, watchOp, k.to, err)
	}
	_ = tcp.SetDeadline(time.Time{}) // from here on each part has its own
	conn.SetReadLimit(maxMessage)
	k.conn = conn
	reading, stop := context.WithCancel(ctx)
	go k.read(reading)
	end = func() {
		stop()
		_ = conn.CloseNow()
		<-k.ended
	}
	if version, err = k.login(wait); err != nil {
		end()
		return nil, "", nil, k.explain(t, err)
	}
	return k, version, end, nil
}

// read hands messages on, one after the other, until the connection ends.
func (k *socket) read(ctx context.Context) {
	defer close(k.ended)
	for {
		kind, data, err := k.conn.Read(ctx)
		var f frame
		switch {
		case err != nil:
			k.err = err
			return
		case kind != websocket.MessageText:
			k.err = fmt.Errorf("%w: %d bytes of binary", errFrame, len(data))
			return
		}
		if f, err = parseFrame(data); err != nil {
			k.err = err
			return
		}
		select {
		case k.frames <- f:
		case <-ctx.Done():
			k.err = ctx.Err()
			return
		}
	}
}

func parseFrame(data []byte) (f frame, err error) {
	if err := json.Unmarshal(data, &f); err != nil {
		return f, fmt.Errorf("%w: %v", errFrame, err)
	}
	return f, nil
}

// next returns the next message.
func (k *socket) next(ctx context.Context) (frame, error) {
	select {
	case f := <-k.frames:
		return f, nil
	case <-k.ended:
		return frame{}, k.err
	case <-ctx.Done():
		return frame{}, context.Cause(ctx)
	}
}

func (k *socket) write(ctx context.Context, v map[string]any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return k.conn.Write(ctx, websocket.MessageText, text)
}

// login shows the token.
func (k *socket) login(ctx context.Context) (version string, err error) {
	f, err := k.next(ctx)
	if err == nil && f.Type == "auth_required" {
		if err = k.write(ctx, map[string]any{"type": "auth", "access_token": k.home.config.Token.Reveal()}); err == nil {
			f, err = k.next(ctx)
		}
	}
	switch {
	case err != nil:
		return "", err
	case f.Type == "auth_invalid":
		return "", &wire.Error{Op: watchOp, Address: wire.Address(k.to), Kind: wire.Unauthorised, Cause: errors.New("Home Assistant refuses the token"), //nolint:staticcheck // a name
			Hint: "make a long-lived access token in your profile in Home Assistant, and put it into the secret that the backend names"}
	case f.Type != "auth_ok":
		return "", fmt.Errorf("%w: %q instead of a login", errFrame, clean(f.Type, 50))
	}
	return clean(f.Version, 50), nil
}

// ask sends a command and waits for its result. Events that come meanwhile are handled in their order.
func (k *socket) ask(kind string, fields map[string]any) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(k.ctx, askIn)
	defer cancel()
	k.last++
	m := map[string]any{"id": k.last, "type": kind}
	for name, v := range fields {
		m[name] = v
	}
	if err := k.write(ctx, m); err != nil {
		return nil, err
	}
	for {
		f, err := k.next(ctx)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", kind, err)
		case f.Type == "event":
			k.event(f)
		case f.ID == k.last && f.Type == "pong":
			return nil, nil
		case f.ID == k.last && f.Type == "result" && !f.Success:
			return nil, &commandError{kind, f.Error.Code, f.Error.Message}
		case f.ID == k.last && f.Type == "result":
			return f.Result, nil
		}
	}
}

// explain turns the error that ended a connection into one for callers.
func (k *socket) explain(t *rt.Task, err error) error {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e
	}
	bad := func(kind wire.Kind) error {
		return &wire.Error{Op: watchOp, Address: wire.Address(k.to), Kind: kind, Cause: k.home.client.Redacted(err), Hint: "is this a Home Assistant?"}
	}
	code := websocket.CloseStatus(err)
	switch _, said := errors.AsType[*commandError](err); {
	case t.Stopping():
		return rt.ErrStopped
	case errors.Is(err, errFrame), errors.Is(err, websocket.ErrMessageTooBig):
		return bad(wire.Protocol)
	case said:
		return bad(wire.Engine)
	case code == websocket.StatusNormalClosure || code == websocket.StatusGoingAway || code == websocket.StatusNoStatusRcvd || errors.Is(err, io.EOF):
		return &wire.Error{Op: watchOp, Address: wire.Address(k.to), Kind: wire.Unreachable, Cause: errors.New("Home Assistant has closed the connection")} //nolint:staticcheck // a name
	}
	return k.home.client.Fail(t, watchOp, k.to, err)
}
