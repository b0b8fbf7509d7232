package wyomingsatellite

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"orac/appliance/audio"
	"orac/appliance/audio/sounds"
	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/play"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	wire "orac/appliance/wyoming"
	"orac/runbook"
	"orac/runbook/testkit"
)

// house is a satellite with its door, a player and a loudspeaker that takes a frame every 20 ms and remembers what was heard.
type house struct {
	*rig
	node   *node.ESPHome
	driver *live.Driver
	ctx    context.Context
	ring   *rt.Mailbox[node.Follow]
	handed *rt.Mailbox[node.Wake]
	events *rt.Mailbox[event.Event]
	end    context.CancelFunc

	mu    sync.Mutex // guards heard
	heard []int16    // the first sample of each frame that is not silent
}

// liveIn runs a satellite until the test ends. Its microphone gives a hop every 80 ms.
func liveIn(t *testing.T, dir string, listen func(string) (net.Listener, error)) *house {
	t.Helper()
	fs, err := live.OpenFS(dir)
	testkit.Must(t, err)
	b := runbook.WyomingSatellite{Address: "wyoming_satellite.home", Name: "home", Listen: "127.0.0.1:10700", Area: "Kitchen", MaxConnections: 8}
	h := &house{rig: &rig{T: t, visits: make(chan net.Conn)}, driver: live.New(nil)}
	h.ring, h.handed, h.events = rt.NewMailbox[node.Follow]("follows", 8), rt.NewMailbox[node.Wake]("handed", 8), rt.NewMailbox[event.Event]("events", 1000)
	plays := rt.NewMailbox[node.PlayAsk]("plays", 64)
	if listen == nil {
		listen = func(string) (net.Listener, error) { return visitors{h.visits, make(chan struct{})}, nil }
	}
	d := Options{Log: slog.New(slog.DiscardHandler), Listen: listen}.Satellite(b.Address, b.Listen).(*door)
	h.rig.door = d
	h.node = &node.ESPHome{
		Name: "wyoming_satellite.home", Satellite: "home", Listener: "kitchen", Listen: b.Listen, Host: "pi", FS: fs, Door: d, OneWay: true, Sound: &rt.Cell[node.Switched]{},
		Plays: rt.NewOut(plays), Cues: rt.NewOut(rt.NewMailbox[node.Cue]("cues", 16)), Seen: rt.NewMailbox[node.PlayerShown]("player", 1),
		In: rt.NewMailbox[node.Wake]("wakes", 8), News: rt.NewMailbox[event.Event]("news", 8), Ring: h.ring, Wakes: rt.NewOut(h.handed),
		Events: rt.NewOut(h.events), Mutes: rt.NewCell(node.Mutes(nil)),
		Config: rt.NewCell(node.ESPHomeConfig{Face: node.WyomingFace(b, "kitchen", "1.2.3"), WakeSound: true, Appliance: "kitchen", Speaker: "room", Others: true, Words: []node.ESPHomeWord{
			{Model: "hey_jarvis", Phrase: "hey jarvis", Threshold: 0.5, Enabled: true},
		}}),
	}
	player := &node.Player{
		Name: "player.room", Speaker: "room", Output: h, FS: fs, Asks: plays, Aloud: &rt.Cell[rt.Instant]{},
		Events: rt.NewOut(rt.NewMailbox[event.Event]("events of the player", 1000)), Seen: rt.NewOut(h.node.Seen),
		Config: rt.NewCell(node.PlayerConfig{Open: sounds.Opener{}.Open, Volume: 1, Stall: time.Second, Retry: node.Retry{Delay: time.Second, Tries: 3, Slow: 2 * time.Second}}),
	}
	ctx, cancel := context.WithCancel(t.Context())
	h.ctx = ctx
	var running sync.WaitGroup
	for name, run := range map[string]func(*rt.Task) error{"satellite": h.node.Run, "player": player.Run, "microphone": h.microphone} {
		running.Go(func() {
			if err := h.driver.Run(ctx, name, run); !errors.Is(err, rt.ErrStopped) && !errors.Is(err, context.Canceled) {
				t.Errorf("%s ended with %v", name, err)
			}
		})
	}
	h.end = func() { cancel(); running.Wait(); _ = fs.Close() }
	return h
}

// inHouse tests a satellite in virtual time.
func inHouse(t *testing.T, test func(h *house)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		h := liveIn(t, dir, nil)
		pass(time.Second)
		test(h)
		h.end()
	})
}

// microphone gives whoever follows the ring a hop every 80 ms.
func (h *house) microphone(t *rt.Task) error {
	var to []*rt.Mailbox[*audio.Hop]
	for n := int64(0); ; n++ {
		for f, ok := h.ring.TryRecv(t); ok; f, ok = h.ring.TryRecv(t) {
			to = append(to, f.To)
		}
		hop := &audio.Hop{RMS: 1000}
		for i := range hop.PCM {
			hop.PCM[i] = 3000
		}
		for _, m := range to {
			if !m.Closed() {
				m.Push(t, hop)
			}
		}
		if err := t.Sleep(audio.HopTime); err != nil {
			return err
		}
	}
}

// wake says a wake word.
func (h *house) wake(id string) {
	_ = h.driver.Run(h.ctx, "test", func(t *rt.Task) error {
		h.node.In.Push(t, node.Wake{ID: id, Seq: 100, At: t.Wall(), Listener: "kitchen", Model: "hey_jarvis", WakeWord: "hey jarvis"})
		return nil
	})
}

// handedOn returns the wakes that were left to others.
func (h *house) handedOn() (list []string) {
	_ = h.driver.Run(h.ctx, "test", func(t *rt.Task) error {
		for w, ok := h.handed.TryRecv(t); ok; w, ok = h.handed.TryRecv(t) {
			list = append(list, w.ID)
		}
		return nil
	})
	return list
}

// loud is how long it was loud since the last time, in frames of 20 ms.
func (h *house) loud() int {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.heard)
	h.heard = nil
	return n
}

// Open implements play.Speaker.
func (h *house) Open(t *rt.Task) (play.Output, error) {
	o := &horn{house: h, queue: make(chan play.Frame, play.Lead), played: rt.NewMailbox[uint64]("played", 64)}
	o.task = t.Go("device", func(t *rt.Task) error {
		for n := uint64(0); ; {
			if err := t.Sleep(play.FrameTime); err != nil {
				return err
			}
			select {
			case f := <-o.queue:
				n++
				h.mu.Lock()
				if mid := f[len(f)/2]; mid > 100 || mid < -100 {
					h.heard = append(h.heard, mid)
				}
				h.mu.Unlock()
				o.played.Push(t, n)
			default:
			}
		}
	})
	return o, nil
}

// horn is the open loudspeaker.
type horn struct {
	house  *house
	task   *rt.Task
	queue  chan play.Frame
	played *rt.Mailbox[uint64]
}

func (o *horn) Write(_ *rt.Task, f *play.Frame) error {
	select {
	case o.queue <- *f:
		return nil
	default:
		return errors.New("more frames are under way than may be")
	}
}
func (o *horn) Played() *rt.Mailbox[uint64] { return o.played }
func (o *horn) Err() error                  { return nil }
func (o *horn) Identity() string            { return "horn" }
func (o *horn) Close(t *rt.Task)            { o.task.Stop(); _ = t.Wait(o.task, rt.Never) }

// answer sends sound of so many milliseconds, faster than anybody speaks, as Home Assistant does.
func (c *client) answer(ms int, ends bool) {
	f := wire.Format{Rate: 22050, Width: 2, Channels: 1}
	raw := make([]byte, f.Rate*ms/1000*2)
	for i := 0; i < len(raw); i += 2 {
		raw[i], raw[i+1] = 0, 0x20
	}
	c.say(wire.KindAudioStart, wire.Audio{Format: f}, nil)
	for len(raw) > 0 {
		n := min(2048, len(raw))
		if c.out.Write(wire.KindAudioChunk, wire.Audio{Format: f}, raw[:n]) != nil {
			return // it was sent away
		}
		raw = raw[n:]
	}
	if ends {
		c.say(wire.KindAudioStop, nil, nil)
	}
}

// asked is a Home Assistant that has understood a command.
func (h *house) asked(id string) *client {
	c := h.home()
	h.begin(c, id)
	return c
}

func (h *house) begin(c *client, id string) {
	h.Helper()
	h.wake(id)
	pass(time.Second)
	if got := c.hears(); got != "detection(hey_jarvis) run-pipeline(asr tts false)" {
		h.Fatalf("heard %s", got)
	}
	c.say(wire.KindTranscribe, nil, nil)
	pass(time.Second)
	if got := strings.Count(c.hears(), "audio-chunk(2560)"); got < 20 || got > 27 { // what was kept in the meantime, and what came since
		h.Errorf("%d hops of sound in two seconds", got)
	}
	c.say(wire.KindVoiceStopped, nil, nil)
	c.say(wire.KindTranscript, wire.Transcript{Text: "lights on"}, nil)
	pass(time.Second)
	if got := c.hears(); strings.Contains(got, "audio") {
		h.Errorf("after the end of the voice it still sends %s", got)
	}
}

// TestAnAnswerIsHeardOnce, whole, and its end is told when it was heard and not before.
func TestAnAnswerIsHeardOnce(t *testing.T) {
	inHouse(t, func(h *house) {
		c := h.asked("w1")
		c.say(wire.KindSynthesize, wire.Synthesize{Text: "On."}, nil)
		c.answer(1000, true)
		c.answer(500, true) // a second part
		pass(1200 * time.Millisecond)
		if got := c.hears(); got != "" {
			t.Errorf("heard %s before the end", got)
		}
		pass(time.Second)
		if got, frames := c.hears(), h.loud(); got != "played" || frames < 73 || frames > 77 {
			t.Errorf("heard %q; it was loud for %d frames, want 75", got, frames)
		}
		if got := h.node.Shown(); got.Phase != "ready" || got.LastText != "lights on" || got.LastAnswer != "On." {
			t.Errorf("%+v", got)
		}
		c.answer(200, true) // an announcement
		pass(time.Second)
		if got, frames := c.hears(), h.loud(); got != "played" || frames < 9 || frames > 11 {
			t.Errorf("an announcement: heard %q; loud for %d frames, want 10", got, frames)
		}
	})
}

// TestBargeIn: a wake word ends the answer, and the rest of it is not heard in the next run.
func TestBargeIn(t *testing.T) {
	inHouse(t, func(h *house) {
		c := h.asked("w1")
		c.answer(5000, false)
		pass(time.Second)
		h.loud()
		h.wake("w2")
		pass(200 * time.Millisecond)
		h.loud()
		c.answer(3000, true) // it does not know yet
		pass(2 * time.Second)
		if got, frames := c.hears(), h.loud(); got != "played detection(hey_jarvis) run-pipeline(asr tts false)" || frames > 0 {
			t.Errorf("heard %q; it was loud for %d frames", got, frames)
		}
		c.say(wire.KindTranscribe, nil, nil)
		c.say(wire.KindTranscript, wire.Transcript{Text: "stop"}, nil)
		c.answer(500, true)
		pass(2 * time.Second)
		if got, frames := c.hears(), h.loud(); !strings.HasSuffix(got, "played") || frames < 23 || frames > 27 {
			t.Errorf("heard %q; it was loud for %d frames, want 25", got, frames)
		}
	})
}

// TestHomeAssistantGoes in each phase: nothing is answered twice, and nothing of it is kept for the next one.
func TestHomeAssistantGoes(t *testing.T) {
	inHouse(t, func(h *house) {
		h.wake("w0") // nobody has come yet
		pass(time.Second)
		c := h.home()
		h.wake("w1")
		pass(time.Second)
		_ = c.raw.Close() // it was asked, and has heard nothing
		pass(time.Second)
		if got := strings.Join(h.handedOn(), " "); got != "w0 w1" {
			t.Errorf("left to others: %s", got)
		}
		c = h.home()
		h.wake("w2")
		pass(time.Second)
		c.say(wire.KindTranscribe, nil, nil)
		pass(time.Second)
		_ = c.raw.Close() // it may act on what it has heard
		pass(time.Second)
		c = h.asked("w3")
		c.answer(10000, false)
		pass(time.Second)
		_ = c.raw.Close() // in the middle of the answer
		pass(20 * time.Second)
		h.loud()
		c = h.asked("w4")
		pass(10 * time.Second)
		if got := strings.Join(h.handedOn(), " "); got != "" || h.loud() > 0 {
			t.Errorf("left to others: %s", got)
		}
		h.wake("w5") // no answer came to w4, and somebody asks again
		pass(time.Second)
		if got := c.hears(); got != "detection(hey_jarvis) run-pipeline(asr tts false)" {
			t.Errorf("heard %s", got)
		}
		pass(10 * time.Second) // and it does not begin
		if got := strings.Join(h.handedOn(), " "); got != "w5" {
			t.Errorf("left to others: %s", got)
		}
	})
}

// TestMoreThanAnybodyHears: sound beyond the limit is not kept, what is kept is heard, and its end is told.
func TestMoreThanAnybodyHears(t *testing.T) {
	inHouse(t, func(h *house) {
		c := h.home()
		c.answer(1000_000, true)
		pass(500 * time.Second)
		frames := h.loud()
		if got := c.hears(); got != "played" || frames < 290*50 || frames > 390*50 {
			t.Errorf("heard %q; it was loud for %v", got, play.Time(uint64(frames)))
		}
	})
}

// TestAnotherLanguage: a client that was written from the protocol's description does what Home Assistant does, over TCP.
func TestAnotherLanguage(t *testing.T) {
	ports := make(chan string, 1)
	h := liveIn(t, t.TempDir(), func(string) (net.Listener, error) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err == nil {
			ports <- strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
		}
		return l, err
	})
	defer h.end()
	speaking, quiet := context.WithCancel(t.Context())
	defer quiet()
	var speaker sync.WaitGroup
	speaker.Go(func() {
		for n := 0; speaking.Err() == nil; n++ {
			if s := h.node.Shown(); s.Home && s.Phase == "ready" && s.Connections > 0 {
				h.wake("w" + strconv.Itoa(n))
			}
			select {
			case <-speaking.Done():
			case <-time.After(700 * time.Millisecond):
			}
		}
	})
	out, err := exec.CommandContext(t.Context(), "node", "testdata/home.mjs", <-ports, "speaks").CombinedOutput()
	quiet()
	speaker.Wait()
	if err != nil || !strings.Contains(string(out), `"announced"`) || !strings.Contains(string(out), `"heard after a mute"`) || !strings.Contains(string(out), `"done"`) {
		t.Errorf("%v\n%s", err, out)
	}
}
