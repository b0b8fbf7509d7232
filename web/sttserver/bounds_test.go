package sttserver

import (
	"bufio"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"orac/appliance/sttrole"
	"orac/web/auth"
	"orac/web/peers/peertest"
)

// takes returns how many bytes of memory f takes, whether it gives them back or not.
func takes(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestManyModelsTakeNoMemory: a heartbeat of 256 KiB does not become ten megabytes.
func TestManyModelsTakeNoMemory(t *testing.T) {
	body := []byte(`{"instance_id":"a","models":[` + strings.Repeat("{},", 80_000) + `{}]}`)
	if got := takes(func() { _, _ = beatOf(body, sttrole.Peer{}) }); got > 2<<20 {
		t.Errorf("it took %d KiB", got>>10)
	}
}

// TestHeadsOfPartsTakeNoMemory: they are bounded long before the body of an upload is, and counted against the peer.
func TestHeadsOfPartsTakeNoMemory(t *testing.T) {
	r := newRig(t)
	text := "--x\r\n" + strings.Repeat("A: b\r\n", 500_000)
	req := r.Request(peertest.As{}, "POST", "/", strings.NewReader(text))
	req.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	room := r.server.sounds.Hold("who")
	if got := takes(func() {
		if _, err := formFile(req, room); err == nil {
			t.Error("it was read")
		}
	}); got > 4<<20 || room.Held() < maxBeside {
		t.Errorf("it took %d KiB; %d bytes are held", got>>10, room.Held())
	}
	room.Release()
}

// TestBeatsAreHeld: heartbeats that are on their way share a bounded memory, of which one peer has half. Sounds take nothing of it.
func TestBeatsAreHeld(t *testing.T) {
	r := newRig(t)
	sounds := r.server.sounds.Hold("service:beats")
	r.Must(sounds.Grow(maxReceiving / 2))
	defer sounds.Release()
	if w := r.Call(peertest.As{Token: r.Token("beats")}, "POST", "/stt/v1/heartbeat", goodBeat); w.Code != 200 {
		t.Errorf("beside sounds: %d %s", w.Code, w.Body)
	}
	beats := r.server.beats.Hold("service:beats")
	r.Must(beats.Grow(maxBeating / 2))
	if w := r.Call(peertest.As{Token: r.Token("beats")}, "POST", "/stt/v1/heartbeat", goodBeat); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("beside heartbeats: %d %s", w.Code, w.Body)
	}
	beats.Release()
	if r.server.beats.Taken() != 0 {
		t.Errorf("%d bytes are still held", r.server.beats.Taken())
	}
}

// TestAPeerFillsNoAuditLog: what a peer without a role does again and again leaves no records, so it pushes none out.
func TestAPeerFillsNoAuditLog(t *testing.T) {
	r := newRig(t)
	for _, who := range []peertest.As{{Token: r.Token("hey_orac")}, peertest.LegacyPeer} {
		for range 10 {
			for _, path := range []string{"/stt/v1/preload", "/stt/v1/heartbeat"} {
				if w := r.Call(who, "POST", path, goodBeat); w.Code != 200 {
					t.Fatalf("%s: %d %s", path, w.Code, w.Body)
				}
			}
			if w := r.send(who, "/stt/v1/stream", sound(0.1)); w.Code != 200 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
	}
	if list, err := r.Audit.Page(0, 1000, nil); err != nil || len(list) > 0 {
		t.Errorf("%d records: %+v, %v", len(list), list, err)
	}
	if r.Call(peertest.As{Token: r.User(auth.Operator)}, "POST", "/stt/v1/preload", ""); len(r.Records("stt.preload")) != 2 {
		t.Error("a person who loads the model is not on record")
	}
}

// TestRefusalsCountOnce, each kind of them.
func TestRefusalsCountOnce(t *testing.T) {
	r := newRig(t)
	for name, do := range map[string]func(){
		"a bad token":                 func() { r.Call(peertest.As{Token: "bad"}, "POST", "/stt/v1/heartbeat", goodBeat) },
		"a bad token, where it opens": func() { r.Call(peertest.As{Token: "bad"}, "GET", "/health/live", "") },
		"no permission":               func() { r.Call(peertest.As{Token: r.Token("beats")}, "POST", "/stt/v1/preload", "") },
		"no role":                     func() { r.Call(peertest.As{Token: r.User(auth.Viewer)}, "POST", "/stt/v1/preload", "") },
		"a legacy peer":               func() { r.Call(peertest.LegacyPeer, "GET", "/metrics", "") },
	} {
		was := r.denied()
		if do(); r.denied() != was+1 {
			t.Errorf("%s: counted %v times", name, r.denied()-was)
		}
	}
}

// denied is how many refusals the metrics count.
func (r *rig) denied() (n int) {
	w := r.Call(peertest.As{Token: r.User(auth.Viewer)}, "GET", "/metrics", "")
	for lines := bufio.NewScanner(w.Body); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "orac_stt_denied_total "); ok {
			for _, c := range text {
				n = 10*n + int(c-'0')
			}
		}
	}
	return n
}

// TestAConfigKeepsTheHeaders: what a config leaves out stays as the headers have said it.
func TestAConfigKeepsTheHeaders(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for config, want := range map[string]sttrole.Hearing{
		`{"type":"config"}`:                            {ID: "head", WakeWord: "hey head", Wake: at},
		`{"type":"config","utterance_id":"own"}`:       {ID: "own", WakeWord: "hey head", Wake: at},
		`{"type":"config","wake_word":"hey jarvis"}`:   {ID: "head", WakeWord: "hey jarvis", Wake: at},
		`{"type":"config","wake_word_time":"no time"}`: {ID: "head", WakeWord: "hey head", Wake: at},
		`{"type":"config","wake_word_time":"2026-05-06T07:08:09Z"}`: {
			ID: "head", WakeWord: "hey head", Wake: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC),
		},
	} {
		s := &stream{hearing: sttrole.Hearing{ID: "head", WakeWord: "hey head", Wake: at}}
		if _, err, _ := s.take(message{kind: websocket.MessageText, data: []byte(config)}, false); err != nil {
			t.Errorf("%s: %v", config, err)
		}
		if got := s.hearing; got.ID != want.ID || got.WakeWord != want.WakeWord || !got.Wake.Equal(want.Wake) {
			t.Errorf("%s: %+v", config, got)
		}
	}
}
