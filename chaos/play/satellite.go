package play

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	wire "orac/appliance/esphome"
	"orac/appliance/esphome/pb"
	"orac/appliance/satellite"
	"orac/appliance/stt/stttest"
	"orac/runbook/scenario"
)

// home stands in for the Home Assistant of a satellite: a client of the appliance's door that speaks as a real one does, with an assistant
// that hears no words, and a server of the sounds that it answers with.
type home struct {
	w      *World
	name   string // of the block
	at     string // where the satellite is served
	sounds *http.Server
	base   string        // URL of the sounds
	calm   chan struct{} // closed and replaced when what it does changes

	mu     sync.Mutex // guards what follows
	conn   *wire.Conn // nil: it is not connected
	raw    net.Conn
	away   bool
	leave  string // the phase in which it goes away
	hangs  string // the phase in which it stops
	twice  bool
	stalls bool
	run    *homeRun // nil: none is under way
	runs   int
	owed   int       // sounds of whose end it was not told
	gave   time.Time // when it sent the last
}

// homeRun is a run of its assistant. Its sound is guarded by the lock of the home.
type homeRun struct {
	n      int
	spoke  bool
	quiet  time.Duration // since somebody spoke
	heard  time.Duration
	closed chan struct{} // no more sound comes
	over   context.Context
	cancel context.CancelFunc
}

const (
	homeAgain   = 300 * time.Millisecond // between two tries to connect
	homeVoice   = 400                    // RMS from which sound is a voice
	homeSilence = 700 * time.Millisecond // ends a command
	homeNobody  = 5 * time.Second        // without a voice it gives up
	homeListens = 15 * time.Second
	homeThinks  = 300 * time.Millisecond
)

// settleHomes makes a Home Assistant for each satellite.
func (w *World) settleHomes() error {
	for _, e := range w.book.rb.ESPHomes {
		h := &home{w: w, name: e.Name, at: e.Listen, calm: make(chan struct{})}
		w.homes[e.Name] = h
		var l net.Listener
		listen := func() (err error) {
			l, err = net.Listen("tcp", "127.0.0.1:0")
			return err
		}
		within := func(f func() error) error { return f() }
		if w.network != nil {
			within = w.network.within
		}
		if err := within(listen); err != nil {
			return err
		}
		h.base = "http://" + l.Addr().String()
		h.sounds = &http.Server{Handler: http.HandlerFunc(h.serveSound), ReadHeaderTimeout: 10 * time.Second}
		go func() { _ = h.sounds.Serve(l) }() // close ends it
	}
	return nil
}

func (h *home) close() error {
	h.hangUp()
	if h.sounds == nil {
		return nil
	}
	return h.sounds.Close()
}

// serveSound answers with a tone, or with half of it.
func (h *home) serveSound(w http.ResponseWriter, r *http.Request) {
	sound := stttest.Tone(homeTone.hz, homeTone.long)
	w.Header().Set("Content-Type", "audio/wav")
	w.Header().Set("Content-Length", strconv.Itoa(len(sound)))
	half := len(sound) / 2
	_, _ = w.Write(sound[:half])
	_ = http.NewResponseController(w).Flush()
	for {
		h.mu.Lock()
		stalls, changed := h.stalls, h.calm
		h.mu.Unlock()
		if !stalls {
			break
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
	_, _ = w.Write(sound[half:])
}

// change changes what it does.
func (h *home) change(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
	close(h.calm)
	h.calm = make(chan struct{})
}

// live connects, and connects again, until the run ends.
func (h *home) live(ctx context.Context, r *run) {
	leave := context.AfterFunc(ctx, h.hangUp)
	defer leave()
	for ctx.Err() == nil {
		h.mu.Lock()
		away := h.away
		h.mu.Unlock()
		if !away {
			h.visit(ctx, r)
		}
		select {
		case <-time.After(homeAgain):
		case <-ctx.Done():
		}
	}
}

// visit is one connection.
func (h *home) visit(ctx context.Context, r *run) {
	raw, err := h.w.connect(ctx, h.at)
	if err != nil {
		return
	}
	defer raw.Close()
	conn, err := subscribed(raw)
	if err != nil {
		return
	}
	h.mu.Lock()
	if h.away || ctx.Err() != nil {
		h.mu.Unlock()
		return
	}
	h.conn, h.raw, h.owed = conn, raw, 0
	h.mu.Unlock()
	defer h.hangUp()
	for {
		m, err := conn.Next()
		if bad, ok := errors.AsType[*wire.BadMessage](err); ok {
			r.mu.Lock()
			r.judge.Break(r.clock(), "labels", "the satellite sends what cannot be read: "+bad.Error())
			r.mu.Unlock()
			continue
		}
		if err != nil {
			return
		}
		h.take(r, m)
	}
}

// subscribed says what a Home Assistant says first.
func subscribed(raw net.Conn) (*wire.Conn, error) {
	conn, _, err := wire.Dial(raw, nil)
	if err != nil {
		return nil, err
	}
	return conn, conn.Write(
		&pb.HelloRequest{ClientInfo: "Home Assistant", ApiVersionMajor: 1, ApiVersionMinor: 10}, &pb.AuthenticationRequest{}, &pb.DeviceInfoRequest{}, &pb.ListEntitiesRequest{},
		&pb.SubscribeVoiceAssistantRequest{Subscribe: true}, &pb.VoiceAssistantConfigurationRequest{}, &pb.SubscribeStatesRequest{})
}

// hangUp ends the connection, if there is one, and what is under way.
func (h *home) hangUp() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end()
	if h.raw != nil {
		_ = h.raw.Close()
	}
	h.conn, h.raw, h.owed = nil, nil, 0
}

// end ends the run that is under way. The caller holds mu.
func (h *home) end() {
	if h.run != nil {
		h.run.cancel()
		h.run = nil
	}
}

// take takes a message of the satellite.
func (h *home) take(r *run, m proto.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch m := m.(type) {
	case *pb.PingRequest:
		_ = h.conn.Write(&pb.PingResponse{}) // who does not take it is gone, and is read of next
	case *pb.DisconnectRequest:
		_ = h.conn.Write(&pb.DisconnectResponse{})
		_ = h.raw.Close()
	case *pb.VoiceAssistantRequest:
		was := h.run != nil
		h.end()
		if m.Start {
			h.begin(r)
		} else if was { // the end of a run that was cancelled comes late
			_ = h.conn.Write(eventOf(satellite.EventRunEnd))
		}
	case *pb.VoiceAssistantAudio:
		h.hear(m)
	case *pb.VoiceAssistantAnnounceFinished:
		h.owed = max(0, h.owed-1)
	}
}

// begin begins a run. The caller holds mu.
func (h *home) begin(r *run) {
	h.runs++
	x := &homeRun{n: h.runs, closed: make(chan struct{})}
	x.over, x.cancel = context.WithCancel(h.w.life)
	h.run = x
	r.ears.Go(func() { defer x.cancel(); h.assist(r, x) })
}

// hear takes a piece of sound. The caller holds mu.
func (h *home) hear(m *pb.VoiceAssistantAudio) {
	x := h.run
	if x == nil {
		return
	}
	select {
	case <-x.closed:
		return
	default:
	}
	var sum float64
	n := len(m.Data) / 2
	for i := range n {
		v := float64(int16(uint16(m.Data[2*i]) | uint16(m.Data[2*i+1])<<8))
		sum += v * v
	}
	long := time.Duration(n) * time.Second / rate
	x.heard += long
	switch {
	case n > 0 && sum >= homeVoice*homeVoice*float64(n):
		x.spoke, x.quiet = true, 0
	case x.spoke:
		x.quiet += long
	}
	if m.End || x.spoke && x.quiet >= homeSilence || !x.spoke && x.heard >= homeNobody || x.heard >= homeListens {
		close(x.closed)
	}
}

// say sends something that belongs to a run; false: that is over.
func (h *home) say(x *homeRun, list ...proto.Message) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.run != x || h.conn == nil {
		return false
	}
	if h.twice {
		var again []proto.Message
		for _, m := range list {
			again = append(again, m, m)
		}
		list = again
	}
	return h.conn.Write(list...) == nil
}

func eventOf(kind satellite.EventType, data ...string) proto.Message {
	m := &pb.VoiceAssistantEventResponse{EventType: uint32(kind)}
	for i := 0; i+1 < len(data); i += 2 {
		m.Data = append(m.Data, &pb.VoiceAssistantEventData{Name: data[i], Value: data[i+1]})
	}
	return m
}

// stops tells whether it goes no further than a phase of a run, because of a fault. It may go away then.
func (h *home) stops(phase string) bool {
	h.mu.Lock()
	goes, hangs := h.leave == phase, h.hangs == phase
	if goes {
		h.away, h.leave = true, ""
	}
	h.mu.Unlock()
	if goes {
		h.hangUp()
	}
	return goes || hangs
}

// assist is a run.
func (h *home) assist(r *run, x *homeRun) {
	sound := fmt.Sprintf("%s/api/tts_proxy/%s_%d.wav", h.base, h.name, x.n)
	if h.stops(scenario.Asked) || !h.say(x, &pb.VoiceAssistantResponse{}, eventOf(satellite.EventRunStart, "url", sound), eventOf(satellite.EventSTTStart)) || !h.listens(x) {
		return
	}
	h.mu.Lock()
	spoke := x.spoke
	h.mu.Unlock()
	if !spoke {
		if h.say(x, eventOf(satellite.EventVADEnd), eventOf(satellite.EventError, "code", "stt-no-text-recognized", "message", "No text recognized"), eventOf(satellite.EventRunEnd)) {
			h.done(x)
		}
		return
	}
	text := fmt.Sprintf("command %d of %s", x.n, h.name)
	if !h.say(x, eventOf(satellite.EventVADEnd), eventOf(satellite.EventSTTEnd, "text", text)) {
		return
	}
	r.mu.Lock()
	r.account.HomeActs(r.clock(), text)
	r.mu.Unlock()
	if h.stops(scenario.Thinking) || !h.say(x, eventOf(satellite.EventIntentStart)) || !x.pause(homeThinks) {
		return
	}
	h.mu.Lock()
	h.owed, h.gave = h.owed+1, time.Now()
	h.mu.Unlock()
	if !h.say(x, eventOf(satellite.EventIntentEnd, "conversation_id", "c", "continue_conversation", "0"), eventOf(satellite.EventTTSStart, "text", "done: "+text), eventOf(satellite.EventTTSEnd, "url", sound)) ||
		!x.pause(homeThinks) || h.stops(scenario.Answering) {
		return
	}
	if h.say(x, eventOf(satellite.EventRunEnd)) {
		h.done(x)
	}
}

// done ends a run that went well.
func (h *home) done(x *homeRun) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.run == x {
		h.run = nil
	}
}

// listens waits for the end of a command; false: there is none.
func (h *home) listens(x *homeRun) bool {
	for {
		select {
		case <-x.closed:
			return true
		case <-x.over.Done():
			return false
		case <-time.After(100 * time.Millisecond):
		}
		h.mu.Lock()
		spoke := x.spoke
		h.mu.Unlock()
		if spoke && h.stops(scenario.Listening) {
			return false
		}
	}
}

// pause lets time pass; false: the run is over.
func (x *homeRun) pause(long time.Duration) bool {
	select {
	case <-time.After(long):
		return true
	case <-x.over.Done():
		return false
	}
}

// waits checks, at the end, that it was told of the end of whatever it had sent. The caller holds mu of the run.
func (h *home) waits(r *run, at time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn != nil && h.owed > 0 && time.Since(h.gave) > 20*time.Second {
		r.judge.Break(at, "finished", fmt.Sprintf("Home Assistant waits for the end of %d sounds that it has sent", h.owed))
	}
}

// homeOf is the Home Assistant of a fault.
func (w *World) homeOf(o occurrence) (*home, error) {
	if h, ok := w.homes[o.Target]; ok {
		return h, nil
	}
	return nil, fmt.Errorf("there is a live Home Assistant for esphome blocks only, and the runbook has no esphome %q: orac sim has one for wyoming_satellite blocks, too", o.Target)
}

// changedHome makes a fault of how it behaves.
func changedHome(set func(h *home, on bool)) func(*World, occurrence) (*broken, error) {
	return func(w *World, o occurrence) (*broken, error) {
		h, err := w.homeOf(o)
		if err != nil {
			return nil, err
		}
		return &broken{
			apply: func() error { h.change(func() { set(h, true) }); return nil },
			undo:  func() error { h.change(func() { set(h, false) }); return nil },
		}, nil
	}
}

func hangingHome(w *World, o occurrence) (*broken, error) {
	return changedHome(func(h *home, on bool) {
		if h.hangs = ""; on {
			h.hangs = o.Way
		}
	})(w, o)
}

// goneHome makes it go, at once or in a phase of its next run, and come back.
func goneHome(w *World, o occurrence) (*broken, error) {
	h, err := w.homeOf(o)
	if err != nil {
		return nil, err
	}
	return &broken{
		apply: func() error {
			now := o.Way == "idle" || o.Way == ""
			h.change(func() {
				if h.away = now; !now {
					h.leave = o.Way
				}
			})
			if now {
				h.hangUp()
			}
			return nil
		},
		undo: func() error { h.change(func() { h.away, h.leave = false, "" }); return nil },
	}, nil
}

// lasting is a fault that does something again and again, until it is undone.
func (w *World) lasting(do func(ctx context.Context)) *broken {
	ctx, cancel := context.WithCancel(w.life)
	var busy sync.WaitGroup
	return &broken{
		apply: func() error { busy.Go(func() { do(ctx) }); return nil },
		undo:  func() error { cancel(); busy.Wait(); return nil },
	}
}

func rests(ctx context.Context, long time.Duration) bool {
	select {
	case <-time.After(long):
		return true
	case <-ctx.Done():
		return false
	}
}

// crowdedHome has another one come and go.
func crowdedHome(w *World, o occurrence) (*broken, error) {
	h, err := w.homeOf(o)
	if err != nil {
		return nil, err
	}
	return w.lasting(func(ctx context.Context) {
		for ctx.Err() == nil {
			if raw, err := w.connect(ctx, h.at); err == nil {
				if _, err := subscribed(raw); err == nil {
					rests(ctx, 1500*time.Millisecond)
				}
				_ = raw.Close()
			}
			rests(ctx, 3500*time.Millisecond)
		}
	}), nil
}

// madHome has it say what fits nothing.
func madHome(w *World, o occurrence) (*broken, error) {
	h, err := w.homeOf(o)
	if err != nil {
		return nil, err
	}
	return w.lasting(func(ctx context.Context) {
		for n := 0; rests(ctx, 100*time.Millisecond); n++ {
			h.rave(n)
		}
	}), nil
}

// rave says one thing that fits nothing. While a run is under way, or an answer is heard, it says nothing that would be a part of it.
func (h *home) rave(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn == nil {
		return
	}
	always := []proto.Message{eventOf(77, "code", strings.Repeat("x", 5000)), &pb.VoiceAssistantTimerEventResponse{EventType: uint32(satellite.TimerCancelled), TimerId: "nobody's"}}
	idle := []proto.Message{
		eventOf(satellite.EventTTSEnd, "url", h.base+"/never.wav"), eventOf(satellite.EventSTTEnd, "text", "nobody said this"), eventOf(satellite.EventRunEnd),
		eventOf(satellite.EventIntentProgress, "tts_start_streaming", "1"), eventOf(satellite.EventError), &pb.VoiceAssistantResponse{Error: true},
		&pb.SwitchCommandRequest{Key: 1, State: true}, &pb.NumberCommandRequest{Key: 2, State: 7},
	}
	list := always
	if h.run == nil && h.owed == 0 {
		list = append(list, idle...)
	}
	_ = h.conn.Write(list[n%len(list)]) // who does not take it is gone
}
