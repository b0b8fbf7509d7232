package notify

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"

	"orac/appliance/rt"
	"orac/appliance/stt/stttest"
	"orac/appliance/stt/wire"
)

// said is what a server was sent, one line a request.
type said struct{ lines []string }

// core is a server that answers every request alike.
func coreAt(t *testing.T, status int, answer string) (*httptest.Server, *said) {
	t.Helper()
	var got said
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got.lines = append(got.lines, fmt.Sprintf("%s %s %s %s %s", r.Method, r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("Idempotency-Key"), body))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s, &got
}

func generate(t *testing.T, c CoreConfig, command Command) error {
	t.Helper()
	k, err := NewCore(c)
	if err != nil {
		t.Fatal(err)
	}
	_, err = do(t, func(task *rt.Task) (struct{}, error) {
		return struct{}{}, k.Generate(task, command, func(*rt.Task) error { return nil })
	})
	return err
}

var lights = Command{
	ID: "evt-1", Topic: "general", Text: "turn on the lights", Language: "en", Confidence: 0.9, Duration: 2.5, Processing: 0.25,
	Wake: time.Date(2026, 1, 17, 9, 0, 0, 123456789, time.Local), End: time.Date(2026, 1, 17, 9, 0, 3, 0, time.Local),
	Start: time.Date(2026, 1, 17, 9, 0, 3, 5e8, time.Local), Done: time.Date(2026, 1, 17, 9, 0, 4, 0, time.Local),
}

// TestATextOnTheWire is as ORAC Core wants it: times are local, without a zone, with microseconds.
func TestATextOnTheWire(t *testing.T) {
	s, got := coreAt(t, 200, `{"status":"success","response":"{}","elapsed_ms":1.5,"error":null,"model":"m"}`)
	if err := generate(t, CoreConfig{URL: s.URL + "/", Token: secret("hush")}, lights); err != nil {
		t.Fatal(err)
	}
	const want = `POST /v1/generate/general Bearer hush evt-1 {"prompt":"turn on the lights","stream":false,"metadata":{"confidence":0.9,"language":"en",` +
		`"duration":2.5,"processing_time":0.25,"stt_start_time":"2026-01-17T09:00:03.500000","stt_end_time":"2026-01-17T09:00:04.000000",` +
		`"wake_word_time":"2026-01-17T09:00:00.123456","recording_end_time":"2026-01-17T09:00:03.000000","source":"orac_stt",` +
		`"timestamp":"2026-01-17T09:00:04.000000"}}`
	if len(got.lines) != 1 || got.lines[0] != want {
		t.Errorf("got  %q\nwant %q", got.lines, want)
	}
	bare := Command{ID: "evt-2", Topic: "a", Text: "x"}
	if err := generate(t, CoreConfig{URL: s.URL}, bare); err != nil || !strings.Contains(got.lines[1], `"wake_word_time":null`) {
		t.Errorf("%v, %q", err, got.lines[1])
	}
}

func TestTopicsOnTheWire(t *testing.T) {
	s, got := coreAt(t, 200, `{"status":"ok","topics_processed":1,"topics_created":0,"message":"m"}`)
	k, err := NewCore(CoreConfig{URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, err = do(t, func(task *rt.Task) (struct{}, error) {
		return struct{}{}, k.Topics(task, TopicsBeat{InstanceID: "orac_stt_house", Upstream: "hey_orac", At: lights.Done, Topics: []ActiveTopic{{"general", "hey jarvis", 3, lights.Wake}, {Name: "b"}}})
	})
	const want = `POST /v1/topics/heartbeat   {"source":"orac_stt","upstream_source":"hey_orac","instance_id":"orac_stt_house","timestamp":"2026-01-17T09:00:04.000000","topics":[` +
		`{"name":"general","status":"active","last_triggered":"2026-01-17T09:00:00.123456","trigger_count":3,"wake_word":"hey jarvis"},` +
		`{"name":"b","status":"active","last_triggered":null,"trigger_count":0,"wake_word":""}]}`
	if err != nil || len(got.lines) != 1 || got.lines[0] != want {
		t.Errorf("%v\ngot  %q\nwant %q", err, got.lines, want)
	}
}

// TestCoresThatRefuse: what is final, what is tried again, and what is in doubt.
func TestCoresThatRefuse(t *testing.T) {
	for _, c := range []struct {
		status int
		answer string
		token  string
		kind   wire.Kind
		doubt  bool
	}{
		{403, `{"detail":"Topic is disabled"}`, "", wire.Refused, false},
		{403, `{"detail":"no"}`, "hush", wire.Unauthorised, false},
		{401, `{"detail":"no"}`, "hush", wire.Unauthorised, false},
		{404, `{"detail":"Backend not found"}`, "", wire.Unreachable, false},
		{422, `{"detail":[]}`, "", wire.Refused, false},
		{500, `{"detail":""}`, "", wire.Busy, false},
		{502, ``, "", wire.Busy, true}, // a proxy has lost the answer
		{504, ``, "", wire.Busy, true},
		{200, `{"status":"error","error":"no model"}`, "", wire.Engine, false},
		{200, `{"status":"queued"}`, "", wire.Protocol, true},
		{200, `<html>`, "", wire.Protocol, true},
	} {
		s, _ := coreAt(t, c.status, c.answer)
		err := generate(t, CoreConfig{URL: s.URL, Token: secret(c.token)}, lights)
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != c.kind || (e.Doubt != wire.NoDoubt) != c.doubt {
			t.Errorf("%d %s: %+v", c.status, c.answer, err)
		}
	}
}

// TestAHostileCore holds nobody up, and what it says is fit to be shown.
func TestAHostileCore(t *testing.T) {
	for name, bad := range never {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			err := generate(t, CoreConfig{URL: stttest.Hostile(t, bad).URL(), Timeout: patience, Token: secret("hush-head")}, lights)
			if e, ok := errors.AsType[*Error](err); !ok || time.Since(began) > 2*time.Second || len(e.Error()) > 1000 || strings.Contains(e.Error(), "hush-head") || strings.ContainsFunc(e.Error(), unicode.IsControl) {
				t.Errorf("after %v: %q", time.Since(began), err)
			}
		})
	}
}

func TestActionable(t *testing.T) {
	for text, want := range map[string]bool{"lights": true, "": false, " \n": false, "[Transcription Failed: x]": false, " [BLANK]": false, "a [b]": true} {
		if Actionable(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func FuzzParseGenerated(f *testing.F) {
	f.Add([]byte(`{"status":"success","error":null}`))
	f.Add([]byte(`{"status":"error","error":{"a":[1]}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		words, err := parseGenerated(answer)
		if words != "" && err != nil || len(words) > len(answer)*8+1000 {
			t.Errorf("%q, %v", words, err)
		}
	})
}
