package stt

import (
	"bufio"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"orac/appliance/stt/stttest"
	"orac/appliance/stt/wire"
)

// foreign starts a server of testdata, which shares no code with the client, and returns its address without a scheme.
func foreign(t *testing.T, file string) string {
	t.Helper()
	cmd := exec.Command("node", "testdata/"+file)
	in, err := cmd.StdinPipe() // it ends with its input
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return "127.0.0.1:" + strings.TrimSpace(port)
}

func newOpenAI(t *testing.T, c ServerConfig) *OpenAI {
	t.Helper()
	o, err := NewOpenAI(c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func newWhisperServer(t *testing.T, c ServerConfig) *WhisperServer {
	t.Helper()
	w, err := NewWhisperServer(c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestForeignServers: servers in another language understand each request, and what they answer is understood.
func TestForeignServers(t *testing.T) {
	url := "http://" + foreign(t, "servers.mjs")
	pcm := voice(24000)
	o := newOpenAI(t, ServerConfig{URL: url + "/v1/audio/transcriptions", Token: secret("sk-test"), Model: "whisper-1", Language: "en-GB", Prompt: "Orac, Jarvis"})
	got, err := transcribe(t, o, pcm)
	if err != nil || got.Text != "audio.wav audio/wav 1.5 whisper-1 en Orac, Jarvis verbose_json" || got.Language != "english" || got.Duration != 1500*time.Millisecond {
		t.Errorf("verbose: %+v, %v", got, err)
	}
	if want := (0.9 + 0.5*0.8) / 2; math.Abs(got.Confidence-want) > 1e-9 {
		t.Errorf("confidence %v, want %v", got.Confidence, want)
	}
	o = newOpenAI(t, ServerConfig{URL: url + "/v1", Token: secret("sk-test"), Model: "gpt-4o-transcribe"})
	for range 2 { // the second time the plain form is asked for at once
		if got, err = transcribe(t, o, pcm); err != nil || got.Text != "audio.wav audio/wav 1.5 gpt-4o-transcribe - - json" || got.Confidence != 0 || !o.plain.Load() {
			t.Errorf("plain: %+v, %v", got, err)
		}
	}
	if _, err := do(t, o.Health); err != nil {
		t.Errorf("health: %v", err)
	}
	w := newWhisperServer(t, ServerConfig{URL: url + "/inference", Language: "de"})
	if got, err = transcribe(t, w, pcm); err != nil || got.Text != "audio.wav audio/wav 1.5 json de -" || got.Confidence != 0 {
		t.Errorf("whisper.cpp: %+v, %v", got, err)
	}
	if _, err := do(t, w.Health); err != nil {
		t.Errorf("health of whisper.cpp: %v", err)
	}
	_, err = transcribe(t, newOpenAI(t, ServerConfig{URL: url, Model: "whisper-1", Token: secret("hush")}), pcm)
	wantError(t, err, Unauthorised, 401, RetryForever, "check the token")
	_, err = do(t, newOpenAI(t, ServerConfig{URL: url, Model: "whisper-1", Token: secret("hush")}).Health)
	wantError(t, err, Unauthorised, 401, RetryForever, "check the token")
	_, err = transcribe(t, newOpenAI(t, ServerConfig{URL: url, Model: "whisper-9", Token: secret("sk-test")}), pcm)
	wantError(t, err, Unreachable, 404, RetryForever, "check url and model")
	_, err = transcribe(t, newOpenAI(t, ServerConfig{URL: url, Model: "limited", Token: secret("sk-test")}), pcm)
	wantError(t, err, Busy, 429, RetryForever, "Rate limit")
	if e, _ := errors.AsType[*Error](err); e.RetryAfter != 7*time.Second {
		t.Errorf("again after %v", e.RetryAfter)
	}
}

// TestHostileUploads: what TestAHostileServiceOverHTTP tries, for the other protocols.
func TestHostileUploads(t *testing.T) {
	together(t, hostilities(), hostile(func(t *testing.T, url string) Client {
		return newOpenAI(t, ServerConfig{URL: url, Timeout: patience, Token: secret("hush"), Model: "m"})
	}))
	together(t, hostilities(), hostile(func(t *testing.T, url string) Client {
		return newWhisperServer(t, ServerConfig{URL: url, Timeout: patience, Token: secret("hush")})
	}))
}

// TestUploadsGoNowhereElse: no redirect is followed, neither with sound nor with a token.
func TestUploadsGoNowhereElse(t *testing.T) {
	other := stttest.Hostile(t, nil)
	points := httptest.NewServer(http.RedirectHandler(other.URL()+"/v1/models", http.StatusTemporaryRedirect))
	defer points.Close()
	o := newOpenAI(t, ServerConfig{URL: points.URL, Token: secret("hush"), Model: "m"})
	_, err := transcribe(t, o, voice(1600))
	wantError(t, err, Unreachable, 307, RetryForever, "redirects are not followed")
	_, err = do(t, o.Health)
	wantError(t, err, Unreachable, 307, RetryForever, "redirects are not followed")
	if n := other.Asked(); n != 0 {
		t.Errorf("the other was connected to %d times", n)
	}
}

// TestWhetherAServerIsThere: a server without a health check is well, and one that is broken is not.
func TestWhetherAServerIsThere(t *testing.T) {
	for status, well := range map[int]bool{200: true, 204: true, 403: true, 404: true, 405: true, 429: true, 401: false, 302: false, 500: false, 503: false} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v1/models" && r.URL.Path != "/" {
				t.Errorf("asked for %s", r.URL.Path)
			}
			w.WriteHeader(status)
		}))
		for _, p := range []Prober{newOpenAI(t, ServerConfig{URL: s.URL, Model: "m"}), newWhisperServer(t, ServerConfig{URL: s.URL})} {
			if h, err := do(t, p.Health); (err == nil) != well || h != (Health{}) {
				t.Errorf("%T, %d: %+v, %v", p, status, h, err)
			}
		}
		s.Close()
	}
}

// TestUploadTooLong: sound that no service takes is not sent.
func TestUploadTooLong(t *testing.T) {
	p := stttest.Hostile(t, nil)
	w := newWhisperServer(t, ServerConfig{URL: p.URL()})
	for _, n := range []int{0, maxSamples + 1} {
		_, err := transcribe(t, w, voice(n))
		wantError(t, err, Refused, 0, GiveUp, "s of sound")
	}
	if p.Asked() != 0 {
		t.Error("it was sent")
	}
}

// TestUploadAddresses: an address may be written with the path of the protocol.
func TestUploadAddresses(t *testing.T) {
	for raw, want := range map[string]string{
		"https://api.example": "https://api.example/v1/models", "https://api.example/v1": "https://api.example/v1/models",
		"https://api.example/v1/audio/transcriptions": "https://api.example/v1/models", "http://h:8000/openai/v1/": "http://h:8000/openai/v1/models",
	} {
		o := newOpenAI(t, ServerConfig{URL: raw, Model: "m"})
		if got := o.base.HTTP(nil, "v1", "models"); got != want {
			t.Errorf("%s: %s", raw, got)
		}
	}
	if _, err := NewOpenAI(ServerConfig{URL: "https://user:hush@h"}); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("%v", err)
	}
	if _, err := NewWhisperServer(ServerConfig{URL: "http://h", TLS: wire.TLS{CA: "/nowhere"}}); err == nil {
		t.Error("a missing authority is accepted")
	}
}

func TestParseTranscription(t *testing.T) {
	for in, want := range map[string]struct {
		r     Result
		words string
	}{
		`{"text":" lights on\n"}`:                                         {Result{Text: "lights on"}, ""},
		`{"text":""}`:                                                     {Result{Silence: true}, ""},
		`{"text":"","duration":"2.5"}`:                                    {Result{Silence: true, Duration: 2500 * time.Millisecond}, ""},
		`{"text":"","duration":0}`:                                        {Result{}, "could not read the sound"},
		`{"text":"x","error":null}`:                                       {Result{Text: "x"}, ""},
		`{"text":"x","error":false}`:                                      {Result{Text: "x"}, ""},
		`{"error":"no 'file' field"}`:                                     {Result{}, "no 'file' field"},
		`{"error":{"message":"bad sound"}}`:                               {Result{}, "bad sound"},
		`{"error":{"code":7},"text":"x"}`:                                 {Result{}, "an error without words"},
		`{"segments":[]}`:                                                 {Result{}, "no text"},
		`{"text":"x","duration":"soon"}`:                                  {Result{}, "not a number"},
		`{"text":"x","duration":-1}`:                                      {Result{}, "-1 s"},
		`{"text":"x","segments":[{"start":0,"end":1,"text":"x"}]}`:        {Result{Text: "x"}, ""},
		`{"text":"x","segments":[{"avg_logprob":0},{"start":0,"end":1}]}`: {Result{Text: "x"}, ""},
		`{"text":"x","segments":[{"start":1,"end":0,"avg_logprob":9,"no_speech_prob":-3}]}`:                      {Result{Text: "x", Confidence: 1}, ""},
		`{"text":"x","segments":[{"start":0,"end":1,"avg_logprob":-1e308},{"start":1,"end":2,"avg_logprob":0}]}`: {Result{Text: "x", Confidence: 0.5}, ""},
	} {
		got, err := parseTranscription([]byte(in))
		if got != want.r || (err == nil) != (want.words == "") || err != nil && !strings.Contains(err.Error(), want.words) {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
}

func FuzzParseTranscription(f *testing.F) {
	for _, seed := range []string{
		`{"text":"lights on","language":"english","duration":"2.5","segments":[{"start":0,"end":2.5,"avg_logprob":-0.2,"no_speech_prob":0.01}]}`,
		`{"text":"","duration":0}`, `{"error":{"message":"x"}}`, `{"error":[]}`, `{"text":"a","segments":[{"start":-1e308,"end":1e308,"avg_logprob":-1e308}]}`, `{"text":"a","duration":""}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseTranscription(data)
		checkResult(t, r, err)
		if err == nil && r.Silence != (r.Text == "") {
			t.Errorf("%+v", r)
		}
	})
}
