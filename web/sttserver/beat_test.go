package sttserver

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"orac/appliance/amount"
	"orac/appliance/sttrole"
	"orac/web/auth"
	"orac/web/peers/peertest"
	"orac/web/schema"
)

const goodBeat = `{"instance_id":"hey-orac-kitchen","source":"hey_orac","timestamp":"2026-01-17T09:00:00Z",
 "models":[{"name":"hey_jarvis","topic":"general","type":"wake_word","status":"active","wake_word":"hey jarvis",
  "trigger_count":3,"last_triggered":"2026-01-17T08:58:00","metadata":{"sensitivity":0.5}},
  {"name":"alexa","topic":"music","type":"wake_word","status":"inactive","wake_word":"alexa","trigger_count":0,"last_triggered":null}],
 "metrics":{"activations_1h":3,"last_activation":"2026-01-17T08:58:00Z"},"later":{"more":[1,2]}}`

// TestHeartbeats: what the appliance is told, and what the peer gets.
func TestHeartbeats(t *testing.T) {
	r := newRig(t)
	for _, who := range []peertest.As{{Token: r.Token("beats")}, peertest.LegacyPeer} {
		got := peertest.Get[map[string]any](t, r.Call(who, "POST", "/stt/v1/heartbeat", goodBeat), 200)
		if !reflect.DeepEqual(got, map[string]any{"status": "ok", "message": "Processed 1 active models", "topics_processed": 1.0}) {
			t.Errorf("%v", got)
		}
	}
	b := r.engine.beats[0]
	if b.InstanceID != "hey-orac-kitchen" || b.Source != "hey_orac" || b.Activations1h != 3 || !b.At.Equal(time.Date(2026, 1, 17, 9, 0, 0, 0, time.UTC)) || len(b.Models) != 2 || b.Peer.Name != "service:beats" {
		t.Errorf("%+v", b)
	}
	if m := b.Models[0]; m.Name != "hey_jarvis" || m.WakeWord != "hey jarvis" || m.TriggerCount != 3 || m.LastTriggered.IsZero() || !m.Active() || b.Models[1].Active() {
		t.Errorf("%+v", b.Models)
	}
}

// TestBadHeartbeats: a clear refusal, whatever is in them.
func TestBadHeartbeats(t *testing.T) {
	r := newRig(t)
	models := func(n int, name string) string {
		one := fmt.Sprintf(`{"name":%q,"topic":"general","type":"wake_word","status":"active","wake_word":"x"}`, name)
		return `{"instance_id":"a","source":"b","models":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]}`
	}
	for name, c := range map[string]struct {
		body string
		code schema.Code
	}{
		"10 000 models":   {models(10_000, "m"), schema.TooLarge},
		"80 000 models":   {`{"instance_id":"a","models":[` + strings.Repeat("{},", 80_000) + `{}]}`, schema.Unusable},
		"models of one":   {`{"instance_id":"a","models":{"name":"x"}}`, schema.Unusable},
		"a list of lists": {`{"instance_id":"a","models":[[]]}`, schema.Unusable},
		"101 models":      {models(101, "m"), schema.Unusable},
		"a name of 1 MB":  {models(1, strings.Repeat("n", 1<<20)), schema.TooLarge},
		"no JSON":         {"instance_id=a", schema.Unusable},
		"nothing":         {"", schema.Unusable},
		"a list":          {"[]", schema.Unusable},
		"no models":       {`{"instance_id":"a"}`, schema.Unusable},
		"no instance":     {`{"models":[]}`, schema.Unusable},
		"a wrong type":    {`{"instance_id":7,"models":[]}`, schema.Unusable},
		"deep":            {`{"instance_id":"a","models":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, schema.Unusable},
		"a terminal code": {models(1, "\x1b[2J"), schema.Unusable},
		"half":            {goodBeat[:100], schema.Unusable},
	} {
		r.Problem(name, r.Call(peertest.As{Token: r.Token("beats")}, "POST", "/stt/v1/heartbeat", c.body), c.code)
		if w := r.Call(peertest.LegacyPeer, "POST", "/stt/v1/heartbeat", c.body); w.Code != c.code.Doc().Status || !strings.Contains(w.Body.String(), `"detail"`) {
			t.Errorf("%s of a legacy peer: %d %s", name, w.Code, w.Body)
		}
	}
	if len(r.engine.beats) > 0 {
		t.Errorf("%d were taken", len(r.engine.beats))
	}
	r.engine.err = errors.New("the registry is gone")
	r.Problem("a failure", r.Call(peertest.As{Token: r.Token("beats")}, "POST", "/stt/v1/heartbeat", goodBeat), schema.Internal)
	if got := peertest.Get[map[string]any](t, r.Call(peertest.LegacyPeer, "POST", "/stt/v1/heartbeat", goodBeat), 200); got["status"] != "error" {
		t.Errorf("%v", got)
	}
	r.engine.err = &amount.TooMuchError{What: "instance_id", Is: 300, Most: 200}
	r.Problem("the appliance refuses", r.Call(peertest.As{Token: r.Token("beats")}, "POST", "/stt/v1/heartbeat", goodBeat), schema.Unusable)
}

// TestTheStatusOfHeartbeats has the fields of the existing service.
func TestTheStatusOfHeartbeats(t *testing.T) {
	r := newRig(t)
	r.engine.state.Instances = []sttrole.Instance{
		{InstanceID: "a", Source: "hey_orac", Age: 3 * time.Second, Last: time.Date(2026, 1, 17, 9, 0, 0, 0, time.UTC), Models: []sttrole.BeatModel{{Status: "active"}, {Status: "paused"}}},
		{InstanceID: "b", Age: 3 * time.Minute},
	}
	r.engine.state.Topics = []sttrole.Topic{{Name: "general"}}
	got := peertest.Get[map[string]any](t, r.Call(peertest.LegacyPeer, "GET", "/stt/v1/heartbeat/status", ""), 200)
	list := got["instances"].([]any)
	if got["instance_count"] != 2.0 || got["total_active_topics"] != 1.0 || got["total_inactive_topics"] != 1.0 || got["registered_topics"] != 1.0 || len(got) != 5 || len(list) != 2 {
		t.Errorf("%v", got)
	}
	want := map[string]any{"instance_id": "a", "source": "hey_orac", "age_seconds": 3.0, "is_stale": false, "active_models": 1.0, "inactive_models": 1.0, "last_heartbeat": "2026-01-17T09:00:00.000000"}
	if !reflect.DeepEqual(list[0], want) || list[1].(map[string]any)["is_stale"] != true {
		t.Errorf("%v", list)
	}
}

// TestHealthIsTrue: 503 for who shows a token, the word in a 200 for a legacy peer.
func TestHealthIsTrue(t *testing.T) {
	r := newRig(t)
	token := peertest.As{Token: r.Token("nothing")}
	for name, c := range map[string]struct {
		state              string
		err                error
		stt, health, ready int
		word               string
		loaded             bool
	}{
		"ready":   {sttrole.EngineReady, nil, 200, 200, 200, "healthy", true},
		"busy":    {sttrole.EngineBusy, nil, 200, 200, 200, "healthy", true},
		"idle":    {sttrole.EngineIdle, nil, 200, 200, 200, "healthy", false},
		"loading": {sttrole.EngineLoading, nil, 200, 200, 503, "initializing", false},
		"failed":  {sttrole.EngineFailed, nil, 503, 503, 503, "unhealthy", false},
		"gone":    {sttrole.EngineReady, errors.New("it stops"), 503, 503, 503, "unhealthy", true},
	} {
		r.engine.state.Engine.State, r.engine.err = c.state, c.err
		for _, who := range []peertest.As{token, peertest.LegacyPeer} {
			code := func(n int) int {
				if who == peertest.LegacyPeer {
					return 200
				}
				return n
			}
			got := peertest.Get[map[string]any](t, r.Call(who, "GET", "/stt/v1/health", ""), code(c.stt))
			streaming, _ := got["streaming"].(map[string]any)
			if got["status"] != c.word || got["model_loaded"] != c.loaded || got["model_name"] != "moonshine_tiny" || streaming["enabled"] != true || streaming["audio_format"] != "int16" {
				t.Errorf("%s: %v", name, got)
			}
			if who != peertest.LegacyPeer && got["idempotent"] != true || who == peertest.LegacyPeer && got["idempotent"] != nil {
				t.Errorf("%s: idempotent: %v", name, got["idempotent"])
			}
			whole := peertest.Get[map[string]any](t, r.Call(who, "GET", "/health", ""), code(c.health))
			if whole["version"] != "test" || whole["timestamp"] == nil || len(whole["checks"].(map[string]any)) != 5 {
				t.Errorf("%s: %v", name, whole)
			}
			if w := r.Call(who, "GET", "/health/ready", ""); w.Code != code(c.ready) {
				t.Errorf("%s: ready: %d", name, w.Code)
			}
		}
	}
}

// TestRecordings: listed with the fields of the existing service, and played by those who may hear them.
func TestRecordings(t *testing.T) {
	r := newRig(t)
	r.engine.state.Transcripts = []sttrole.Transcript{
		{Heard: sttrole.Heard{ID: "t-1", Text: "secret words", Duration: time.Second}, At: time.Date(2026, 1, 17, 9, 0, 0, 0, time.Local), Sound: true},
		{Heard: sttrole.Heard{ID: "t-0"}}, {Heard: sttrole.Heard{ID: "../x"}, Sound: true},
	}
	who := peertest.As{Token: r.User(auth.Operator)}
	w := r.Call(who, "GET", "/stt/v1/debug/recordings", "")
	got := peertest.Get[map[string]any](t, w, 200)
	want := map[string]any{"filename": "t-1.wav", "size_bytes": 32044.0, "created": "2026-01-17T09:00:00.000000", "duration_estimate": 1.0}
	if list := got["recordings"].([]any); got["count"] != 1.0 || got["max_recordings"] != 5.0 || !reflect.DeepEqual(list, []any{want}) || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("%v", got)
	}
	w = r.Call(who, "GET", "/stt/v1/debug/recordings/t-1.wav", "")
	if w.Code != 200 || !strings.HasPrefix(w.Body.String(), "RIFF") || w.Header().Get("Content-Type") != "audio/wav" {
		t.Errorf("%d %s", w.Code, w.Header())
	}
	list := r.Records("stt.listen")
	if len(list) != 2 || list[0].Target != "t-1.wav" || list[0].Who != "operator" || list[0].Outcome != "done" || list[1].Outcome != "attempt" {
		t.Errorf("%+v", list)
	}
	for _, name := range []string{"t-2.wav", "t-1", "t-1.mp3", "..%2F..%2Forac.hcl", ".wav", "%2e%2e.wav"} {
		r.Problem(name, r.Call(who, "GET", "/stt/v1/debug/recordings/"+name, ""), schema.NotFound)
	}
}

// TestMetrics: counted by route and outcome, never by what somebody has sent.
func TestMetrics(t *testing.T) {
	r := newRig(t)
	r.send(peertest.As{Token: r.Token("hey_orac")}, "/stt/v1/stream/canary_topic", sound(1))
	r.Call(peertest.As{Token: r.Token("hey_orac")}, "GET", "/canary", "")
	r.Call(peertest.As{}, "GET", "/stt/v1/health", "")
	w := r.Call(peertest.As{Token: r.User(auth.Viewer)}, "GET", "/metrics", "")
	text := w.Body.String()
	for _, want := range []string{
		`orac_stt_requests_total{route="POST /stt/v1/stream/{topic}",status="200"} 1`, `orac_stt_requests_total{route="none",status="404"} 1`,
		`orac_stt_utterances_total{outcome="text",way="request"} 1`, `orac_stt_queue_limit 8`, `orac_stt_engine{state="ready"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if w.Code != 200 || strings.Contains(text, "canary") {
		t.Errorf("%d\n%s", w.Code, text)
	}
}

// FuzzBeat: whatever a heartbeat holds, it is taken within the limits, or refused as unusable.
func FuzzBeat(f *testing.F) {
	f.Add([]byte(goodBeat))
	f.Add([]byte(`{"instance_id":"","models":[{"name":"\u0000"}],"metrics":{"activations_1h":-1}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := beatOf(body, sttrole.Peer{})
		if err == nil && (len(b.Models) > sttrole.MaxModels || b.Activations1h < 0) {
			t.Errorf("%+v", b)
		}
		if err != nil && problemOf(err).Status != 422 {
			t.Error(err)
		}
	})
}
