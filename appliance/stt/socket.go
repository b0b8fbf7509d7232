package stt

import (
	"context"
	"encoding/binary"
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
	"orac/appliance/thread"
)

const (
	// closeGrace is how long a service may take to confirm our closing. Some versions never do; it is on a local network.
	closeGrace = 200 * time.Millisecond
	// maxMessages bounds the messages that a service may send for one utterance, including its pings and pongs; a good
	// one sends one or two.
	maxMessages = 1000
)

// stream is one connection.
type stream struct {
	orac *Orac
	to   string
	of   thread.Thread // what the utterance belongs to
	tcp  net.Conn
	conn *websocket.Conn
	// ended tells that the service has all of the sound: whatever happens now, it may act on it.
	ended bool
}

// streamed is the last message of a service, or why there was none.
type streamed struct {
	answer answer
	err    error
}

// errMessage means that the protocol does not know a message.
var errMessage = errors.New("a message that is not part of the protocol")

// dial connects. If a service rejects the token, dial tries a fresh one, once.
func (s *stream) dial(t *rt.Task, ctx context.Context) error {
	token, err := s.dialOnce(t, ctx, "")
	if e, ok := errors.AsType[*Error](err); ok && e.Status == http.StatusUnauthorized && token != "" {
		if _, again := s.dialOnce(t, ctx, token); !errors.Is(again, wire.ErrSame) {
			err = again
		}
	}
	return err
}

func (s *stream) dialOnce(t *rt.Task, ctx context.Context, refused string) (token string, _ error) {
	header, token, err := s.orac.client.Header(t, refused)
	if err != nil {
		return "", wire.Unproven(streamOp, s.to, err)
	}
	for name, id := range wire.Traced(s.of) {
		header[name] = id
	}
	ctx, cancel := context.WithTimeout(ctx, min(stall, s.orac.timeout))
	defer cancel()
	until, _ := ctx.Deadline()
	transport := s.orac.client.Transport(func(c net.Conn) {
		s.tcp = c
		// An answer that switches protocols has the connection as its body, and no context ends
		// that.
		_ = c.SetDeadline(until)
	})
	// The transport serves only this connection, and leaves nothing behind.
	defer transport.CloseIdleConnections()
	controls := 0
	control := func(context.Context, []byte) bool { // only the reader calls it
		if controls++; controls > maxMessages {
			_ = s.tcp.Close()
			return false
		}
		return true
	}
	conn, res, err := websocket.Dial(ctx, s.to, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		HTTPHeader: header, OnPingReceived: control, OnPongReceived: func(ctx context.Context, b []byte) { control(ctx, b) },
	})
	switch {
	case err == nil:
		_ = s.tcp.SetDeadline(time.Time{}) // from here on each part has its own
		conn.SetReadLimit(wire.MaxAnswer)
		s.conn = conn
		return token, nil
	case res != nil && res.StatusCode != http.StatusSwitchingProtocols && res.StatusCode != http.StatusOK && !t.Stopping():
		body, _ := io.ReadAll(res.Body) // the rest of a body that Dial has already cut to 1 KiB
		return token, s.orac.client.Status(streamOp, s.to, res, body)
	}
	return token, s.orac.client.Fail(t, streamOp, s.to, err)
}

// read waits for the service's last message, answering pings on the way.
func (s *stream) read(ctx context.Context) streamed {
	for range maxMessages {
		kind, data, err := s.conn.Read(ctx)
		if err != nil {
			return streamed{err: err}
		}
		if kind != websocket.MessageText {
			return streamed{err: fmt.Errorf("%w: %d bytes of binary", errMessage, len(data))}
		}
		a, last, err := parseMessage(data)
		if err != nil || last {
			return streamed{a, err}
		}
		if a.Type == "ping" {
			if err := s.conn.Write(ctx, websocket.MessageText, []byte(`{"type":"pong"}`)); err != nil {
				return streamed{err: err}
			}
		}
	}
	return streamed{err: fmt.Errorf("%w: %d messages without a transcript", errMessage, maxMessages)}
}

// parseMessage reads a message of the service; last tells that no other one follows. It lets unknown types pass: they
// are not what is waited for.
func parseMessage(data []byte) (a answer, last bool, err error) {
	if err := json.Unmarshal(data, &a); err != nil {
		return a, false, fmt.Errorf("%w: %v", errMessage, err)
	}
	switch a.Type {
	case "transcription":
		return a, a.Final == nil || *a.Final, nil
	case "error":
		if a.Error == "" {
			a.Error = "an error without words"
		}
		return a, true, nil
	}
	return a, false, nil
}

func (s *stream) write(t *rt.Task, ctx context.Context, kind websocket.MessageType, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, stall)
	defer cancel()
	if err := s.conn.Write(ctx, kind, data); err != nil {
		return s.orac.client.Fail(t, streamOp, s.to, err)
	}
	return nil
}

func (s *stream) result(t *rt.Task, last streamed) (Result, error) {
	if last.err != nil {
		return Result{}, s.explain(t, last.err)
	}
	r, err := last.answer.result()
	r.Silence = r.Text == "" // a failure has a text
	if failed, ok := errors.AsType[*engineError](err); ok {
		return Result{}, s.orac.client.Said(streamOp, s.to, Engine, failed.words)
	}
	if err != nil {
		e := s.fail(Protocol, err)
		e.Doubt = Acted
		return Result{}, e
	}
	return r, nil
}

// explain turns the error that ended the reading into one for callers.
func (s *stream) explain(t *rt.Task, err error) error {
	code := websocket.CloseStatus(err)
	switch {
	case errors.Is(err, errMessage), errors.Is(err, websocket.ErrMessageTooBig):
		e := s.fail(Protocol, err)
		if s.ended {
			e.Doubt = Acted
		}
		return e
	case code == websocket.StatusNormalClosure || code == websocket.StatusNoStatusRcvd:
		return s.fail(Protocol, errors.New("closed without a transcript"))
	}
	return s.orac.client.Fail(t, streamOp, s.to, err)
}

func (s *stream) fail(kind Kind, cause error) *Error {
	return &Error{Op: streamOp, Address: wire.Address(s.to), Kind: kind, Cause: cause}
}

// close ends the connection in order if the service does its part within closeGrace, and anyway if it does not.
func (s *stream) close() {
	_ = s.tcp.SetDeadline(time.Now().Add(closeGrace)) // fails on a connection that is closed already
	_ = s.conn.Close(websocket.StatusNormalClosure, "")
}

func configMessage(u Utterance) []byte {
	config := struct {
		Type string `json:"type"`
		Wake string `json:"wake_word_time,omitempty"`
		ID   string `json:"utterance_id,omitempty"`
	}{Type: "config", ID: u.ID}
	if !u.Wake.IsZero() {
		config.Wake = u.Wake.Local().Format(naiveTime)
	}
	b, err := json.Marshal(config)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return b
}

// appendPCM adds samples in wire order, little-endian.
func appendPCM(b []byte, pcm []int16) []byte {
	for _, s := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}
