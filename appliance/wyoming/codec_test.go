package wyoming

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// TestRead reads what clients send, in all forms that the protocol has.
func TestRead(t *testing.T) {
	block := func(kind, data, payload string) string {
		return fmt.Sprintf(`{"type":%q,"version":"1.9.0","data_length":%d,"payload_length":%d}`+"\n%s%s", kind, len(data), len(payload), data, payload)
	}
	for name, c := range map[string]struct {
		in      string
		kind    string
		into    any
		want    any
		payload string
	}{
		"no data":             {in: `{"type":"describe"}` + "\n", kind: KindDescribe},
		"inline":              {in: `{"type":"ping","data":{"text":"a"}}` + "\n", kind: KindPing, into: &Ping{}, want: &Ping{Text: "a"}},
		"block":               {in: block("ping", `{"text":"a"}`, ""), kind: KindPing, into: &Ping{}, want: &Ping{Text: "a"}},
		"the block wins":      {in: `{"type":"transcribe","data":{"name":"x","language":"de"},"data_length":12}` + "\n" + `{"name":"y"}`, kind: KindTranscribe, into: &Transcribe{}, want: &Transcribe{Name: "y", Language: "de"}},
		"null is absent":      {in: `{"type":"detect","data":null,"data_length":null,"payload_length":null}` + "\n", kind: KindDetect, into: &Detect{}, want: &Detect{}},
		"null fields":         {in: block("detection", `{"name":null,"timestamp":null,"speaker":null}`, ""), kind: KindDetection, into: &Detection{}, want: &Detection{}},
		"unknown keys":        {in: block("ping", `{"text":"a","mood":["x"]}`, ""), kind: KindPing, into: &Ping{}, want: &Ping{Text: "a"}},
		"empty lengths":       {in: `{"type":"ping","data_length":0,"payload_length":0}` + "\n", kind: KindPing, into: &Ping{}, want: &Ping{}},
		"payload":             {in: block("audio-chunk", `{"rate":16000,"width":2,"channels":1,"timestamp":12.5}`, "\x01\x02\n\x04"), kind: KindAudioChunk, into: &Audio{}, want: &Audio{Speech, new(Millis(12))}, payload: "\x01\x02\n\x04"},
		"unknown kind":        {in: block("future", `{"a":1}`, "xyz"), kind: "future", payload: "xyz"},
		"spaces and line end": {in: " {\"type\" : \"describe\"}\r\n", kind: KindDescribe},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReader(strings.NewReader(c.in))
			e, err := r.Next()
			if err != nil || e.Kind != c.kind || string(e.Payload) != c.payload {
				t.Fatalf("got %q with payload %q, and %v", e.Kind, e.Payload, err)
			}
			if c.into != nil {
				if err := e.Decode(c.into); err != nil || !reflect.DeepEqual(c.into, c.want) {
					t.Errorf("decoded %+v, %v; want %+v", c.into, err, c.want)
				}
			}
			if _, err := r.Next(); err != io.EOF {
				t.Errorf("after the event: %v, want the end", err)
			}
		})
	}
}

// TestReadBad: what breaks the protocol is an error that names the cause, and takes no memory.
func TestReadBad(t *testing.T) {
	long := strings.Repeat("x", MaxLine)
	for name, c := range map[string]struct{ in, want string }{
		"not JSON":           {"hello\n", "must be a JSON object"},
		"HTTP":               {"GET / HTTP/1.1\r\n\r\n", "must be a JSON object"},
		"half an object":     {"{\"type\":\n", "cannot be read"},
		"an array":           {"[1]\n", "must be a JSON object"},
		"an empty line":      {"\n", "must be a JSON object"},
		"no type":            {"{}\n", "has no type"},
		"a number as type":   {"{\"type\":1}\n", "cannot be read"},
		"not UTF-8":          {"{\"type\":\"\xff\"}\n", "not UTF-8"},
		"2^40 bytes of data": {`{"type":"ping","data_length":1099511627776}` + "\n", "data_length is 1099511627776; at most 1048576"},
		"2^40 bytes":         {`{"type":"audio-chunk","payload_length":1099511627776}` + "\n", "at most 4194304"},
		"more than any int":  {`{"type":"ping","data_length":99999999999999999999}` + "\n", "cannot be read"},
		"a negative length":  {`{"type":"ping","payload_length":-1}` + "\n", "payload_length is negative"},
		"a fraction":         {`{"type":"ping","data_length":1.5}` + "\n", "cannot be read"},
		"a text as length":   {`{"type":"ping","data_length":"2"}` + "\n", "cannot be read"},
		"inline array":       {`{"type":"ping","data":[]}` + "\n", "data must be an object"},
		"block not JSON":     {`{"type":"ping","data_length":3}` + "\n{a}", "3 bytes is not JSON"},
		"block an array":     {`{"type":"ping","data_length":2}` + "\n[]", "must be an object"},
		"a long line":        {`{"type":"` + long, "longer than 65536 bytes"},
		"half a header":      {`{"type":"ping"`, "unexpected EOF"},
		"half a block":       {`{"type":"ping","data_length":30}` + "\n{", "unexpected EOF"},
		"half a payload":     {`{"type":"audio-chunk","payload_length":4194304}` + "\nxx", "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			allocated := testing.AllocsPerRun(1, func() {
				if _, err := NewReader(strings.NewReader(c.in)).Next(); err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want an error with %q", err, c.want)
				}
			})
			if allocated > 200 {
				t.Errorf("%.0f allocations", allocated)
			}
		})
	}
	exact := `{"type":"ping","data":{"text":"` + strings.Repeat("x", MaxLine-len(`{"type":"ping","data":{"text":""}}`)) + `"}}`
	if e, err := NewReader(strings.NewReader(exact + "\n")).Next(); err != nil || e.Kind != KindPing {
		t.Errorf("a line of exactly 64 KiB: %v", err)
	}
}

// TestPieces: a long chunk comes in pieces, and the payloads of other events are skipped.
func TestPieces(t *testing.T) {
	var wire bytes.Buffer
	w, sound := NewWriter(&wire), bytes.Repeat([]byte("0123456789"), 10)
	for _, kind := range []string{KindAudioChunk, "future", KindAudioChunk} {
		if err := w.Write(kind, nil, sound); err != nil {
			t.Fatal(err)
		}
	}
	r, kinds, got := NewReader(&wire), "", []byte(nil)
	r.Piece = 64
	for {
		e, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil || len(e.Payload) > 64 || e.Size != 100 {
			t.Fatalf("%d bytes of %d, %v", len(e.Payload), e.Size, err)
		}
		kinds += fmt.Sprintf("%s:%d ", e.Kind, e.Rest)
		got = append(got, e.Payload...)
	}
	if want := "audio-chunk:36 audio-chunk:0 future:0 audio-chunk:36 audio-chunk:0 "; kinds != want || !bytes.Equal(got, append(sound, sound...)) {
		t.Errorf("got %s with %q", kinds, got)
	}
}

// TestWrite: data travels as a block, empty parts leave their lengths out, and events of several goroutines stay whole.
func TestWrite(t *testing.T) {
	var wire bytes.Buffer
	w := NewWriter(&wire)
	for _, err := range []error{
		w.Write(KindDescribe, nil, nil), w.Write(KindAudioStop, AudioStop{}, nil), w.Write(KindAudioChunk, Audio{Format: Speech}, []byte{1, 2}),
		w.Write(KindTranscript, Transcript{}, nil),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := `{"type":"describe"}
{"type":"audio-stop"}
{"type":"audio-chunk","data_length":38,"payload_length":2}
{"rate":16000,"width":2,"channels":1}` + "\x01\x02" + `{"type":"transcript","data_length":11}
{"text":""}`
	want = strings.Replace(want, "38", fmt.Sprint(len(`{"rate":16000,"width":2,"channels":1}`)), 1)
	if got := wire.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if err := w.Write(KindAudioChunk, nil, make([]byte, MaxPayload+1)); err == nil {
		t.Error("wrote a payload that nobody accepts")
	}

	reader, writer := io.Pipe()
	w = NewWriter(writer)
	var writing sync.WaitGroup
	for range 4 {
		writing.Go(func() {
			for range 50 {
				_ = w.Write(KindAudioChunk, Audio{Format: Speech}, []byte("\n{}\n"))
				_ = w.Write(KindPong, Ping{Text: "a"}, nil)
			}
		})
	}
	go func() { writing.Wait(); _ = writer.Close() }()
	r, n := NewReader(reader), 0
	for ; ; n++ {
		if _, err := r.Next(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("event %d: %v", n, err)
		}
	}
	if n != 400 {
		t.Errorf("read %d events, want 400", n)
	}
}

// TestInfoIsComplete: what Home Assistant requires is there, also when it is empty.
func TestInfoIsComplete(t *testing.T) {
	var wire bytes.Buffer
	info := Info{ASR: []ASR{{Models: []ASRModel{{}}}}, Wake: []Wake{{Models: []WakeModel{{}}}}}
	if err := NewWriter(&wire).Write(KindInfo, info, nil); err != nil {
		t.Fatal(err)
	}
	e, err := NewReader(&wire).Next()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := e.Decode(&got); err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{"asr", "tts", "wake", "handle", "intent", "mic", "snd"} {
		artifacts, ok := got[list].([]any)
		if !ok {
			t.Errorf("%s is %v, not a list", list, got[list])
		}
		for _, a := range artifacts {
			a := a.(map[string]any)
			for _, a := range append(a["models"].([]any), a) {
				for _, key := range []string{"name", "attribution", "installed"} {
					if a.(map[string]any)[key] == nil {
						t.Errorf("an artifact in %s has no %s", list, key)
					}
				}
			}
		}
	}
}

// FuzzRead: whatever arrives, it is events or an error, no event exceeds the limits, and what was read can be written and read again.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`{"type":"describe"}` + "\n", `{"type":"ping","data":{"text":"a"},"data_length":2}` + "\n{}", `{"type":"audio-chunk","payload_length":3}` + "\nabc",
		`{"type":"detect","data_length":1099511627776}` + "\n", `{"type":"x","data":null}` + "\n{\"type\"",
	} {
		f.Add([]byte(seed), 0)
		f.Add([]byte(seed), 2)
	}
	f.Fuzz(func(t *testing.T, in []byte, piece int) {
		r := NewReader(bytes.NewReader(in))
		r.Piece = max(0, piece)
		for {
			e, err := r.Next()
			if err != nil {
				return
			}
			if e.Kind == "" || len(e.Payload) > len(in) || e.Rest < 0 || r.Piece > 0 && len(e.Payload) > r.Piece {
				t.Fatalf("%+v", e)
			}
			var data map[string]json.RawMessage
			if err := e.Decode(&data); err != nil {
				t.Fatalf("data that was let through: %v", err)
			}
			for _, into := range []any{&Audio{}, &Transcribe{}, &Detect{}, &Info{}, &Ping{}} {
				_ = e.Decode(into)
			}
			var wire bytes.Buffer
			if err := NewWriter(&wire).Write(e.Kind, data, e.Payload); err != nil {
				return // a key that is longer as Go writes it
			}
			if again, err := NewReader(&wire).Next(); err != nil && !errors.Is(err, ErrFormat) || err == nil && (again.Kind != e.Kind || !bytes.Equal(again.Payload, e.Payload)) {
				t.Fatalf("%+v became %+v, %v", e, again, err)
			}
		}
	})
}

// TestTheContextOfAClientIsItsOwn: whatever it writes there, its request is read.
func TestTheContextOfAClientIsItsOwn(t *testing.T) {
	for context, want := range map[string]string{
		`{"utterance_id":"u1","more":[1]}`: "u1", `{}`: "", `null`: "", `"text"`: "", `[1]`: "", `{"utterance_id":7}`: "",
	} {
		e, err := NewReader(strings.NewReader(`{"type":"transcribe","data":{"language":"en","context":` + context + "}}\n")).Next()
		if err != nil {
			t.Fatal(err)
		}
		var got Transcribe
		if err := e.Decode(&got); err != nil || got.Language != "en" || (got.Context == nil && want != "") || got.Context != nil && got.Context.Utterance != want {
			t.Errorf("%s: %+v, %v", context, got, err)
		}
	}
}
