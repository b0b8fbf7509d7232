package stt

import (
	"errors"
	"slices"
	"testing"
	"time"

	"orac/appliance/rt"
	"orac/appliance/stt/stttest"
)

// bothWays are the two ways in which an utterance goes, with the endpoint of each.
var bothWays = map[stttest.Endpoint]func(t *testing.T, o *Orac, u Utterance) (Result, error){
	stttest.HTTP: func(t *testing.T, o *Orac, u Utterance) (Result, error) {
		return do(t, func(task *rt.Task) (Result, error) { return o.Transcribe(task, u, voice(4000)) })
	},
	stttest.WS: func(t *testing.T, o *Orac, u Utterance) (Result, error) {
		return do(t, func(task *rt.Task) (Result, error) { return o.Stream(task, u, chunksOf(task, voice(4000))) })
	},
}

// TestASlowEngineIsWaitedFor: however short the timeout, the answer to what the service has whole is waited for.
func TestASlowEngineIsWaitedFor(t *testing.T) {
	for e, send := range bothWays {
		s := stttest.Start(t)
		s.Set(e, stttest.Behaviour{Wait: 4 * patience})
		o := newOrac(t, OracConfig{URL: s.URL(), Timeout: patience})
		o.least, o.most = time.Minute, time.Minute
		if r, err := send(t, o, said); err != nil || r.Text == "" {
			t.Errorf("%s: %+v, %v", e, r, err)
		}
		sent := 0
		for _, h := range s.Heard() {
			if h.Endpoint != stttest.Health {
				sent++
			}
		}
		if sent != 1 {
			t.Errorf("%s: it was sent %d times", e, sent)
		}
	}
}

// TestAStoppedServiceIsWaitedFor: the time in which nothing is heard of a service does not count, and its late answer comes by the
// connection that it stopped with.
func TestAStoppedServiceIsWaitedFor(t *testing.T) {
	for e, send := range bothWays {
		s := stttest.Start(t)
		goes := make(chan struct{})
		s.Set(e, stttest.Behaviour{Gate: goes}) // it answers no ping meanwhile
		s.Set(stttest.Health, stttest.Behaviour{Do: stttest.Deaf})
		go func() {
			s.Await(t, func(h []stttest.Heard) bool { return len(h) >= 5 }) // asked four times whether it lives
			close(goes)
		}()
		o := newOrac(t, OracConfig{URL: s.URL(), Timeout: patience})
		o.most = time.Minute
		if r, err := send(t, o, said); err != nil || r.Text == "" {
			t.Errorf("%s: %+v, %v", e, r, err)
		}
	}
}

// TestASilentServiceIsLeft: one that lives and never answers, and one that is silent for too long. What a busy machine does not send
// within the timeout is sent again with a longer one: the service must have the whole before its silence counts.
func TestASilentServiceIsLeft(t *testing.T) {
	for e, send := range bothWays {
		for _, health := range []stttest.Do{stttest.Good, stttest.Deaf} {
			for timeout := patience; ; timeout *= 2 {
				s := stttest.Start(t)
				s.Set(e, stttest.Behaviour{Do: stttest.Never})
				s.Set(stttest.Health, stttest.Behaviour{Do: health})
				o := newOrac(t, OracConfig{URL: s.URL(), Timeout: timeout})
				o.least, o.most = patience, 2*patience
				_, err := send(t, o, said)
				if !slices.ContainsFunc(s.Heard(), func(h stttest.Heard) bool { return h.Whole }) && timeout < time.Minute {
					continue
				}
				if f, ok := errors.AsType[*Error](err); !ok || f.Kind != Timeout || f.Doubt != UnderWay {
					t.Errorf("%v, health %q: %#v", e, health, err)
				}
				break
			}
		}
	}
}

// TestWhatAFailureLeavesInDoubt: whether the service may act on an utterance that it has not answered.
func TestWhatAFailureLeavesInDoubt(t *testing.T) {
	for name, c := range map[string]struct {
		stttest.Behaviour
		http, ws Doubt
		acts     bool // the server has really given it to Core
	}{
		"its end is lost":          {stttest.Behaviour{Do: stttest.Dies}, UnderWay, UnderWay, true},
		"it closes":                {stttest.Behaviour{Do: stttest.CloseEarly}, UnderWay, UnderWay, true},
		"it answers garbage":       {stttest.Behaviour{Do: stttest.Garbage}, Acted, Acted, true},
		"it answers another shape": {stttest.Behaviour{Do: stttest.WrongShape}, Acted, Acted, true},
		"too long an answer":       {stttest.Behaviour{Do: stttest.Huge}, Acted, Acted, true},
		"it says that it failed":   {stttest.Behaviour{Do: stttest.EngineText}, NoDoubt, NoDoubt, false},
		"500":                      {stttest.Behaviour{Do: stttest.Status, Code: 500}, NoDoubt, NoDoubt, false},
		"502 of a proxy":           {stttest.Behaviour{Do: stttest.Status, Code: 502}, UnderWay, NoDoubt, false},
		"504 of a proxy":           {stttest.Behaviour{Do: stttest.Status, Code: 504}, UnderWay, NoDoubt, false},
		"503":                      {stttest.Behaviour{Do: stttest.Status, Code: 503}, NoDoubt, NoDoubt, false},
		"401":                      {stttest.Behaviour{Do: stttest.Status, Code: 401}, NoDoubt, NoDoubt, false},
	} {
		for e, send := range bothWays {
			s := stttest.Start(t)
			s.Set(e, c.Behaviour)
			_, err := send(t, newOrac(t, OracConfig{URL: s.URL()}), said)
			want := map[stttest.Endpoint]Doubt{stttest.HTTP: c.http, stttest.WS: c.ws}[e]
			if f, ok := errors.AsType[*Error](err); !ok || f.Doubt != want {
				t.Errorf("%s, %s: %#v, want the doubt %d", name, e, err, want)
			}
			if h := one(t, s); h.Acted.IsZero() == c.acts || h.ID != said.ID && (e == stttest.HTTP || c.Do != stttest.Status) {
				t.Errorf("%s, %s: acted %v, ID %q", name, e, h.Acted, h.ID)
			}
		}
	}
	for e, send := range bothWays {
		for name, address := range map[string]string{"a black hole": stttest.BlackHole(t), "nobody": "http://127.0.0.1:1"} {
			_, err := send(t, newOrac(t, OracConfig{URL: address, Timeout: patience}), said)
			if f, ok := errors.AsType[*Error](err); !ok || f.Doubt != NoDoubt && !(e == stttest.HTTP && name == "a black hole") { // the kernel has taken the body there
				t.Errorf("%s, %s: %#v", name, e, err)
			}
		}
	}
}

// TestSendingComesFirst: who is told before the service can have all of an utterance can still prevent it.
func TestSendingComesFirst(t *testing.T) {
	refused := errors.New("no")
	for e, send := range bothWays {
		s := stttest.Start(t)
		u, called := said, 0
		u.Sending = func(*rt.Task) error {
			called++
			for _, h := range s.Heard() {
				if h.Whole {
					t.Errorf("%s: it has all of it already", e)
				}
			}
			if called == 1 {
				return refused
			}
			return nil
		}
		o := newOrac(t, OracConfig{URL: s.URL()})
		if _, err := send(t, o, u); !errors.Is(err, refused) {
			t.Errorf("%s: %v", e, err)
		}
		if r, err := send(t, o, u); err != nil || r.Text == "" || called != 2 {
			t.Errorf("%s: %+v, %v, called %d times", e, r, err, called)
		}
		whole := 0
		for _, h := range s.Heard() {
			if h.Whole {
				whole++
			}
		}
		if whole != 1 {
			t.Errorf("%s: it was given %d whole", e, whole)
		}
	}
}

// TestSilenceAndFailure: an empty text is proof of silence only where a failure would look otherwise.
func TestSilenceAndFailure(t *testing.T) {
	for name, c := range map[string]struct {
		do       stttest.Do
		language string
		endpoint stttest.Endpoint
		check    bool
		silence  bool
		failed   bool
	}{
		"silence by HTTP":                     {do: stttest.EmptyText, endpoint: stttest.HTTP},
		"silence by HTTP, with a language":    {do: stttest.EmptyText, language: "en-GB", endpoint: stttest.HTTP, silence: true},
		"silence in a stream":                 {do: stttest.EmptyText, endpoint: stttest.WS, silence: true},
		"silence, checked":                    {do: stttest.EmptyText, check: true, endpoint: stttest.HTTP, silence: true},
		"a failure by HTTP":                   {do: stttest.EngineFails, endpoint: stttest.HTTP},
		"a failure by HTTP, with a language":  {do: stttest.EngineFails, language: "de", endpoint: stttest.HTTP, failed: true},
		"a failure in a stream":               {do: stttest.EngineFails, endpoint: stttest.WS, failed: true},
		"a failure, checked":                  {do: stttest.EngineFails, check: true, endpoint: stttest.HTTP, failed: true},
		"a failure, checked, with a language": {do: stttest.EngineFails, language: "de", check: true, endpoint: stttest.HTTP, failed: true},
	} {
		s := stttest.Start(t)
		s.Set(c.endpoint, stttest.Behaviour{Do: c.do})
		o := newOrac(t, OracConfig{URL: s.URL(), Language: c.language})
		send := bothWays[c.endpoint]
		if c.check {
			send = func(t *testing.T, o *Orac, u Utterance) (Result, error) {
				return do(t, func(task *rt.Task) (Result, error) { return o.Check(task, u, voice(4000)) })
			}
		}
		r, err := send(t, o, said)
		e, _ := errors.AsType[*Error](err)
		if c.failed != (e != nil && e.Kind == Engine) || r.Text != "" || r.Silence != c.silence {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if h := one(t, s); c.check && (h.ID != "" || h.Query.Get("forward_to_core") != "false" || h.Query.Get("language") == "") {
			t.Errorf("%s: it was asked with %v as %q", name, h.Query, h.ID)
		}
	}
}
