package stt

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestParseResult(t *testing.T) {
	cases := map[string]struct {
		in     string
		want   Result
		engine bool
		words  string // of the error
	}{
		"whole":           {`{"text":" hi ","confidence":0.5,"language":"en","duration":2,"processing_time":0.5}`, Result{Text: "hi", Confidence: 0.5, Language: "en", Duration: 2 * time.Second, ProcessingTime: time.Second / 2}, false, ""},
		"text only":       {`{"text":"hi"}`, Result{Text: "hi"}, false, ""},
		"nulls":           {`{"text":"hi","confidence":null,"language":null,"duration":null}`, Result{Text: "hi"}, false, ""},
		"more than known": {`{"text":"hi","segments":[{"a":1}]}`, Result{Text: "hi"}, false, ""},
		"silence":         {`{"text":"","duration":1.5}`, Result{Duration: 1500 * time.Millisecond}, false, ""},
		"silence, short":  {`{"text":" "}`, Result{}, false, ""},
		"confidence":      {`{"text":"hi","confidence":7e9}`, Result{Text: "hi", Confidence: 1}, false, ""},
		"escape sequence": {`{"text":"a\u001b[2Jb\r\nc\u202ed"}`, Result{Text: "a [2Jb  c d"}, false, ""},
		"unreadable":      {`{"text":"","duration":0.0}`, Result{}, true, "duration 0"},
		"failed":          {`{"text":" [transcription failed: x]","duration":2}`, Result{}, true, "failed: x"},
		"failed, timed":   {`{"text":"[00:00.000 --> 00:02.000] [Transcription Failed: x]","duration":2}`, Result{}, true, "Failed: x"},
		"error":           {`{"error":"no model","text":"hi"}`, Result{}, true, "no model"},
		"no text":         {`{"duration":2}`, Result{}, false, "no text"},
		"null":            {`null`, Result{}, false, "no text"},
		"duration":        {`{"text":"hi","duration":-1}`, Result{}, false, "duration"},
		"time":            {`{"text":"hi","processing_time":1e300}`, Result{}, false, "processing_time"},
		"out of range":    {`{"text":"hi","confidence":1e999}`, Result{}, false, "JSON"},
		"two values":      {`{"text":"hi"}{"text":"ho"}`, Result{}, false, "JSON"},
		"nothing":         {``, Result{}, false, "JSON"},
		"page":            {`<html>sign in</html>`, Result{}, false, "JSON"},
	}
	for name, c := range cases {
		got, err := parseResult([]byte(c.in))
		_, engine := errors.AsType[*engineError](err)
		if got != c.want || engine != c.engine || (err == nil) != (c.words == "") || err != nil && !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestEmpty(t *testing.T) {
	for text, want := range map[string]bool{"": true, " \n": true, "[BLANK_AUDIO]": true, " [ music ]": true, "yes": false, "go [now]": false,
		"[Music] turn on the lights": false, "[00:00:00.000 --> 00:00:02.120]   Turn on the lights.": false, "SPEAKER_00: yes": false, "♪ la ♪": true} {
		if got := (Result{Text: text}).Empty(); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func checkResult(t *testing.T, r Result, err error) {
	if err != nil {
		if r != (Result{}) {
			t.Errorf("a result beside %v: %+v", err, r)
		}
		return
	}
	if !utf8.ValidString(r.Text) || strings.ContainsFunc(r.Text, unicode.IsControl) || strings.ContainsFunc(r.Language, unicode.IsControl) {
		t.Errorf("not fit for a terminal: %q %q", r.Text, r.Language)
	}
	if !(r.Confidence >= 0 && r.Confidence <= 1) || math.IsNaN(r.Confidence) || r.Duration < 0 || r.ProcessingTime < 0 {
		t.Errorf("%+v", r)
	}
	if hidesFailure(r.Text) {
		t.Errorf("a failure taken for speech: %q", r.Text)
	}
}

func FuzzParseResult(f *testing.F) {
	for _, seed := range []string{
		`{"text":"turn on the lights","confidence":0.9,"language":"en","duration":2.5,"processing_time":0.3}`,
		`{"text":"","duration":0.0}`, `{"text":"[Transcription Failed: x]"}`, `{"error":"x"}`, `{"text":null}`, `[]`, `{"text":"\ud800\u001b"}`, `{"duration":1e308,"text":"a"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseResult(data)
		checkResult(t, r, err)
	})
}

func FuzzParseMessage(f *testing.F) {
	for _, seed := range []string{
		`{"type":"transcription","text":"turn on the lights","is_final":true}`, `{"type":"transcription","text":"tu","is_final":false}`,
		`{"type":"error","error":"odd"}`, `{"type":"error"}`, `{"type":"ping"}`, `{"type":7}`, `{}`, `nul`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, last, err := parseMessage(data)
		if err != nil && last {
			t.Errorf("last, and %v", err)
		}
		if last {
			r, err := a.result()
			if a.Type == "error" && err == nil {
				t.Errorf("an error taken for a result: %+v", r)
			}
			checkResult(t, r, err)
		}
	})
}

// TestHealthSaysWhetherItStreams: only streaming.enabled says it, and nothing else that stands there makes the answer a bad one.
func TestHealthSaysWhetherItStreams(t *testing.T) {
	for text, want := range map[string]string{
		`{"status":"healthy","streaming":{"enabled":false,"active":0}}`: "off",
		`{"status":"healthy","streaming":{"enabled":true}}`:             "on",
		`{"status":"healthy"}`:                                   "",
		`{"status":"healthy","streaming":{}}`:                    "",
		`{"status":"healthy","streaming":null}`:                  "",
		`{"status":"healthy","streaming":{"enabled":null}}`:      "",
		`{"status":"healthy","streaming":false}`:                 "",
		`{"status":"healthy","streaming":{"enabled":"no"}}`:      "",
		`{"status":"healthy","streaming":[{"enabled":false}]}`:   "",
		`{"status":"healthy","enabled":false,"stream":"fast"}`:   "",
		`{"status":"healthy","streaming":{"streaming":{"x":1}}}`: "",
	} {
		h, err := parseHealth([]byte(text))
		got := ""
		if h.Streaming != nil {
			got = map[bool]string{true: "on", false: "off"}[*h.Streaming]
		}
		if err != nil || h.Status != "healthy" || got != want {
			t.Errorf("%s: %+v, %v; streaming is %q, want %q", text, h, err, got, want)
		}
	}
}

func FuzzParseHealth(f *testing.F) {
	for _, text := range []string{`{"status":"healthy","streaming":{"enabled":false}}`, `{"status":7}`, `{"streaming":{"enabled":[`, "null", ""} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := parseHealth(data)
		if err != nil && (h.Status != "" || h.Streaming != nil) {
			t.Errorf("%q: %+v beside %v", data, h, err)
		}
	})
}
