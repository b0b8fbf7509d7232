package sttserver

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"orac/appliance/sttrole"
	"orac/web/auth"
)

// line is a WebSocket to the server of a rig.
type line struct {
	*websocket.Conn
	t   testing.TB
	ctx context.Context
}

// dial opens a stream; code is the status of a refusal.
func dial(t testing.TB, url, path, token string) (l *line, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	conn, res, err := websocket.Dial(ctx, strings.Replace(url, "http", "ws", 1)+path, &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		if res == nil {
			t.Fatal(err)
		}
		return nil, res.StatusCode
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &line{conn, t, ctx}, 101
}

func (l *line) text(s string) error { return l.Write(l.ctx, websocket.MessageText, []byte(s)) }

func (l *line) pcm(pcm []int16) error {
	var b []byte
	for _, v := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return l.Write(l.ctx, websocket.MessageBinary, b)
}

// answer is the server's next message.
func (l *line) answer() (m map[string]any) {
	l.t.Helper()
	_, data, err := l.Read(l.ctx)
	if err != nil {
		return map[string]any{"closed": websocket.CloseStatus(err)}
	}
	if err := json.Unmarshal(data, &m); err != nil {
		l.t.Fatal(err)
	}
	return m
}

// TestAStream: config, sound, end; pings are answered on the way; exactly the fields of the existing service for a legacy peer.
func TestAStream(t *testing.T) {
	r := newRig(t)
	url := r.listening()
	for _, legacy := range []bool{false, true} {
		token := r.Token("hey_orac")
		if legacy {
			token = ""
			r.Runbook.Peers[0].From = "127.0.0.1"
			r.use()
		}
		l, code := dial(t, url, "/stt/v1/ws/stream/kitchen", token)
		if code != 101 {
			t.Fatalf("%d", code)
		}
		r.Must(l.text(`{"type":"config","wake_word_time":"2026-01-17T09:00:00.123456","utterance_id":"u-1","wake_word":"hey jarvis"}`))
		r.Must(l.text(`{"type":"ping"}`))
		if m := l.answer(); m["type"] != "pong" {
			t.Errorf("%v", m)
		}
		r.Must(l.text(`{"type":"whatever"}`)) // ignored, as by the existing service
		for pcm := tone(1.2); len(pcm) > 0; {
			n := min(1280, len(pcm))
			r.Must(l.pcm(pcm[:n]))
			pcm = pcm[n:]
		}
		r.Must(l.text(`{"type":"end"}`))
		m := l.answer()
		want := 7
		if !legacy {
			want = 10
		}
		if m["type"] != "transcription" || m["text"] != "turn on the lights" || m["is_final"] != true || m["duration"] != 1.2 || len(m) != want {
			t.Errorf("%v", m)
		}
		if m := l.answer(); m["closed"] != websocket.StatusNormalClosure {
			t.Errorf("%v", m)
		}
		h, _ := r.engine.last()
		if len(h.PCM) != 19200 || h.PCM[1300] != tone(1)[1300] || h.ID != "u-1" || h.Topic != "kitchen" || h.WakeWord != "hey jarvis" || h.Wake.IsZero() || !h.Streamed || h.Peer.Legacy != legacy {
			t.Errorf("%d samples: %+v", len(h.PCM), h.Peer)
		}
	}
}

// use puts the changed runbook of the rig into force at all servers.
func (r *rig) use() {
	r.Must(r.Guard.Use(r.Runbook))
	r.Hosts.Use(r.Runbook)
}

// TestBadStreams: each ends with an error that says what is wrong, before the limit is passed, and nothing is held.
func TestBadStreams(t *testing.T) {
	r := newRig(t)
	url := r.listening()
	token := r.Token("hey_orac")
	for name, c := range map[string]struct {
		send  func(*line) error
		says  string
		close websocket.StatusCode
	}{
		"text for sound": {func(l *line) error { return l.text("RIFFRIFFRIFF") }, "must be JSON", websocket.StatusUnsupportedData},
		"an odd number":  {func(l *line) error { return l.Write(l.ctx, websocket.MessageBinary, make([]byte, 1281)) }, "odd number", websocket.StatusUnsupportedData},
		"15.1 s": {func(l *line) error {
			for range 16 { // 16 s
				if err := l.pcm(make([]int16, 16000)); err != nil {
					return nil // it was closed
				}
			}
			return nil
		}, "at most 15s", websocket.StatusMessageTooBig},
		"no sound":        {func(l *line) error { return l.text(`{"type":"end"}`) }, "without any sound", websocket.StatusPolicyViolation},
		"a large message": {func(l *line) error { return l.Write(l.ctx, websocket.MessageBinary, make([]byte, maxFrame+2)) }, "", websocket.StatusMessageTooBig},
		"a long ID": {func(l *line) error {
			return l.text(`{"type":"config","utterance_id":"` + strings.Repeat("x", 300) + `"}`)
		}, "The ID", websocket.StatusPolicyViolation},
		"a flood of pings": {func(l *line) error {
			go func() { // it reads, so that the server is not held up
				for range maxControls + 1 {
					if l.text(`{"type":"ping"}`) != nil {
						return
					}
				}
			}()
			for range maxControls {
				if m := l.answer(); m["type"] != "pong" {
					return fmt.Errorf("%v", m)
				}
			}
			return nil
		}, "messages without sound", websocket.StatusPolicyViolation},
	} {
		_, before := r.engine.last()
		l, _ := dial(t, url, "/stt/v1/ws/stream", token)
		r.Must(l.pcm(nil))
		if err := c.send(l); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		m := l.answer()
		if c.says != "" {
			if text, _ := m["error"].(string); m["type"] != "error" || !strings.Contains(text, c.says) || m["code"] == nil || m["request_id"] == nil {
				t.Errorf("%s: %v", name, m)
			}
			m = l.answer()
		}
		if m["closed"] != c.close {
			t.Errorf("%s: closed with %v", name, m["closed"])
		}
		if _, after := r.engine.last(); after != before {
			t.Errorf("%s was transcribed", name)
		}
	}
	r.heldNothing()
}

// heldNothing waits until nothing is being received any more.
func (r *rig) heldNothing() {
	r.T.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		b := r.served().sounds
		n := b.Taken()
		if n == 0 {
			return
		}
		if time.Now().After(deadline) {
			r.T.Fatalf("%d bytes are still held", n)
		}
	}
}

// TestStreamsThatStandStill are ended; a slow engine is waited for only so long.
func TestStreamsThatStandStill(t *testing.T) {
	r := newRig(t)
	url := r.listening()
	token := r.Token("hey_orac")
	r.served().times = times{idle: 50 * time.Millisecond, answer: 100 * time.Millisecond}
	l, _ := dial(t, url, "/stt/v1/ws/stream", token)
	r.Must(l.pcm(tone(0.1)))
	if m := l.answer(); m["type"] != "error" || m["code"] != "timeout" {
		t.Errorf("%v", m)
	}
	r.engine.set(func() {
		r.engine.hear = func(ctx context.Context, _ sttrole.Hearing) (sttrole.Heard, error) {
			<-ctx.Done()
			return sttrole.Heard{}, &sttrole.EngineError{Cause: ctx.Err()}
		}
	})
	l, _ = dial(t, url, "/stt/v1/ws/stream", token)
	r.Must(l.pcm(tone(0.1)))
	r.Must(l.text(`{"type":"end"}`))
	if m := l.answer(); m["type"] != "error" || m["status"] != 504.0 {
		t.Errorf("%v", m)
	}
}

// TestRefusedStreams: before the upgrade, with a status.
func TestRefusedStreams(t *testing.T) {
	r := newRig(t)
	url := r.listening()
	for name, c := range map[string]struct {
		token string
		code  int
	}{"nobody": {"", 401}, "a bad token": {"x", 401}, "without the right": {r.Token("beats"), 403}, "a viewer": {r.User(auth.Viewer), 403}, "an operator": {r.User(auth.Operator), 101}} {
		if _, code := dial(t, url, "/stt/v1/ws/stream/kitchen", c.token); code != c.code {
			t.Errorf("%s: %d", name, code)
		}
	}
}

// TestWhatTheEngineSaysToAStream: a code and a status for who shows a token, a marker in the text for a legacy peer.
func TestWhatTheEngineSaysToAStream(t *testing.T) {
	r := newRig(t)
	r.Runbook.Peers[0].From = "127.0.0.1"
	url := r.listening()
	r.engine.set(func() {
		r.engine.hear = func(context.Context, sttrole.Hearing) (sttrole.Heard, error) {
			return sttrole.Heard{}, &sttrole.BusyError{RetryAfter: 2 * time.Second, Cause: "8 utterances wait"}
		}
	})
	l, _ := dial(t, url, "/stt/v1/ws/stream", r.Token("hey_orac"))
	r.Must(l.pcm(tone(0.1)))
	r.Must(l.text(`{"type":"end"}`))
	if m := l.answer(); m["type"] != "error" || m["code"] != "queue-full" || m["status"] != 503.0 || m["retry_after"] != 2.0 {
		t.Errorf("%v", m)
	}
	if m := l.answer(); m["closed"] != websocket.StatusTryAgainLater {
		t.Errorf("%v", m)
	}
	r.engine.set(func() {
		r.engine.hear = func(context.Context, sttrole.Hearing) (sttrole.Heard, error) {
			return sttrole.Heard{}, &sttrole.EngineError{Cause: errors.New("it died")}
		}
	})
	l, _ = dial(t, url, "/stt/v1/ws/stream", "")
	r.Must(l.pcm(tone(0.1)))
	r.Must(l.text(`{"type":"end"}`))
	m := l.answer()
	if text, _ := m["text"].(string); m["type"] != "transcription" || !strings.HasPrefix(text, "[Transcription Failed: ") || m["is_final"] != true || m["confidence"] != 0.0 || len(m) != 7 {
		t.Errorf("%v", m)
	}
}

// TestAPeerThatGoesAway in the middle of its sound, or of the answer: its work is taken back.
func TestAPeerThatGoesAway(t *testing.T) {
	r := newRig(t)
	url := r.listening()
	began := make(chan struct{}, 8)
	r.engine.set(func() {
		r.engine.hear = func(ctx context.Context, _ sttrole.Hearing) (sttrole.Heard, error) {
			began <- struct{}{}
			<-ctx.Done()
			return sttrole.Heard{}, ctx.Err()
		}
	})
	l, _ := dial(t, url, "/stt/v1/ws/stream", r.Token("hey_orac"))
	r.Must(l.pcm(tone(1)))
	_ = l.CloseNow()
	r.heldNothing()
	if _, n := r.engine.last(); n != 0 {
		t.Error("half a sound was transcribed")
	}
	l, _ = dial(t, url, "/stt/v1/ws/stream", r.Token("hey_orac"))
	r.Must(l.pcm(tone(1)))
	r.Must(l.text(`{"type":"end"}`))
	<-began
	_ = l.CloseNow()
	r.heldNothing()
	// The same in one request.
	body, kind := form("file", sound(1))
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, "POST", url+"/stt/v1/stream", body)
	r.Must(err)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Authorization", "Bearer "+r.Token("hey_orac"))
	gone := make(chan error, 1)
	go func() {
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			res.Body.Close()
		}
		gone <- err
	}()
	<-began
	cancel()
	if err := <-gone; err == nil {
		t.Error("it got an answer")
	}
	r.heldNothing()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		r.engine.mu.Lock()
		left := r.engine.left
		r.engine.mu.Unlock()
		if left == 2 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of 2 were taken back", left)
		}
	}
}
