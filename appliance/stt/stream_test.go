package stt

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"orac/appliance/rt"
	"orac/appliance/stt/stttest"
)

// chunksOf fills a mailbox with pcm, hop by hop, and closes it.
func chunksOf(t *rt.Task, pcm []int16) *rt.Mailbox[Chunk] {
	m := rt.NewMailbox[Chunk]("chunks", len(pcm)/1280+1)
	for hop := range slices.Chunk(pcm, 1280) {
		m.TrySend(t, chunk(hop))
	}
	m.Close(t)
	return m
}

func chunk(pcm []int16) Chunk {
	c := Chunk{N: len(pcm)}
	copy(c.PCM[:], pcm)
	return c
}

func streamAll(t *testing.T, o *Orac, pcm []int16) (Result, error) {
	t.Helper()
	return do(t, func(task *rt.Task) (Result, error) { return o.Stream(task, said, chunksOf(task, pcm)) })
}

func TestStreamOnTheWire(t *testing.T) {
	for _, b := range []stttest.Do{stttest.Good, stttest.NeverClose, stttest.Chatty} {
		t.Run(string(b), func(t *testing.T) {
			s := stttest.Start(t)
			s.RequireToken("hush")
			s.Set(stttest.WS, stttest.Behaviour{Do: b})
			pcm := voice(20000) // not whole hops
			got, err := streamAll(t, newOrac(t, OracConfig{URL: s.URL(), Token: secret("hush")}), pcm)
			want := Result{Text: "utterance 1 of 1.25 seconds", Confidence: 0.9, Language: "en", Duration: 1250 * time.Millisecond, ProcessingTime: 250 * time.Millisecond}
			if err != nil || got != want {
				t.Errorf("%+v, %v; want %+v", got, err, want)
			}
			h := one(t, s)
			wantSound(t, h, pcm)
			if h.Topic != said.Topic || h.Frames != 16 || string(h.Body) != `{"type":"config","wake_word_time":"2026-01-17T09:00:00.120000","utterance_id":"u1"}` {
				t.Errorf("topic %q, %d frames, config %s", h.Topic, h.Frames, h.Body)
			}
			if b == stttest.Chatty && !slices.Equal(h.Messages, []string{`{"type":"pong"}`}) {
				t.Errorf("the ping was answered with %q", h.Messages)
			}
		})
	}
}

func TestStreamSendsWhileThePersonSpeaks(t *testing.T) {
	s := stttest.Start(t)
	o := newOrac(t, OracConfig{URL: s.URL()})
	pcm := voice(3 * 1280)
	r, err := do(t, func(task *rt.Task) (Result, error) {
		m := rt.NewMailbox[Chunk]("chunks", 1)
		speaker := task.Go("speaker", func(task *rt.Task) error {
			defer m.Close(task)
			for n := range 3 { // each hop only once the one before has arrived
				if err := m.Send(task, chunk(pcm[n*1280:(n+1)*1280])); err != nil {
					return err
				}
				s.Await(t, func(h []stttest.Heard) bool { return len(h) == 1 && h[0].Frames == n+1 })
			}
			return nil
		})
		r, err := o.Stream(task, said, m)
		return r, errors.Join(err, task.Wait(speaker, rt.Never))
	})
	if err != nil || r.Text != "utterance 1 of 0.24 seconds" {
		t.Errorf("%+v, %v", r, err)
	}
	wantSound(t, one(t, s), pcm)
}

func TestStreamBadBehaviourLeavesTheSoundForHTTP(t *testing.T) {
	const long = DefaultTimeout
	cases := map[string]struct {
		behaviour stttest.Behaviour
		timeout   time.Duration
		kinds     []Kind // a connection cut in the middle shows in more than one way
		status    int
	}{
		"refused upgrade":     {stttest.Behaviour{Do: stttest.Status, Code: 403}, long, []Kind{Unauthorised}, 403},
		"500":                 {stttest.Behaviour{Do: stttest.Status, Code: 500}, long, []Kind{Busy}, 500},
		"404":                 {stttest.Behaviour{Do: stttest.Status, Code: 404}, long, []Kind{Unreachable}, 404},
		"no upgrade":          {stttest.Behaviour{Do: stttest.Status, Code: 200}, long, []Kind{Unreachable}, 0},
		"redirect":            {stttest.Behaviour{Do: stttest.Redirect, To: "http://elsewhere.example/"}, long, []Kind{Unreachable}, 307},
		"engine text":         {stttest.Behaviour{Do: stttest.EngineText}, long, []Kind{Engine}, 0},
		"engine error":        {stttest.Behaviour{Do: stttest.EngineError}, long, []Kind{Engine}, 0},
		"error in the middle": {stttest.Behaviour{Do: stttest.EngineError, After: 5}, long, []Kind{Engine}, 0},
		"unreadable":          {stttest.Behaviour{Do: stttest.Unreadable}, long, []Kind{Engine}, 0},
		"reset":               {stttest.Behaviour{Do: stttest.Reset, After: 3}, long, []Kind{Unreachable}, 0},
		"close":               {stttest.Behaviour{Do: stttest.CloseEarly}, long, []Kind{Protocol}, 0},
		"huge":                {stttest.Behaviour{Do: stttest.Huge}, long, []Kind{Protocol}, 0},
		"garbage":             {stttest.Behaviour{Do: stttest.Garbage}, long, []Kind{Protocol}, 0},
		"wrong shape":         {stttest.Behaviour{Do: stttest.WrongShape}, long, []Kind{Protocol}, 0},
		"binary":              {stttest.Behaviour{Do: stttest.Binary}, long, []Kind{Protocol}, 0},
		"ping flood":          {stttest.Behaviour{Do: stttest.PingFlood}, long, []Kind{Protocol}, 0},
		"never":               {stttest.Behaviour{Do: stttest.Never}, patience, []Kind{Timeout}, 0},
		"deaf":                {stttest.Behaviour{Do: stttest.Deaf}, patience, []Kind{Timeout}, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := stttest.Start(t)
			s.Script(stttest.WS, c.behaviour)
			o := newOrac(t, OracConfig{URL: s.URL(), Timeout: c.timeout})
			pcm := voice(64000)
			got, err := streamAll(t, o, pcm)
			e, ok := errors.AsType[*Error](err)
			if !ok || !slices.Contains(c.kinds, e.Kind) || e.Status != c.status || got != (Result{}) {
				t.Fatalf("%+v, %v (%#v); want %v, status %d", got, err, err, c.kinds, c.status)
			}
			o = newOrac(t, OracConfig{URL: s.URL()})
			r, err := transcribe(t, o, pcm)
			if err != nil || r.Empty() {
				t.Errorf("by HTTP: %+v, %v", r, err)
			}
			heard := s.Heard()
			wantSound(t, heard[len(heard)-1], pcm)
		})
	}
}

func TestStreamNobodyThere(t *testing.T) {
	_, err := streamAll(t, newOrac(t, OracConfig{URL: stttest.BlackHole(t), Timeout: patience}), voice(2000))
	wantError(t, err, Timeout, 0, RetryForever, "timed out")
	_, err = streamAll(t, newOrac(t, OracConfig{URL: "http://127.0.0.1:1"}), voice(2000))
	wantError(t, err, Unreachable, 0, RetryForever, "refused")
}

func TestStreamTooLong(t *testing.T) {
	s := stttest.Start(t)
	_, err := streamAll(t, newOrac(t, OracConfig{URL: s.URL()}), voice(maxSamples+1))
	wantError(t, err, Refused, 0, GiveUp, "15s")
}

func TestStreamWithAHoleIsNotTranscribed(t *testing.T) {
	s := stttest.Start(t)
	o := newOrac(t, OracConfig{URL: s.URL()})
	_, err := do(t, func(task *rt.Task) (Result, error) {
		m := rt.NewMailbox[Chunk]("chunks", 2)
		for range 3 {
			m.Push(task, chunk(voice(1280)))
		}
		m.Close(task)
		return o.Stream(task, said, m)
	})
	wantError(t, err, Busy, 0, RetryForever, "1 chunks")
	s.Await(t, func(h []stttest.Heard) bool { return len(h) == 1 && h[0].Over })
	if one(t, s).Whole {
		t.Error("the service was told that the sound was whole")
	}
}

func TestTranscriptBeforeTheEndIsNone(t *testing.T) {
	s := stttest.Start(t)
	s.Set(stttest.WS, stttest.Behaviour{Do: stttest.Impatient})
	o := newOrac(t, OracConfig{URL: s.URL()})
	_, err := do(t, func(task *rt.Task) (Result, error) {
		m := rt.NewMailbox[Chunk]("chunks", 2)
		m.Push(task, chunk(voice(1280)))
		return o.Stream(task, said, m) // the person still speaks
	})
	wantError(t, err, Protocol, 0, RetryBounded, "before the sound had ended")
}

func TestStopInterruptsAStream(t *testing.T) {
	for _, closed := range []bool{false, true} { // while the person speaks, and while the transcript is awaited
		s := stttest.Start(t)
		s.Set(stttest.WS, stttest.Behaviour{Do: stttest.Never})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			defer cancel()
			s.Await(t, func(h []stttest.Heard) bool { return len(h) == 1 && h[0].Frames == 1 && h[0].Whole == closed })
		}()
		o := newOrac(t, OracConfig{URL: s.URL()})
		_, err := doUntil(t, ctx, func(task *rt.Task) (Result, error) {
			m := rt.NewMailbox[Chunk]("chunks", 4)
			m.Push(task, chunk(voice(1280)))
			if closed {
				m.Close(task)
			}
			return o.Stream(task, said, m)
		})
		if !errors.Is(err, rt.ErrStopped) {
			t.Errorf("closed %v: %v", closed, err)
		}
	}
}

// TestAServiceThatStreamsNothingSaysSo: the refusal is a 403 without words, and the health check tells it from one of who we are.
func TestAServiceThatStreamsNothingSaysSo(t *testing.T) {
	s := stttest.Start(t)
	o := newOrac(t, OracConfig{URL: s.URL(), Timeout: DefaultTimeout})
	for _, off := range []bool{false, true} {
		if off {
			s.Set(stttest.WS, stttest.Behaviour{Do: stttest.NoStream})
			s.Set(stttest.Health, stttest.Behaviour{Do: stttest.NoStream})
		}
		h, err := do(t, o.Health)
		if err != nil || h.Status != "healthy" || h.Streaming == nil || *h.Streaming == off {
			t.Fatalf("off: %v; %+v, %v", off, h, err)
		}
		_, err = streamAll(t, o, voice(3000))
		if off {
			wantError(t, err, Unauthorised, 403, RetryForever, "")
		} else if err != nil {
			t.Error(err)
		}
	}
	if got, err := asked(t, o); err != nil || got.Text == "" {
		t.Errorf("in one request: %+v, %v", got, err)
	}
}
