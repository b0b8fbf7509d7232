package stttest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// post sends a multipart form of fields and, unless it is nil, a file; it gives status and body.
func post(t *testing.T, url string, file []byte, fields, header map[string]string) (int, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range fields {
		_ = w.WriteField(k, v)
	}
	if file != nil {
		part, err := w.CreatePart(textproto.MIMEHeader{"Content-Type": {"audio/wav"}, "Content-Disposition": {`form-data; name="file"; filename="audio.wav"`}})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write(file)
	}
	_ = w.Close()
	return send(t, http.MethodPost, url, &b, w.FormDataContentType(), header)
}

func send(t *testing.T, method, url string, body io.Reader, contentType string, header map[string]string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

// sound is a WAV of n samples, written by hand as another program would.
func sound(n int) []byte {
	le32 := func(v int) string { return string([]byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)}) }
	return []byte("RIFF" + le32(36+2*n) + "WAVEfmt " + le32(16) + "\x01\x00\x01\x00" + le32(16000) + le32(32000) + "\x02\x00\x10\x00" +
		"data" + le32(2*n) + strings.Repeat("ab", n))
}

func TestOneShotRules(t *testing.T) {
	s := Start(t)
	url := s.URL() + "/stt/v1/stream/general"
	cases := map[string]struct {
		file      []byte
		header    map[string]string
		status    int
		body      string
		complaint string
	}{
		"good":         {sound(16000), nil, 200, `"text":"utterance `, ""},
		"missing":      {nil, nil, 422, "Field required", "Field required"},
		"15 s":         {sound(15 * 16000), nil, 200, `"duration":15,`, ""},
		"longer":       {sound(15*16000 + 1), nil, 200, `"duration":0,`, "15 s"},
		"no WAV":       {[]byte("noise"), nil, 200, `"text":""`, "WAV"},
		"lying header": {sound(100)[:143], nil, 200, `"text":""`, "sizes"},
		"zoned time":   {sound(100), map[string]string{"X-Wake-Word-Time": "2026-01-17T09:00:00.123456Z"}, 200, "utterance", "naive"},
	}
	for name, c := range cases {
		before := len(s.Heard())
		status, body := post(t, url, c.file, map[string]string{"language": "xx"}, c.header)
		h := s.Heard()[before]
		if status != c.status || !strings.Contains(body, c.body) || !strings.Contains(h.Complaint, c.complaint) || (c.complaint == "") != (h.Complaint == "") {
			t.Errorf("%s: %d %s, complaint %q", name, status, body, h.Complaint)
		}
		if h.Query.Has("language") {
			t.Errorf("%s: a form field was read", name)
		}
	}
	if status, _ := send(t, http.MethodGet, url, nil, "", nil); status != 405 {
		t.Errorf("GET: %d", status)
	}
}

func TestTimes(t *testing.T) {
	for in, want := range map[string]bool{
		"2026-01-17T09:00:00.123456": true, "2026-01-17T09:00:00.123456Z": false, "2026-01-17T09:00:00.123456789": false,
		"2026-01-17T09:00:00": false, "2026-01-17T09:00:00.123456+01:00": false,
	} {
		if isNaive(in) != want {
			t.Errorf("%s: %v", in, !want)
		}
	}
}

func TestWebSocketRules(t *testing.T) {
	hop := bytes.Repeat([]byte{1, 2}, 1280)
	cases := map[string]struct {
		frames [][]byte
		want   map[string]any
	}{
		"good":      {[][]byte{hop, hop, hop[:20]}, map[string]any{"type": "transcription", "text": "utterance 1 of 0.16 seconds", "is_final": true}},
		"odd bytes": {[][]byte{hop, hop[:3]}, map[string]any{"type": "error", "error": "odd number of bytes in an audio frame"}},
		"too long":  {[][]byte{append(hop, 0, 0)}, map[string]any{"type": "error", "error": "audio frame too long"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := Start(t)
			conn, _, err := websocket.Dial(t.Context(), s.URL()+"/stt/v1/ws/stream/general", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.CloseNow()
			text := func(m string) { _ = conn.Write(t.Context(), websocket.MessageText, []byte(m)) }
			text(`{"type":"config","wake_word_time":"2026-01-17T09:00:00.123456"}`)
			text(`{"type":"ping"}`)
			if _, data, err := conn.Read(t.Context()); err != nil || string(data) != `{"type":"pong"}` {
				t.Errorf("the ping: %s, %v", data, err)
			}
			for _, f := range c.frames {
				_ = conn.Write(t.Context(), websocket.MessageBinary, f)
			}
			text(`{"type":"end"}`)
			_, data, err := conn.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := json.Unmarshal(data, &got); err != nil {
				t.Fatal(err)
			}
			for k, v := range c.want {
				if got[k] != v {
					t.Errorf("%s is %v, want %v", k, got[k], v)
				}
			}
		})
	}
}

func TestHeartbeatRules(t *testing.T) {
	s := Start(t)
	model := func(status, last string) string {
		return `{"name":"m","topic":"general","type":"wake_word","status":"` + status + `","wake_word":"w","trigger_count":0,"last_triggered":` + last + `}`
	}
	body := func(at, models string) string {
		return `{"instance_id":"i","source":"hey_orac","timestamp":"` + at + `","models":[` + models + `],"metrics":{}}`
	}
	const at = "2026-01-17T09:00:00Z"
	cases := map[string]struct {
		body   string
		status int
		answer string
	}{
		"active counts alone": {body(at, model("active", "null")+","+model("Active", `"2026-01-17T08:58:00"`)), 200, `"topics_processed":1`},
		"no models":           {body(at, ""), 200, `"topics_processed":0`},
		"naive time":          {body("2026-01-17T09:00:00", ""), 422, "timestamp"},
		"zoned trigger":       {body(at, model("active", `"2026-01-17T08:58:00Z"`)), 422, "last_triggered"},
		"no instance":         {`{"source":"hey_orac","timestamp":"` + at + `","models":[]}`, 422, "instance_id"},
		"garbage":             {`{"instance`, 422, "detail"},
	}
	for name, c := range cases {
		status, answer := send(t, http.MethodPost, s.URL()+"/stt/v1/heartbeat", strings.NewReader(c.body), "application/json", nil)
		if status != c.status || !strings.Contains(answer, c.answer) {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
}

func TestScriptThenStanding(t *testing.T) {
	s := Start(t)
	s.Set(Health, Behaviour{Do: Status, Code: 503})
	s.Script(Health, Behaviour{}, Behaviour{Do: EngineError})
	for _, want := range []string{`{"status":"healthy","streaming":{"enabled":true}}`, `{"status":"unhealthy","streaming":{"enabled":true}}`, "as told", "as told"} {
		if _, body := send(t, http.MethodGet, s.URL()+"/stt/v1/health", nil, "", nil); !strings.Contains(body, want) {
			t.Errorf("%s, want %s", body, want)
		}
	}
	if n := len(s.Heard()); n != 4 {
		t.Errorf("%d requests heard", n)
	}
}

// TestOneUtteranceIsNotDigested: the first that comes fails every time, and all others are answered.
func TestOneUtteranceIsNotDigested(t *testing.T) {
	s := Start(t)
	s.Set(HTTP, Behaviour{Do: Status, Code: 500, One: true})
	for i, c := range []struct {
		wake string
		code int
	}{{"2026-01-17T12:00:01.000000", 500}, {"2026-01-17T12:00:02.000000", 200}, {"2026-01-17T12:00:01.000000", 500}, {"2026-01-17T12:00:03.000000", 200}} {
		if i == 2 {
			s.Set(HTTP, Behaviour{Do: Status, Code: 500, One: true}) // it is still about the same
		}
		code, body := post(t, s.URL()+"/stt/v1/stream/general", sound(16000), nil, map[string]string{"X-Wake-Word-Time": c.wake})
		if code != c.code {
			t.Errorf("%d: %d %s, want %d", i, code, body, c.code)
		}
	}
}

// TestWhatBefallsTheServerBefallsAStream: a stream that began well is answered as the server behaves at its end, unless it was scripted.
func TestWhatBefallsTheServerBefallsAStream(t *testing.T) {
	for _, scripted := range []bool{false, true} {
		s := Start(t)
		if scripted {
			s.Script(WS, Behaviour{})
		}
		conn, _, err := websocket.Dial(t.Context(), s.URL()+"/stt/v1/ws/stream/general", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.CloseNow()
		s.Await(t, func(h []Heard) bool { return len(h) == 1 })
		s.Set(WS, Behaviour{Do: Garbage})
		_ = conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"end"}`))
		_, data, err := conn.Read(t.Context())
		if err != nil || json.Valid(data) != scripted {
			t.Errorf("scripted %v: %s, %v", scripted, data, err)
		}
	}
}
