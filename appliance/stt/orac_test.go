package stt

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"orac/appliance/rt"
	"orac/appliance/stt/stttest"
)

func transcribe(t *testing.T, o Client, pcm []int16) (Result, error) {
	t.Helper()
	return do(t, func(task *rt.Task) (Result, error) { return o.Transcribe(task, said, pcm) })
}

func TestTranscribeOnTheWire(t *testing.T) {
	s := stttest.Start(t)
	s.RequireToken("hush")
	no := false
	o := newOrac(t, OracConfig{URL: s.URL() + "/stt/v1/stream/", Token: secret("hush"), Language: "en", Task: "translate", ForwardToCore: &no})
	pcm := voice(16000)
	got, err := transcribe(t, o, pcm)
	want := Result{Text: "utterance 1 of 1.00 seconds", Confidence: 0.9, Language: "en", Duration: time.Second, ProcessingTime: 250 * time.Millisecond}
	if err != nil || got != want || got.Empty() {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	h := one(t, s)
	wantSound(t, h, pcm)
	if h.Endpoint != stttest.HTTP || h.Topic != said.Topic {
		t.Errorf("%s, topic %q", h.Endpoint, h.Topic)
	}
	if q := h.Query.Encode(); q != "forward_to_core=false&language=en&task=translate" {
		t.Errorf("query %q", q)
	}
	wake, end := h.Header.Get("X-Wake-Word-Time"), h.Header.Get("X-Recording-End-Time")
	if wake != "2026-01-17T09:00:00.120000" || end != "2026-01-17T09:00:03.000000" {
		t.Errorf("times %q and %q", wake, end)
	}
	if key := h.Header.Get("Idempotency-Key"); key != said.ID {
		t.Errorf("Idempotency-Key %q", key)
	}
}

func TestTranscribeDefaults(t *testing.T) {
	s := stttest.Start(t)
	o := newOrac(t, OracConfig{URL: s.URL()})
	if _, err := do(t, func(task *rt.Task) (Result, error) { return o.Transcribe(task, Utterance{}, voice(maxSamples)) }); err != nil {
		t.Fatal(err)
	}
	h := one(t, s)
	_, wake := h.Header["X-Wake-Word-Time"]
	if h.Topic != "general" || len(h.Query) != 0 || wake || h.Header.Get("Authorization") != "" {
		t.Errorf("topic %q, query %v, header %v", h.Topic, h.Query, h.Header)
	}
}

func TestTranscribeBadBehaviour(t *testing.T) {
	const long = DefaultTimeout
	cases := map[string]struct {
		behaviour stttest.Behaviour
		timeout   time.Duration
		kind      Kind
		status    int
		retry     Retry
		words     string
	}{
		"engine text":  {stttest.Behaviour{Do: stttest.EngineText}, long, Engine, 0, RetryBounded, "Transcription Failed"},
		"unreadable":   {stttest.Behaviour{Do: stttest.Unreadable}, long, Engine, 0, RetryBounded, "duration 0"},
		"never":        {stttest.Behaviour{Do: stttest.Never}, patience, Timeout, 0, RetryForever, "timed out"},
		"deaf":         {stttest.Behaviour{Do: stttest.Deaf}, patience, Timeout, 0, RetryForever, "timed out"},
		"400":          {stttest.Behaviour{Do: stttest.Status, Code: 400}, long, Refused, 400, GiveUp, "refused"},
		"401":          {stttest.Behaviour{Do: stttest.Status, Code: 401}, long, Unauthorised, 401, RetryForever, "token"},
		"403":          {stttest.Behaviour{Do: stttest.Status, Code: 403}, long, Unauthorised, 403, RetryForever, "token"},
		"404":          {stttest.Behaviour{Do: stttest.Status, Code: 404}, long, Unreachable, 404, RetryForever, "check the url"},
		"405":          {stttest.Behaviour{Do: stttest.Status, Code: 405}, long, Unreachable, 405, RetryForever, "check the url"},
		"413":          {stttest.Behaviour{Do: stttest.Status, Code: 413}, long, Refused, 413, GiveUp, "refused"},
		"422":          {stttest.Behaviour{Do: stttest.Status, Code: 422}, long, Refused, 422, GiveUp, "as told"},
		"500":          {stttest.Behaviour{Do: stttest.Status, Code: 500}, long, Busy, 500, RetryForever, "busy"},
		"503":          {stttest.Behaviour{Do: stttest.Status, Code: 503}, long, Busy, 503, RetryForever, "busy"},
		"429":          {stttest.Behaviour{Do: stttest.Status, Code: 429}, long, Busy, 429, RetryForever, "busy"},
		"redirect":     {stttest.Behaviour{Do: stttest.Redirect, To: "http://elsewhere.example/x?k=hush"}, long, Unreachable, 307, RetryForever, "elsewhere.example/x"},
		"reset":        {stttest.Behaviour{Do: stttest.Reset, After: 1000}, long, Unreachable, 0, RetryForever, "transcribe http"},
		"reset answer": {stttest.Behaviour{Do: stttest.ResetAnswer}, long, Unreachable, 0, RetryForever, "transcribe http"},
		"close":        {stttest.Behaviour{Do: stttest.CloseEarly}, long, Unreachable, 0, RetryForever, "EOF"},
		"huge":         {stttest.Behaviour{Do: stttest.Huge}, long, Protocol, 0, RetryBounded, "longer than 65536 bytes"},
		"garbage":      {stttest.Behaviour{Do: stttest.Garbage}, long, Protocol, 0, RetryBounded, "JSON"},
		"wrong shape":  {stttest.Behaviour{Do: stttest.WrongShape}, long, Protocol, 0, RetryBounded, "JSON"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := stttest.Start(t)
			s.Script(stttest.HTTP, c.behaviour)
			o := newOrac(t, OracConfig{URL: s.URL(), Timeout: c.timeout, Language: "hush", Token: secret("hush")})
			got, err := transcribe(t, o, voice(32000))
			if got != (Result{}) {
				t.Errorf("a result beside the error: %+v", got)
			}
			wantError(t, err, c.kind, c.status, c.retry, c.words)
			if _, err := transcribe(t, o, voice(32000)); err != nil && c.timeout == long { // the client is none the worse
				t.Errorf("the next one: %v", err)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{7 * time.Second: 7 * time.Second, 24 * time.Hour: 10 * time.Minute, 0: 0} {
		s := stttest.Start(t)
		s.Set(stttest.HTTP, stttest.Behaviour{Do: stttest.Status, Code: 429, RetryAfter: asked})
		_, err := transcribe(t, newOrac(t, OracConfig{URL: s.URL()}), voice(100))
		if e, ok := errors.AsType[*Error](err); !ok || e.RetryAfter != want {
			t.Errorf("asked for %v: %#v", asked, err)
		}
	}
}

func TestEmptyTextIsASuccessWithoutSpeech(t *testing.T) {
	s := stttest.Start(t)
	s.Set(stttest.HTTP, stttest.Behaviour{Do: stttest.EmptyText})
	r, err := transcribe(t, newOrac(t, OracConfig{URL: s.URL()}), voice(16000))
	if err != nil || !r.Empty() || r.Duration != time.Second {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestSoundThatNoServiceTakesIsNotSent(t *testing.T) {
	s := stttest.Start(t)
	o := newOrac(t, OracConfig{URL: s.URL()})
	for _, n := range []int{0, maxSamples + 1} {
		_, err := transcribe(t, o, voice(n))
		wantError(t, err, Refused, 0, GiveUp, "15s")
	}
	if n := len(s.Heard()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestMissingToken(t *testing.T) {
	s := stttest.Start(t)
	s.RequireToken("hush")
	_, err := transcribe(t, newOrac(t, OracConfig{URL: s.URL(), Token: secret("hush, but wrong")}), voice(100))
	wantError(t, err, Unauthorised, 401, RetryForever, "Not authenticated")
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	o := newOrac(t, OracConfig{URL: "http://" + address})
	_, err = transcribe(t, o, voice(100))
	wantError(t, err, Unreachable, 0, RetryForever, "refused")
	_, err = transcribe(t, newOrac(t, OracConfig{URL: stttest.BlackHole(t), Timeout: patience}), voice(maxSamples))
	wantError(t, err, Timeout, 0, RetryForever, "timed out")
}

func TestStopInterrupts(t *testing.T) {
	for _, b := range []stttest.Do{stttest.Never, stttest.Deaf} {
		s := stttest.Start(t)
		s.Set(stttest.HTTP, stttest.Behaviour{Do: b})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			defer cancel()
			s.Await(t, func(h []stttest.Heard) bool { return len(h) == 1 && (h[0].Whole || b == stttest.Deaf) })
		}()
		o := newOrac(t, OracConfig{URL: s.URL()})
		_, err := doUntil(t, ctx, func(task *rt.Task) (Result, error) { return o.Transcribe(task, said, voice(1000)) })
		if !errors.Is(err, rt.ErrStopped) {
			t.Errorf("%s: %v", b, err)
		}
	}
}

func TestSlowIsWaitedFor(t *testing.T) {
	s := stttest.Start(t)
	gate := make(chan struct{})
	s.Set(stttest.HTTP, stttest.Behaviour{Gate: gate})
	go func() {
		defer close(gate)
		s.Await(t, func(h []stttest.Heard) bool { return len(h) == 1 && h[0].Whole })
	}()
	r, err := transcribe(t, newOrac(t, OracConfig{URL: s.URL()}), voice(1000))
	if err != nil || r.Empty() {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestConnectionIsReused(t *testing.T) {
	s := stttest.Start(t)
	o := newOrac(t, OracConfig{URL: s.URL()})
	for range 3 {
		if _, err := transcribe(t, o, voice(1000)); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Connections(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestHealth(t *testing.T) {
	cases := map[string]struct {
		behaviour stttest.Behaviour
		kind      Kind
	}{
		"good":        {stttest.Behaviour{}, 0},
		"unhealthy":   {stttest.Behaviour{Do: stttest.EngineError}, Engine},
		"garbage":     {stttest.Behaviour{Do: stttest.Garbage}, Protocol},
		"wrong shape": {stttest.Behaviour{Do: stttest.WrongShape}, Protocol},
		"huge":        {stttest.Behaviour{Do: stttest.Huge}, Protocol},
		"500":         {stttest.Behaviour{Do: stttest.Status, Code: 500}, Busy},
		"never":       {stttest.Behaviour{Do: stttest.Never}, Timeout},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := stttest.Start(t)
			s.Set(stttest.Health, c.behaviour)
			timeout := DefaultTimeout
			if c.kind == Timeout {
				timeout = patience
			}
			said, err := do(t, newOrac(t, OracConfig{URL: s.URL(), Timeout: timeout}).Health)
			status := said.Status
			if c.kind == 0 {
				if status != "healthy" || err != nil {
					t.Errorf("%q, %v", status, err)
				}
				return
			}
			if e, ok := errors.AsType[*Error](err); !ok || e.Kind != c.kind || (status != "") != (c.kind == Engine) {
				t.Errorf("%q, %v; want %v", status, err, c.kind)
			}
		})
	}
}

func TestTokenOfAFileWithNewline(t *testing.T) {
	if _, err := NewOrac(OracConfig{URL: "http://stt.local", Token: secret("hush\n")}); err == nil {
		t.Error("taken")
	}
}

var _ = []any{Client(&Orac{}), Streamer(&Orac{}), Prober(&Orac{}), Client(&Exec{})}

// TestATopicOfDotsGoesNowhere: an utterance whose topic would lead to another address is refused for good; the service is not asked.
func TestATopicOfDotsGoesNowhere(t *testing.T) {
	s := stttest.Start(t)
	o := newOrac(t, OracConfig{URL: s.URL()})
	for _, topic := range []string{".", ".."} {
		u := said
		u.Topic = topic
		_, err := do(t, func(task *rt.Task) (Result, error) { return o.Transcribe(task, u, voice(32000)) })
		wantError(t, err, Refused, 0, GiveUp, "cannot be part of an address")
		_, err = do(t, func(task *rt.Task) (Result, error) { return o.Stream(task, u, rt.NewMailbox[Chunk]("chunks", 1)) })
		wantError(t, err, Refused, 0, GiveUp, "cannot be part of an address")
	}
	if heard := s.Heard(); len(heard) != 0 {
		t.Errorf("the service heard %+v", heard)
	}
}
