package stt

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orac/appliance/rt"
	"orac/appliance/stt/stttest"
)

func newWyoming(t *testing.T, c ServerConfig) *Wyoming {
	t.Helper()
	w, err := NewWyoming(c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestAForeignWyomingService: a service in another language understands what is sent, streamed and whole, and is understood.
func TestAForeignWyomingService(t *testing.T) {
	url := "tcp://" + foreign(t, "wyoming.mjs")
	w := newWyoming(t, ServerConfig{URL: url, Language: "en-GB"})
	got, err := transcribe(t, w, voice(24000))
	if err != nil || got.Text != "en-GB 1.5 s" || got.Silence {
		t.Errorf("whole: %+v, %v", got, err)
	}
	var partial []string
	got, err = do(t, func(task *rt.Task) (Result, error) {
		u := said
		u.Partial = func(_ *rt.Task, text string) { partial = append(partial, text) }
		return w.Stream(task, u, chunksOf(task, voice(12800)))
	})
	if err != nil || got.Text != "en-GB 0.8 s" || len(partial) != 1 || partial[0] != got.Text {
		t.Errorf("streamed: %+v, %v, partial %q", got, err, partial)
	}
	if got, err = transcribe(t, w, voice(1600)); err != nil || got.Text != "" || !got.Silence {
		t.Errorf("silence: %+v, %v", got, err)
	}
	if _, err := do(t, w.Health); err != nil {
		t.Errorf("health: %v", err)
	}
	_, err = transcribe(t, newWyoming(t, ServerConfig{URL: url, Language: "xx"}), voice(1600))
	wantError(t, err, Engine, 0, RetryBounded, "no such language")
}

// TestPartialsAreToldWhenTheyChange, as one growing text.
func TestPartialsAreToldWhenTheyChange(t *testing.T) {
	var told []string
	p := partials{u: Utterance{Partial: func(_ *rt.Task, text string) { told = append(told, text) }}}
	for _, piece := range []string{"", "turn", "", " on ", "", "the lights"} {
		p.add(nil, piece)
	}
	if got := strings.Join(told, "|"); got != "turn|turn on|turn on the lights" {
		t.Errorf("%q", told)
	}
}

// rawService is a service that does one thing with a connection once it has read something, and behaves after that.
type rawService struct {
	net.Listener
	bad  string
	does string // "", "holds", "floods"
	good atomic.Bool
	all  sync.WaitGroup
}

func newRaw(t *testing.T, does, bad string) *rawService {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rawService{Listener: l, bad: bad, does: does}
	r.all.Go(func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			r.all.Go(func() { r.serve(c) })
		}
	})
	t.Cleanup(func() { l.Close(); r.all.Wait() })
	return r
}

func (r *rawService) serve(c net.Conn) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	first := make([]byte, 1)
	if _, err := c.Read(first); err != nil {
		return
	}
	gone := make(chan struct{})
	go func() { defer close(gone); _, _ = io.Copy(io.Discard, c) }()
	switch {
	case r.good.Load():
		_, _ = io.WriteString(c, `{"type":"transcript","data":{"text":"lights on"}}`+"\n")
		<-gone
		return
	case r.does == "floods":
		again := strings.Repeat(r.bad, max(1, 4096/len(r.bad)))
		for _, err := io.WriteString(c, r.bad); err == nil; _, err = io.WriteString(c, again) {
		}
		return
	}
	_, _ = io.WriteString(c, r.bad)
	if r.does == "holds" {
		<-gone
		return
	}
	_ = c.(*net.TCPConn).CloseWrite()
	<-gone
}

// TestAHostileWyomingService: as TestAHostileServiceOverHTTP, for Wyoming.
func TestAHostileWyomingService(t *testing.T) {
	nothingIsLeft(t)
	var all sync.WaitGroup
	for name, c := range map[string]struct{ does, bad string }{
		"nothing":                     {"", ""},
		"silence":                     {"holds", ""},
		"half a line":                 {"holds", `{"type":"trans`},
		"a line without end":          {"floods", "x"},
		"lines of rubbish":            {"floods", "\x1b[31mhush\n"},
		"HTTP":                        {"", "HTTP/1.1 400 Bad Request\r\n\r\n"},
		"a data length of 2^40":       {"floods", `{"type":"transcript","data_length":1099511627776}` + "\n"},
		"a negative length":           {"holds", `{"type":"transcript","data_length":-1}` + "\n"},
		"data that does not come":     {"holds", `{"type":"transcript","data_length":20}` + "\n{"},
		"data that is no JSON":        {"holds", `{"type":"transcript","data_length":4}` + "\nhush"},
		"data of another kind":        {"holds", `{"type":"transcript","data":{"text":{"a":1}}}` + "\n"},
		"a list":                      {"holds", "[]\n"},
		"deep JSON":                   {"holds", strings.Repeat("[", 60000) + "\n"},
		"unknown events for ever":     {"floods", `{"type":"x"}` + "\n"},
		"pings for ever":              {"floods", `{"type":"ping"}` + "\n"},
		"pieces of a text, for ever":  {"floods", `{"type":"transcript-chunk","data":{"text":"hush"}}` + "\n"},
		"an error in escapes":         {"holds", `{"type":"error","data":{"text":"\u001b[31m\u202e","code":"\u0007"}}` + "\n"},
		"a failure in the text":       {"holds", `{"type":"transcript","data":{"text":"[Transcription Failed: x]"}}` + "\n"},
		"a text of 900 KB":            {"holds", `{"type":"transcript","data_length":900011}` + "\n" + `{"text":"` + strings.Repeat("x", 900000) + `"}`},
		"a payload and no transcript": {"", `{"type":"audio-chunk","payload_length":4}` + "\nhush"},
	} {
		r := newRaw(t, c.does, c.bad)
		all.Go(func() {
			w := newWyoming(t, ServerConfig{URL: "tcp://" + r.Addr().String(), Timeout: patience})
			began := time.Now()
			before := allocated()
			got, err := asked(t, w)
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("%s: it took %v", name, took)
			}
			if grown := allocated() - before; grown > 64<<20 {
				t.Errorf("%s: it took %d MiB", name, grown>>20)
			}
			t.Run(name, func(t *testing.T) { wantHeld(t, got, err, Unreachable, Timeout, Protocol, Engine, Busy) })
			r.good.Store(true)
			got, err = asked(t, w)
			for n := 0; n < 5 && timedOut(err); n++ {
				got, err = asked(t, w)
			}
			if err != nil || got.Text != "lights on" {
				t.Errorf("%s: the next one: %+v, %v", name, got, err)
			}
		})
	}
	all.Wait()
}

// TestWhatWyomingErrorsMean: nobody there, another service there, an answer that comes too early.
func TestWhatWyomingErrorsMean(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "tcp://" + l.Addr().String()
	l.Close()
	_, err = transcribe(t, newWyoming(t, ServerConfig{URL: nobody}), voice(1600))
	wantError(t, err, Unreachable, 0, RetryForever, "refused")
	if e := err.(*Error); !e.Away() || !e.Doubtful() || e.Doubt != NoDoubt {
		t.Errorf("%+v", e)
	}
	other := newRaw(t, "holds", `{"type":"info","data":{"wake":[]}}`+"\n")
	_, err = do(t, newWyoming(t, ServerConfig{URL: "tcp://" + other.Addr().String()}).Health)
	wantError(t, err, Unreachable, 0, RetryForever, "check the port")
	early := newRaw(t, "holds", `{"type":"transcript","data":{"text":"lights"}}`+"\n")
	w := newWyoming(t, ServerConfig{URL: "tcp://" + early.Addr().String()})
	_, err = do(t, func(task *rt.Task) (Result, error) {
		m := rt.NewMailbox[Chunk]("chunks", 32)
		m.Push(task, chunk(voice(1280)))
		return w.Stream(task, said, m) // which stays open
	})
	wantError(t, err, Protocol, 0, RetryBounded, "before the sound had ended")
	for _, bad := range []string{"http://h:1", "tcp://h", "tcp://h:1/x", "tcp://user:hush@h:1", ""} {
		if _, err := NewWyoming(ServerConfig{URL: bad}); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestWhatAWyomingServiceDoes: each behaviour of the server that chaos runs, streamed and whole. Its answer, or its error, is what the
// client makes of such a service; the next request is answered.
func TestWhatAWyomingServiceDoes(t *testing.T) {
	s := stttest.Start(t)
	at, err := s.ServeWyoming()
	if err != nil {
		t.Fatal(err)
	}
	w := newWyoming(t, ServerConfig{URL: "tcp://" + at, Timeout: patience})
	for how, want := range map[stttest.Do]Kind{
		stttest.Good: 0, stttest.Chatty: 0, stttest.NoStream: 0, stttest.EmptyText: 0, stttest.EngineText: Engine, stttest.EngineFails: Engine, stttest.EngineError: Engine,
		stttest.Status: Engine, stttest.Garbage: Protocol, stttest.WrongShape: Protocol, stttest.Never: Timeout, stttest.Deaf: Timeout, stttest.CloseEarly: Unreachable,
		stttest.Dies: Unreachable, stttest.Reset: Unreachable,
	} {
		for name, ask := range map[string]func(*rt.Task) (Result, error){
			"whole":    func(task *rt.Task) (Result, error) { return w.Transcribe(task, said, voice(6400)) },
			"streamed": func(task *rt.Task) (Result, error) { return w.Stream(task, said, chunksOf(task, voice(6400))) },
		} {
			s.Set(stttest.Wyoming, stttest.Behaviour{Do: how, Code: 401, After: 2})
			r, err := do(t, ask)
			e, _ := errors.AsType[*Error](err)
			switch {
			case want == 0 && (err != nil || r.Silence != (how == stttest.EmptyText) || r.Silence == (r.Text != "")):
				t.Errorf("%s, %s: %+v, %v", how, name, r, err)
			case want != 0 && (e == nil || e.Kind != want || e.Doubt != NoDoubt):
				t.Errorf("%s, %s: %+v, %v; want %v", how, name, r, err, want)
			}
			s.Set(stttest.Wyoming, stttest.Behaviour{})
			if r, err := do(t, ask); err != nil || r.Text == "" {
				t.Errorf("after %s, %s: %+v, %v", how, name, r, err)
			}
		}
	}
	for _, h := range s.Heard() {
		if h.ID != said.ID || h.Complaint != "" || h.Answered && (len(h.PCM) != 6400 || !h.Whole) {
			t.Errorf("it heard %+v", h)
		}
	}
	for how, well := range map[stttest.Do]bool{stttest.Good: true, stttest.NoStream: true, stttest.Status: false, stttest.CloseEarly: false} {
		s.Set(stttest.Health, stttest.Behaviour{Do: how, Code: 401})
		if _, err := do(t, w.Health); (err == nil) != well {
			t.Errorf("its health, %s: %v", how, err)
		}
	}
}
