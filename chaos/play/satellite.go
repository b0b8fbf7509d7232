package play

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	wire "orac/appliance/esphome"
	"orac/appliance/esphome/pb"
	"orac/appliance/satellite"
	"orac/appliance/stt/stttest"
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

// homeAgain is between two tries to connect.
const homeAgain = 300 * time.Millisecond

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
		rests(ctx, homeAgain)
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

// waits checks, at the end, that it was told of the end of whatever it had sent. The caller holds mu of the run.
func (h *home) waits(r *run, at time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn != nil && h.owed > 0 && time.Since(h.gave) > 20*time.Second {
		r.judge.Break(at, "finished", fmt.Sprintf("Home Assistant waits for the end of %d sounds that it has sent", h.owed))
	}
}
