package stt

import (
	"errors"
	"net"
	"testing"

	"orac/appliance/rt"
	"orac/appliance/stt/stttest"
)

// TestAwayIsToldFromOtherTrouble by what the real client makes of real peers.
func TestAwayIsToldFromOtherTrouble(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := stttest.Start(t)
	for name, c := range map[string]struct {
		url            string
		does           stttest.Behaviour
		away, doubtful bool
	}{
		"refused":              {nobody, stttest.Behaviour{}, true, true},
		"no such name":         {"http://nobody.invalid:7272", stttest.Behaviour{}, true, true},
		"never answers":        {s.URL(), stttest.Behaviour{Do: stttest.Never}, false, true},
		"resets":               {s.URL(), stttest.Behaviour{Do: stttest.Reset, After: 10}, false, true},
		"502":                  {s.URL(), stttest.Behaviour{Do: stttest.Status, Code: 502}, false, true},
		"500":                  {s.URL(), stttest.Behaviour{Do: stttest.Status, Code: 500}, false, false},
		"404":                  {s.URL(), stttest.Behaviour{Do: stttest.Status, Code: 404}, false, false},
		"401":                  {s.URL(), stttest.Behaviour{Do: stttest.Status, Code: 401}, false, false},
		"the engine fails":     {s.URL(), stttest.Behaviour{Do: stttest.EngineText}, false, false},
		"an answer of rubbish": {s.URL(), stttest.Behaviour{Do: stttest.Garbage}, false, false},
	} {
		s.Set(stttest.HTTP, c.does)
		o := newOrac(t, OracConfig{URL: c.url, Timeout: patience})
		_, err := do(t, func(task *rt.Task) (Result, error) { return o.Transcribe(task, said, voice(3000)) })
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Away() != c.away || e.Doubtful() != c.doubtful {
			t.Errorf("%s: %v is away: %v, want %v; doubtful: %v, want %v", name, err, e.Away(), c.away, e.Doubtful(), c.doubtful)
		}
	}
}
