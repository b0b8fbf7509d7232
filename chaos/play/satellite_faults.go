package play

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"orac/appliance/esphome/pb"
	"orac/appliance/satellite"
)

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
