package sttserver

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http/httptest"
	"net/textproto"
	"sync"
	"testing"
	"time"

	"orac/appliance/audio/wav"
	"orac/appliance/sttrole"
	"orac/runbook"
	"orac/web/peers/peertest"
)

// house is the block under test.
const house = runbook.Address("stt_server.house")

// engine is an appliance that does what a test tells it.
type engine struct {
	mu    sync.Mutex // guards everything that follows
	hear  func(context.Context, sttrole.Hearing) (sttrole.Heard, error)
	heard []sttrole.Hearing
	left  int // calls whose context ended
	beats []sttrole.Beat
	state sttrole.State
	err   error // of everything but hearing
	loads int
	gone  bool
}

func (e *engine) STTServer(block runbook.Address) (sttrole.Server, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e, !e.gone && block == house
}

func (e *engine) Transcribe(ctx context.Context, h sttrole.Hearing) (sttrole.Heard, error) {
	e.mu.Lock()
	e.heard = append(e.heard, h)
	f := e.hear
	e.mu.Unlock()
	out, err := f(ctx, h)
	if ctx.Err() != nil {
		e.mu.Lock()
		e.left++
		e.mu.Unlock()
	}
	return out, err
}

func (e *engine) Beat(_ context.Context, b sttrole.Beat) (sttrole.BeatAnswer, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.beats = append(e.beats, b)
	n := 0
	for _, m := range b.Models {
		if m.Active() {
			n++
		}
	}
	return sttrole.BeatAnswer{Active: n, Topics: n}, e.err
}

func (e *engine) Preload(context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.loads++
	return e.err
}

func (e *engine) State(context.Context) (sttrole.State, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state, e.err
}

func (e *engine) Sound(_ context.Context, id string) ([]byte, error) {
	if id != "t-1" {
		return nil, sttrole.ErrNoSound
	}
	return sound(0.01), nil
}

// last is the last utterance, and how many there were.
func (e *engine) last() (h sttrole.Hearing, n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if n = len(e.heard); n > 0 {
		h = e.heard[n-1]
	}
	return h, n
}

func (e *engine) set(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f()
}

// tested is this type of server.
var tested = peertest.Kind{Audience: Audience, Permissions: []string{Transcribe, Heartbeat}, Host: "stt"}

// rig is a server with an engine that understands everything as "turn on the lights".
type rig struct {
	*peertest.Rig
	engine *engine
	server *Server // without a listener
	o      Options
}

// declared is a runbook with an STT server, people, and accounts.
func declared(t testing.TB) *runbook.Runbook {
	rb := tested.Declared(t)
	for name, permissions := range map[string][]string{"hey_orac": {Transcribe, Heartbeat}, "beats": {Heartbeat}, "nothing": nil} {
		peertest.Account(rb, name, Audience, permissions...)
	}
	rb.STTServers = []runbook.STTServer{{
		Address: house, Name: "house", Listen: "127.0.0.1:0", MaxConnections: 100, PerPeer: 10_000, Queue: 8, MaxSound: 15 * time.Second,
		Forget: 2 * time.Minute, Keep: 5, Legacy: []runbook.Address{"peer.old"},
	}}
	return rb
}

func newRig(t testing.TB) *rig { return newRigWith(t, func(*runbook.Runbook) {}) }

func newRigWith(t testing.TB, change func(*runbook.Runbook)) *rig {
	t.Helper()
	rb := declared(t)
	change(rb)
	r := &rig{Rig: peertest.New(t, tested, rb)}
	r.engine = &engine{
		hear: func(context.Context, sttrole.Hearing) (sttrole.Heard, error) {
			return sttrole.Heard{ID: "t-1", Text: "turn on the lights", Topic: "general", Confidence: 0.9, Language: "en", Processing: 200 * time.Millisecond, Forward: sttrole.Queued}, nil
		},
		state: sttrole.State{Name: "house", Idempotent: true, Engine: sttrole.Engine{Name: "local", Model: "moonshine_tiny", State: sttrole.EngineReady}, Queue: sttrole.Queue{Limit: 8}},
	}
	r.o = Options{r.engine, r.Options()}
	r.server = New(r.Context, r.o, house)
	r.server.Use(rb)
	r.Handler = r.server
	return r
}

// served is the server that listens.
func (r *rig) served() *Server { return r.Hosts.Site(house).(*Server) }

// listening serves the rig's runbook over the network, and returns its address.
func (r *rig) listening() (url string) {
	r.T.Helper()
	return r.Listening(NewHosts(r.Dir, r.Log, nil), r.o.Site)
}

// sound is a WAV of so many seconds.
func sound(seconds float64) []byte {
	var b bytes.Buffer
	if err := wav.Encode(&b, tone(seconds)); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func tone(seconds float64) []int16 {
	pcm := make([]int16, int(seconds*sttrole.Rate))
	for i := range pcm {
		pcm[i] = int16(i % 251 * 20)
	}
	return pcm
}

// form is a multipart body with a field.
func form(field string, file []byte) (body *bytes.Buffer, kind string) {
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + field + `"; filename="audio.wav"`}, "Content-Type": {"audio/wav"}})
	if err == nil {
		_, err = part.Write(file)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return body, w.FormDataContentType()
}

// send sends a sound in one request.
func (r *rig) send(who peertest.As, path string, file []byte, header ...string) *httptest.ResponseRecorder {
	body, kind := form("file", file)
	req := r.Request(who, "POST", path, body)
	req.Header.Set("Content-Type", kind)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return r.Do(req)
}
