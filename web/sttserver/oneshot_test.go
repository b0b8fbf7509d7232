package sttserver

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"orac/appliance/sttrole"
	"orac/web/peers"
	"orac/web/peers/peertest"
	"orac/web/schema"
)

// TestAnUtteranceInOneRequest: what the appliance is told, and what the peer gets.
func TestAnUtteranceInOneRequest(t *testing.T) {
	r := newRig(t)
	wake := "2026-01-17T09:00:00.123456"
	w := r.send(peertest.As{Token: r.Token("hey_orac")}, "/stt/v1/stream/kitchen?language=en&task=transcribe&forward_to_core=false&unknown=1", sound(1.5),
		"X-Wake-Word-Time", wake, "X-Recording-End-Time", "2026-01-17T09:00:02.000001", "Idempotency-Key", "u-1", "X-Recording-Cut", "stopped")
	got := peertest.Get[map[string]any](t, w, 200)
	want := map[string]any{"text": "turn on the lights", "confidence": 0.9, "language": "en", "duration": 1.5, "processing_time": 0.2, "id": "t-1", "topic": "general", "forward": "queued"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	h, _ := r.engine.last()
	no, at := false, time.Date(2026, 1, 17, 9, 0, 0, 123456000, time.Local)
	if len(h.PCM) != 24000 || h.PCM[7] != 140 || !h.Wake.Equal(at) || h.End.IsZero() || h.ID != "u-1" || h.Cut != "stopped" || h.Topic != "kitchen" || h.Language != "en" || h.Task != "transcribe" || *h.ForwardToCore != no || h.Streamed {
		t.Errorf("%d samples, %+v", len(h.PCM), h)
	}
	if h.Peer != (sttrole.Peer{Name: "service:hey_orac", Address: "192.0.2.1"}) {
		t.Errorf("%+v", h.Peer)
	}
	// A legacy peer gets exactly what the existing service says.
	w = r.send(peertest.LegacyPeer, "/stt/v1/stream", sound(1))
	if got := peertest.Get[map[string]any](t, w, 200); !reflect.DeepEqual(got, map[string]any{"text": "turn on the lights", "confidence": 0.9, "language": "en", "duration": 1.0, "processing_time": 0.2}) {
		t.Errorf("%v", got)
	}
	if h, _ := r.engine.last(); !h.Peer.Legacy || h.Peer.Name != "peer:old" || h.Topic != "general" || h.ForwardToCore != nil {
		t.Errorf("%+v", h)
	}
	// language, task and forward_to_core are read from the query alone.
	body, kind := form("file", sound(1))
	text := strings.Replace(body.String(), "\r\n--", "\r\n--", 1)
	req := r.Request(peertest.As{Token: r.Token("hey_orac")}, "POST", "/stt/v1/stream", strings.NewReader(text+"forward_to_core=false"))
	req.Header.Set("Content-Type", kind)
	if w := r.Do(req); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestSilenceIsAnAnswer: the language that was asked for tells it from a failure.
func TestSilenceIsAnAnswer(t *testing.T) {
	r := newRig(t)
	r.engine.hear = func(context.Context, sttrole.Hearing) (sttrole.Heard, error) {
		return sttrole.Heard{Nothing: "silence"}, nil
	}
	got := peertest.Get[transcription](t, r.send(peertest.As{Token: r.Token("hey_orac")}, "/stt/v1/stream?language=de", sound(2)), 200)
	if got.Text != "" || got.Language != "de" || got.Duration != 2 || got.Nothing != "silence" {
		t.Errorf("%+v", got)
	}
}

// aLaw is a WAV of 8 kHz A-law.
func aLaw() []byte {
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) } // a buffer takes everything
	b.WriteString("RIFF")
	put(uint32(36 + 8000))
	b.WriteString("WAVEfmt ")
	put(uint32(16))
	put([2]uint16{6, 1})
	put([2]uint32{8000, 8000})
	put([2]uint16{1, 8})
	b.WriteString("data")
	put(uint32(8000))
	b.Write(make([]byte, 8000))
	return b.Bytes()
}

// pcmWAV is a WAV of so many channels at a rate; the header says that it has length bytes of sound.
func pcmWAV(rate, channels int, pcm []int16, length int) []byte {
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) } // a buffer takes everything
	b.WriteString("RIFF")
	put(uint32(36 + length))
	b.WriteString("WAVEfmt ")
	put(uint32(16))
	put([2]uint16{1, uint16(channels)})
	put([2]uint32{uint32(rate), uint32(2 * rate * channels)})
	put([2]uint16{uint16(2 * channels), 16})
	b.WriteString("data")
	put(uint32(length))
	put(pcm)
	return b.Bytes()
}

// TestBadSounds: what is refused with which status, and what a legacy peer is told instead.
func TestBadSounds(t *testing.T) {
	r := newRig(t)
	lying := sound(1)
	binary.LittleEndian.PutUint16(lying[32:], 7) // bytes of a frame
	for name, c := range map[string]struct {
		file    []byte
		code    schema.Code // "" if it can be used
		samples int
		says    string
	}{
		"15.0 s":           {sound(15), "", 240000, ""},
		"15.1 s":           {sound(15.1), schema.TooLarge, 0, "at most 15s"},
		"an empty file":    {nil, schema.Unusable, 0, "empty"},
		"no sound":         {sound(0), schema.Unusable, 0, "no sound"},
		"8 kHz A-law":      {aLaw(), schema.Unusable, 0, "A-law"},
		"stereo":           {pcmWAV(16000, 2, tone(2), 2*2*16000), "", 16000, ""},
		"48 kHz":           {pcmWAV(48000, 1, tone(3), 2*48000), "", 16000, ""},
		"a lying header":   {lying, schema.Unusable, 0, "contradicts itself"},
		"a lying length":   {pcmWAV(16000, 1, tone(1), 1<<30), "", 16000, ""}, // an unfinished recording: what is there is used
		"no WAV":           {[]byte("ID3\x03 this is music"), schema.Unusable, 0, "not a WAV"},
		"half a header":    {sound(1)[:20], schema.Unusable, 0, "cut off"},
		"a minute of 8kHz": {pcmWAV(8000, 1, make([]int16, 8000*60), 2*8000*60), schema.TooLarge, 0, "at most 15s"},
		"10 MB":            {make([]byte, 10<<20), schema.TooLarge, 0, "bytes"},
	} {
		_, before := r.engine.last()
		w := r.send(peertest.As{Token: r.Token("hey_orac")}, "/stt/v1/stream/kitchen?language=en", c.file)
		h, after := r.engine.last()
		if c.code == "" {
			if w.Code != 200 || after != before+1 || len(h.PCM) != c.samples {
				t.Errorf("%s: %d, %d samples: %s", name, w.Code, len(h.PCM), w.Body)
			}
			continue
		}
		if p := r.Problem(name, w, c.code); !strings.Contains(p.Detail, c.says) || after != before {
			t.Errorf("%s: %q", name, p.Detail)
		}
		w = r.send(peertest.LegacyPeer, "/stt/v1/stream/kitchen?language=en", c.file)
		if name == "10 MB" {
			if w.Code != 413 {
				t.Errorf("%s of a legacy peer: %d", name, w.Code)
			}
			continue
		}
		got := peertest.Get[map[string]any](t, w, 200)
		delete(got, "processing_time")
		if !reflect.DeepEqual(got, map[string]any{"text": "", "confidence": 0.0, "language": "unknown", "duration": 0.0}) {
			t.Errorf("%s of a legacy peer: %v", name, got)
		}
	}
	if r.server.sounds.Taken() != 0 {
		t.Errorf("%d bytes are still held", r.server.sounds.Taken())
	}
}

// TestBadForms: what is no form with a file is 422, for everybody.
func TestBadForms(t *testing.T) {
	r := newRig(t)
	other, kind := form("sound", sound(1))
	many := "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
	for name, c := range map[string]struct{ kind, body, query string }{
		"no file":          {kind, other.String(), ""},
		"no form":          {"audio/wav", string(sound(1)), ""},
		"JSON":             {"application/json", "{}", ""},
		"no boundary":      {"multipart/form-data", "x", ""},
		"broken off":       {"multipart/form-data; boundary=x", many + "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nRIFF", ""},
		"a long head":      {"multipart/form-data; boundary=x", "--x\r\n" + strings.Repeat("X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", 2000) + "\r\n\r\n--x--\r\n", ""},
		"a large field":    {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" + strings.Repeat("a", 2*maxBeside) + "\r\n--x--\r\n", ""},
		"many fields":      {"multipart/form-data; boundary=x", strings.Repeat(many, 50) + "--x--\r\n", ""},
		"a bad language":   {kind, other.String(), "?language=../../etc"},
		"a bad task":       {kind, other.String(), "?task=sing"},
		"a bad forwarding": {kind, other.String(), "?forward_to_core=perhaps"},
		"a bad query":      {kind, other.String(), "?language=%zz"},
	} {
		for _, who := range []peertest.As{{Token: r.Token("hey_orac")}, peertest.LegacyPeer} {
			req := r.Request(who, "POST", "/stt/v1/stream/kitchen"+c.query, strings.NewReader(c.body))
			req.Header.Set("Content-Type", c.kind)
			w := r.Do(req)
			if who == peertest.LegacyPeer {
				var body struct{ Detail []struct{ Msg, Type string } }
				if err := json.Unmarshal(w.Body.Bytes(), &body); w.Code != 422 || err != nil || len(body.Detail) != 1 || body.Detail[0].Msg == "" {
					t.Errorf("%s of a legacy peer: %d %s", name, w.Code, w.Body)
				}
			} else {
				r.Problem(name, w, schema.Unusable)
			}
		}
	}
	for method, code := range map[string]int{"GET": 405, "PUT": 405, "DELETE": 405} {
		if w := r.Call(peertest.As{Token: r.Token("hey_orac")}, method, "/stt/v1/stream/kitchen", ""); w.Code != code || w.Header().Get("Allow") != "POST" {
			t.Errorf("%s: %d, %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

// TestTopics: other characters than letters, digits and _ count as general, and the log says so.
func TestTopics(t *testing.T) {
	r := newRig(t)
	for path, want := range map[string]string{
		"kitchen": "kitchen", "Room_2": "Room_2", "living-room": "general", "%2e%2e%2f%2e%2e%2fetc%2fpasswd": "general", "a%2Fb": "general", "k%C3%BCche": "general", "%00": "general",
		strings.Repeat("a", 500): "general", "..%2F": "general", "%20": "general",
	} {
		before := strings.Count(r.Logs(), "counts as general")
		w := r.send(peertest.As{Token: r.Token("hey_orac")}, "/stt/v1/stream/"+path, sound(0.5))
		h, _ := r.engine.last()
		if told := strings.Count(r.Logs(), "counts as general") > before; w.Code != 200 || h.Topic != want || told != (want == "general") {
			t.Errorf("%s: %d, %q, told %v", path, w.Code, h.Topic, told)
		}
	}
	_, before := r.engine.last()
	if w := r.send(peertest.As{Token: r.Token("hey_orac")}, "/stt/v1/stream/../../etc", sound(0.5)); w.Code == 200 || w.Code >= 500 {
		t.Errorf("a path that climbs: %d", w.Code)
	}
	if _, after := r.engine.last(); after != before {
		t.Error("a path that climbs was transcribed")
	}
}

// TestWhatTheEngineSays: true statuses for who shows a token; as if nobody had spoken for a legacy peer.
func TestWhatTheEngineSays(t *testing.T) {
	r := newRig(t)
	for name, c := range map[string]struct {
		err   error
		code  schema.Code
		retry string
	}{
		"a full queue":          {&sttrole.BusyError{RetryAfter: 3 * time.Second, Cause: "8 utterances wait"}, schema.QueueFull, "3"},
		"too long after all":    {&sttrole.TooLongError{Is: 20 * time.Second, Most: 15 * time.Second}, schema.TooLarge, ""},
		"an ID that was used":   {&sttrole.ReusedError{ID: "u-1"}, schema.Unusable, ""},
		"a failed engine":       {&sttrole.EngineError{Cause: errors.New("/home/me/model.onnx: no such file")}, schema.EngineFailed, ""},
		"an engine that hangs":  {&sttrole.EngineError{Cause: context.DeadlineExceeded}, schema.TooLate, ""},
		"an engine that is out": {&sttrole.EngineError{Cause: errors.New("restarting"), Away: true, RetryAfter: 2 * time.Second}, schema.Unavailable, "2"},
		"something else":        {errors.New("a secret reason"), schema.Internal, ""},
	} {
		r.engine.set(func() {
			r.engine.hear = func(context.Context, sttrole.Hearing) (sttrole.Heard, error) { return sttrole.Heard{}, c.err }
		})
		w := r.send(peertest.As{Token: r.Token("hey_orac")}, "/stt/v1/stream?language=en", sound(1))
		if p := r.Problem(name, w, c.code); w.Header().Get("Retry-After") != c.retry || strings.Contains(fmt.Sprint(p), "/home") || strings.Contains(fmt.Sprint(p), "secret reason") {
			t.Errorf("%s: %q, %+v", name, w.Header().Get("Retry-After"), p)
		}
		got := peertest.Get[map[string]any](t, r.send(peertest.LegacyPeer, "/stt/v1/stream?language=en", sound(1)), 200)
		if got["text"] != "" || got["language"] != "unknown" || got["duration"] != 1.0 || len(got) != 5 {
			t.Errorf("%s of a legacy peer: %v", name, got)
		}
	}
	r.engine.set(func() { r.engine.gone = true })
	r.Problem("while it changes", r.send(peertest.As{Token: r.Token("hey_orac")}, "/stt/v1/stream", sound(1)), schema.Stopping)
}

// TestOnePeerDoesNotTakeAllRoom: what is being received has a bound, and half of it is for others.
func TestOnePeerDoesNotTakeAllRoom(t *testing.T) {
	b := peers.NewBudget(100)
	one, more, other := b.Hold("a"), b.Hold("a"), b.Hold("b")
	if one.Grow(50) != nil || more.Grow(1) == nil || other.Grow(50) != nil || other.Grow(51) == nil || b.Hold("c").Grow(1) == nil {
		t.Error("the bounds are not kept")
	}
	one.Release()
	other.Release()
	if b.Taken() != 0 || more.Grow(50) != nil {
		t.Errorf("%+v", b)
	}
	r := newRig(t)
	r.server.sounds = peers.NewBudget(100 << 10)
	p := r.Problem("no room", r.send(peertest.As{Token: r.Token("hey_orac")}, "/stt/v1/stream", sound(5)), schema.QueueFull)
	if p.Detail == "" || r.server.sounds.Taken() != 0 {
		t.Errorf("%+v", p)
	}
}
