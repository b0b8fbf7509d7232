package play

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"orac/appliance/esphome/pb"
	"orac/appliance/satellite"
	"orac/runbook/scenario"
)

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
	homeVoice   = 400                    // RMS from which sound is a voice
	homeSilence = 700 * time.Millisecond // ends a command
	homeNobody  = 5 * time.Second        // without a voice it gives up
	homeListens = 15 * time.Second
	homeThinks  = 300 * time.Millisecond
)

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
	if h.stops(scenario.Thinking) || !h.say(x, eventOf(satellite.EventIntentStart)) || !rests(x.over, homeThinks) {
		return
	}
	h.mu.Lock()
	h.owed, h.gave = h.owed+1, time.Now()
	h.mu.Unlock()
	if !h.say(x, eventOf(satellite.EventIntentEnd, "conversation_id", "c", "continue_conversation", "0"), eventOf(satellite.EventTTSStart, "text", "done: "+text), eventOf(satellite.EventTTSEnd, "url", sound)) ||
		!rests(x.over, homeThinks) || h.stops(scenario.Answering) {
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
