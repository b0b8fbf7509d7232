package wyomingsatellite

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"orac/appliance/rt"
	"orac/appliance/satellite"
	wire "orac/appliance/wyoming"
)

// TestWhoItIs: everybody is told, at once and without consequences; signs of life are answered in the same words.
func TestWhoItIs(t *testing.T) {
	visit(t, func(r *rig) {
		c := r.dial(false)
		c.say(wire.KindDescribe, nil, nil)
		c.say("future", nil, []byte("xyz"))
		c.say(wire.KindPing, wire.Ping{Text: "a"}, nil)
		c.say(wire.KindPing, nil, nil)
		if got := c.hears(); got != "info(kitchen Kitchen [hey_jarvis]) pong(a) pong()" {
			t.Errorf("heard %s", got)
		}
		if got := r.told(); got != "" {
			t.Errorf("the node was told %s", got)
		}
	})
}

// TestTheLastWord: who asks and says no more still gets the answer.
func TestTheLastWord(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := liveIn(t, t.TempDir(), func(string) (net.Listener, error) { return l, nil })
	defer h.end()
	for range 20 {
		raw, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = wire.NewWriter(raw).Write(wire.KindDescribe, nil, nil)
		_ = raw.(*net.TCPConn).CloseWrite()
		if e, err := wire.NewReader(raw).Next(); err != nil || e.Kind != wire.KindInfo {
			t.Fatalf("%q, %v", e.Kind, err)
		}
		_ = raw.Close()
	}
}

// TestACommand: what passes in one, in both directions.
func TestACommand(t *testing.T) {
	visit(t, func(r *rig) {
		c := r.dial(false)
		c.say(wire.KindRunSatellite, nil, nil)
		if got := r.told(); got != "ends(Home Assistant has begun anew) arrived" {
			t.Errorf("told %s", got)
		}
		r.door.Do(satellite.Start{Phrase: "hey jarvis"})
		r.door.Sound(make([]int16, 1280))
		r.door.Do(satellite.Abort{}) // there is no word for it
		r.door.Do(satellite.EndSound{})
		r.door.Do(satellite.Finished{OK: true})
		if got, want := c.hears(), "detection(hey_jarvis) run-pipeline(asr tts false) audio-chunk(2560) audio-stop played"; got != want {
			t.Errorf("heard %s, want %s", got, want)
		}
		c.say(wire.KindTranscribe, wire.Transcribe{Language: "en"}, nil)
		c.say("voice-started", nil, nil)
		c.say(wire.KindVoiceStopped, nil, nil)
		c.say(wire.KindTranscript, wire.Transcript{Text: "lights on"}, nil)
		c.say(wire.KindSynthesize, wire.Synthesize{Text: "On."}, nil)
		c.say(wire.KindError, wire.Failure{Text: "no", Code: "x"}, nil)
		c.say(wire.KindTimerStarted, wire.Timer{ID: "t", Name: "pizza", Seconds: 60}, nil)
		c.say(wire.KindTimerFinished, wire.Timer{ID: "t"}, nil)
		want := "1 12 4map[text:lights on] 7map[text:On.] 0map[code:x message:no] timer(0 t pizza 60) timer(3 t  0)"
		if got := r.told(); got != want {
			t.Errorf("told %s\nwant %s", got, want)
		}
		c.say(wire.KindPauseSatellite, nil, nil)
		_ = c.raw.Close()
		if got := r.told(); got != "pause ends(the connection to Home Assistant was lost) left" {
			t.Errorf("told %s", got)
		}
		r.door.Do(satellite.Start{Phrase: "hey jarvis"}) // nobody is there
	})
}

// TestWithoutASpeaker: no answer is asked for, and the run is over with the text.
func TestWithoutASpeaker(t *testing.T) {
	visit(t, func(r *rig) {
		f := face()
		f.Speaks = false
		r.face.Take(rt.NewCell(f))
		c := r.home()
		r.door.Do(satellite.Start{Phrase: "alexa"})
		if got := c.hears(); got != "detection(alexa) run-pipeline(asr handle false)" {
			t.Errorf("heard %s", got)
		}
		c.say(wire.KindTranscript, wire.Transcript{Text: "x"}, nil)
		if got := r.told(); got != "4map[text:x] 2" {
			t.Errorf("told %s", got)
		}
	})
}

// TestSounds: sound of every form is the same sound, however it is cut; what cannot be read ends at once.
func TestSounds(t *testing.T) {
	visit(t, func(r *rig) {
		c := r.home()
		for _, f := range []wire.Format{{Rate: 22050, Width: 2, Channels: 1}, {Rate: 48000, Width: 2, Channels: 2}, {Rate: 16000, Width: 3, Channels: 1}, {Rate: 16000, Width: 4, Channels: 8}} {
			const frames = 50000
			raw := make([]byte, frames*f.Frame())
			for i := range frames * f.Channels {
				raw[(i+1)*f.Width-1] = byte(i % 100) // the high byte
			}
			c.say(wire.KindAudioStart, wire.Audio{Format: f}, nil)
			for _, piece := range [][]byte{raw[:f.Frame()], raw[f.Frame() : 40000*f.Frame()], raw[40000*f.Frame():]} {
				c.say(wire.KindAudioChunk, wire.Audio{Format: f}, piece)
			}
			c.say(wire.KindAudioStop, nil, nil)
			if got, want := r.told(), fmt.Sprintf("begins(%d %d) ends", f.Rate, f.Channels); got != want {
				t.Errorf("%+v: told %s", f, got)
			}
			got := r.heard()
			wrong := slices.IndexFunc(got, func(v int16) bool { return v&0xff != 0 })
			if len(got) != frames*f.Channels || wrong >= 0 || got[len(got)-1] != int16((len(got)-1)%100)<<8 {
				t.Errorf("%+v: %d samples, want %d; %d is wrong", f, len(got), frames*f.Channels, wrong)
			}
		}
		c.say(wire.KindAudioStart, wire.Audio{Format: wire.Format{Rate: 22050, Width: 9, Channels: 1}}, nil)
		c.say(wire.KindAudioChunk, wire.Audio{Format: wire.Format{Rate: 22050, Width: 9, Channels: 1}}, make([]byte, 9))
		c.say(wire.KindAudioStop, nil, nil)
		if got := r.told(); !strings.HasPrefix(got, "begins(16000 1) ends(a width of 9 bytes is not supported") {
			t.Errorf("told %s", got)
		}
		c.say(wire.KindAudioStart, wire.Audio{Format: wire.Speech}, nil)
		c.say(wire.KindAudioChunk, wire.Audio{Format: wire.Format{Rate: 8000, Width: 2, Channels: 1}}, make([]byte, 4))
		if got := r.told(); got != "begins(16000 1) ends(the format of the sound has changed within it)" {
			t.Errorf("told %s", got)
		}
		c.say(wire.KindAudioStart, wire.Audio{Format: wire.Speech}, nil)
		c.say(wire.KindAudioChunk, wire.Audio{Format: wire.Speech}, make([]byte, 3))
		if got := r.told(); !c.left() || got != "begins(16000 1) ends(the connection to Home Assistant was lost) left" {
			t.Errorf("half a sample: left %v, told %s", c.left(), got)
		}
	})
}

// TestTakeOver: the last that asks is Home Assistant. What others say changes nothing, and they hear nothing.
func TestTakeOver(t *testing.T) {
	visit(t, func(r *rig) {
		old, other := r.home(), r.dial(false)
		other.say(wire.KindTranscript, wire.Transcript{Text: "open the door"}, nil)
		other.say(wire.KindAudioStart, wire.Audio{Format: wire.Speech}, nil)
		other.say(wire.KindPauseSatellite, nil, nil)
		if got := r.told(); got != "" {
			t.Errorf("told %s", got)
		}
		r.door.Sound(make([]int16, 1280))
		if got := other.hears(); got != "" {
			t.Errorf("somebody else heard %s", got)
		}
		old.hears()
		fresh := r.home()
		if !old.left() || fresh.left() || other.left() {
			t.Errorf("left: the old %v, the fresh %v, another %v", old.left(), fresh.left(), other.left())
		}
		if got := r.told(); got != "" { // the end of the old one is no news
			t.Errorf("told %s", got)
		}
		r.door.Do(satellite.Start{Phrase: "hey jarvis"})
		if got := fresh.hears(); got != "detection(hey_jarvis) run-pipeline(asr tts false)" {
			t.Errorf("heard %s", got)
		}
	})
}

// TestSilentPeers: who has vanished is noticed; who need not say anything is left alone.
func TestSilentPeers(t *testing.T) {
	visit(t, func(r *rig) {
		other, old := r.dial(false), r.home()
		pass(59 * time.Second)
		if other.left() {
			t.Error("a client was sent away early")
		}
		pass(2 * time.Second)
		if !other.left() || old.left() {
			t.Errorf("after a minute: another client has gone: %v; Home Assistant, which never asks for signs of life: %v", other.left(), old.left())
		}
		old.say(wire.KindPing, nil, nil)
		pass(19 * time.Second)
		old.say(wire.KindPing, nil, nil)
		pass(19 * time.Second)
		if old.left() {
			t.Error("Home Assistant was sent away early")
		}
		pass(2 * time.Second)
		if got := r.told(); !old.left() || !strings.HasSuffix(got, "left") {
			t.Errorf("it has vanished; left %v, told %s", old.left(), got)
		}
		paused := r.home()
		paused.say(wire.KindPing, nil, nil)
		paused.say(wire.KindPauseSatellite, nil, nil)
		pass(24 * time.Hour)
		if paused.left() {
			t.Error("it has paused the satellite, and was sent away")
		}
	})
}

// TestAPeerThatNeverReads is disconnected, and nobody else waits for it.
func TestAPeerThatNeverReads(t *testing.T) {
	visit(t, func(r *rig) {
		deaf := r.dial(true)
		deaf.say(wire.KindRunSatellite, nil, nil)
		r.told()
		other := r.dial(false)
		for range mostUnsent + 2 { // more than the one that is being written, and those that wait
			r.door.Sound(make([]int16, 1280))
		}
		other.say(wire.KindPing, wire.Ping{Text: "x"}, nil)
		if got := other.hears(); got != "pong(x)" {
			t.Errorf("another client heard %s", got)
		}
		if got := r.told(); !strings.HasSuffix(got, "left") {
			t.Errorf("told %s", got)
		}
		slow := r.dial(true)
		slow.say(wire.KindRunSatellite, nil, nil)
		r.told()
		r.door.Sound(make([]int16, 1280))
		pass(wire.WriteTime + time.Second)
		if got := r.told(); !strings.HasSuffix(got, "left") {
			t.Errorf("it has taken nothing for long, and the node was told %s", got)
		}
	})
}

// TestMoreThanTheNodeTakes: a flood ends the connection, and the node learns that.
func TestMoreThanTheNodeTakes(t *testing.T) {
	visit(t, func(r *rig) {
		s := r.door.now.Load()
		c := newConn(s, nopConn{})
		if err := s.takeOver(c); err != nil {
			t.Fatal(err)
		}
		s.mu.Lock() // the node takes nothing meanwhile
		for len(s.queue) < mostUntold {
			if err := s.enqueue(satellite.SoundComes{}); err != nil {
				t.Errorf("after %d: %v", len(s.queue), err)
			}
		}
		if s.enqueue(satellite.SoundComes{}) == nil {
			t.Error("there is no bound")
		}
		s.mu.Unlock()
		s.leave(c)
		if got := r.told(); !strings.HasSuffix(got, "left") {
			t.Errorf("told %.200s", got)
		}
	})
}

// nopConn is a connection with nobody at its end.
type nopConn struct{ net.Conn }

func (nopConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)} }
func (nopConn) Close() error         { return nil }

// TestCrowd: connections are bounded, and Home Assistant keeps its place.
func TestCrowd(t *testing.T) {
	visit(t, func(r *rig) {
		home := r.home()
		var others []*client
		for range 20 {
			others = append(others, r.dial(false))
			pass(2 * time.Second)
		}
		if home.left() || r.door.Connections() > 8 {
			t.Errorf("Home Assistant was sent away: %v; %d connections", home.left(), r.door.Connections())
		}
		if last := others[len(others)-1]; last.left() {
			t.Error("the last was refused, though others are idle")
		}
	})
}

// TestChangedFace: Home Assistant, which asks only once, is told.
func TestChangedFace(t *testing.T) {
	visit(t, func(r *rig) {
		c := r.home()
		pass(5 * time.Second)
		if got := c.hears(); got != "" {
			t.Errorf("heard %s", got)
		}
		f := face()
		f.Words[1].Active = true
		r.face.Take(rt.NewCell(f))
		pass(2 * watchEvery)
		if got := c.hears(); got != "info(kitchen Kitchen [hey_jarvis alexa])" {
			t.Errorf("heard %s", got)
		}
	})
}

// FuzzSession: whatever a client sends, the door neither breaks nor keeps it, and serves the next one.
func FuzzSession(f *testing.F) {
	event := func(kind string, data any, payload []byte) string {
		var b strings.Builder
		_ = wire.NewWriter(&b).Write(kind, data, payload)
		return b.String()
	}
	run := event(wire.KindRunSatellite, nil, nil)
	f.Add([]byte(run + event(wire.KindTranscribe, nil, nil) + event(wire.KindTranscript, wire.Transcript{Text: "x"}, nil)))
	f.Add([]byte(run + event(wire.KindAudioStart, wire.Audio{Format: wire.Speech}, nil) + event(wire.KindAudioChunk, wire.Audio{Format: wire.Speech}, make([]byte, 64)) + event(wire.KindAudioStop, nil, nil)))
	f.Add([]byte(run + event(wire.KindAudioStart, wire.Audio{Format: wire.Format{Rate: 48000, Width: 3, Channels: 2}}, nil) + event(wire.KindAudioChunk, nil, make([]byte, 12))))
	f.Add([]byte(run + `{"type":"timer-finished","data":{"id":null,"total_seconds":1e300}}` + "\n" + event(wire.KindPing, nil, nil)))
	f.Add([]byte(event(wire.KindDescribe, nil, nil) + event(wire.KindPauseSatellite, nil, nil) + "\n"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		visit(t, func(r *rig) {
			c := r.dial(false)
			_, _ = c.raw.Write(sent) // it may be refused in the middle
			synctest.Wait()
			_ = c.raw.Close()
			said := r.told()
			if strings.Contains(said, "arrived") && !strings.HasSuffix(said, "left") {
				t.Errorf("told %.300s", said)
			}
			next := r.dial(false)
			next.say(wire.KindDescribe, nil, nil)
			if got := next.hears(); !strings.HasPrefix(got, "info(") {
				t.Errorf("the next client heard %s", got)
			}
		})
	})
}
