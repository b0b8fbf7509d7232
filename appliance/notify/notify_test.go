package notify

import (
	"errors"
	"strings"
	"testing"
	"time"

	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/stttest"
	"orac/appliance/stt/wire"
)

// patience is a client's timeout where the test is about the timeout itself.
const patience = 100 * time.Millisecond

type secret string

func (s secret) Reveal() string { return string(s) }

func do[T any](t *testing.T, f func(*rt.Task) (T, error)) (out T, err error) {
	t.Helper()
	_ = live.New(nil).Run(t.Context(), "test", func(t *rt.Task) error {
		out, err = f(t)
		return nil
	})
	return out, err
}

func beatOnce(t *testing.T, s *stttest.Server, timeout time.Duration, b Beat) (int, error) {
	t.Helper()
	h, err := NewHeartbeat(HeartbeatConfig{URL: s.URL() + "/stt/v1/stream", Token: secret("hush"), Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	return do(t, func(task *rt.Task) (int, error) { return h.Beat(task, b) })
}

var beat = Beat{
	InstanceID: "hey-orac-kitchen",
	At:         time.Date(2026, 1, 17, 9, 0, 0, 5e8, time.UTC),
	Models: []BeatModel{
		{"hey_jarvis", "", "hey jarvis", 0.5, 3, time.Date(2026, 1, 17, 8, 58, 0, 0, time.Local)},
		{Name: "alexa", Topic: "music", WakeWord: "alexa", Threshold: 0.25},
	},
	Activations1h:  3,
	LastActivation: time.Date(2026, 1, 17, 8, 58, 0, 0, time.UTC),
}

func TestBeatOnTheWire(t *testing.T) {
	s := stttest.Start(t)
	s.RequireToken("hush")
	n, err := beatOnce(t, s, 0, beat)
	if n != 2 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	const want = `{"instance_id":"hey-orac-kitchen","source":"hey_orac","timestamp":"2026-01-17T09:00:00Z","models":[` +
		`{"name":"hey_jarvis","topic":"general","type":"wake_word","status":"active","wake_word":"hey jarvis","trigger_count":3,` +
		`"last_triggered":"2026-01-17T08:58:00","metadata":{"wake_word":"hey jarvis","trigger_phrase":"hey jarvis","sensitivity":0.5}},` +
		`{"name":"alexa","topic":"music","type":"wake_word","status":"active","wake_word":"alexa","trigger_count":0,` +
		`"last_triggered":null,"metadata":{"wake_word":"alexa","trigger_phrase":"alexa","sensitivity":0.25}}],` +
		`"metrics":{"activations_1h":3,"last_activation":"2026-01-17T08:58:00Z"}}`
	heard := s.Heard()
	if len(heard) != 1 || string(heard[0].Body) != want || heard[0].Header.Get("Content-Type") != "application/json" {
		t.Errorf("heard %s\nwant  %s", heard[0].Body, want)
	}
	if n, err := beatOnce(t, s, 0, Beat{InstanceID: "hey-orac-new"}); n != 0 || err != nil {
		t.Errorf("without models: %d, %v", n, err)
	}
}

func TestBeatBadBehaviour(t *testing.T) {
	cases := map[string]struct {
		behaviour stttest.Behaviour
		kind      wire.Kind
		words     string
	}{
		"error in a 200": {stttest.Behaviour{Do: stttest.EngineError}, wire.Engine, "registry is gone"},
		"422":            {stttest.Behaviour{Do: stttest.Status, Code: 422}, wire.Refused, "as told"},
		"500":            {stttest.Behaviour{Do: stttest.Status, Code: 500}, wire.Busy, "500"},
		"401":            {stttest.Behaviour{Do: stttest.Status, Code: 401}, wire.Unauthorised, "401"},
		"never":          {stttest.Behaviour{Do: stttest.Never}, wire.Late, "late"},
		"deaf":           {stttest.Behaviour{Do: stttest.Deaf}, wire.Late, "late"},
		"reset":          {stttest.Behaviour{Do: stttest.ResetAnswer}, wire.Unreachable, "unreachable"},
		"huge":           {stttest.Behaviour{Do: stttest.Huge}, wire.Protocol, "longer"},
		"garbage":        {stttest.Behaviour{Do: stttest.Garbage}, wire.Protocol, "JSON"},
		"wrong shape":    {stttest.Behaviour{Do: stttest.WrongShape}, wire.Protocol, "JSON"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := stttest.Start(t)
			s.Set(stttest.Heartbeat, c.behaviour)
			timeout := Timeout
			if c.kind == wire.Late {
				timeout = patience
			}
			n, err := beatOnce(t, s, timeout, beat)
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Kind != c.kind || n != 0 || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "hush") {
				t.Errorf("%d, %v; want %v, %q", n, err, c.kind, c.words)
			}
		})
	}
}

func TestBeatOfAnInvalidBodyIsRefused(t *testing.T) {
	s := stttest.Start(t)
	_, err := beatOnce(t, s, 0, Beat{}) // no instance
	if e, ok := errors.AsType[*Error](err); !ok || e.Kind != wire.Refused || !strings.Contains(err.Error(), "instance_id") {
		t.Error(err)
	}
}

func FuzzParseBeat(f *testing.F) {
	for _, seed := range []string{
		`{"status":"ok","message":"Processed 2 active models","topics_processed":2}`, `{"status":"error","message":"x"}`, `{"status":"ok"}`,
		`{"status":"ok","topics_processed":-1}`, `{"status":"ok","topics_processed":1e99}`, `[]`, `{"status":null}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, words, err := parseBeat(data)
		if n < 0 || n > maxTopics || n != 0 && (words != "" || err != nil) || words != "" && err != nil {
			t.Errorf("%d, %q, %v", n, words, err)
		}
	})
}
