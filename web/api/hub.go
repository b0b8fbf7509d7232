package api

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/web/veil"
)

// Frame is an event in the form that streams carry. It is made once for all streams.
type Frame struct {
	Seq   uint64
	Kind  string
	Meter bool   // it comes with each hop: it is not kept
	JSON  []byte // one object on one line: at, node, kind and the fields of the event
}

// Batch holds frames that arrived together, for all streams that want the same kinds: they are written at
// once.
type Batch struct {
	Frames []Frame
	sse    func() []byte // all frames, made when the first stream asks
}

func newBatch(frames []Frame) *Batch {
	b := &Batch{Frames: frames}
	b.sse = sync.OnceValue(func() (text []byte) {
		for _, f := range b.Frames {
			text = appendSSE(text, f)
		}
		return text
	})
	return b
}

const (
	frameRoom = 256                   // batches that wait for a slow stream; beyond that the newest are dropped, and the stream is told
	history   = 1024                  // frames that a returning stream can still get; meters are not among them
	together  = 64                    // frames per batch at most
	gather    = 20 * time.Millisecond // how long a level waits for the scores of its hop, a quarter of the next
)

// Hub passes the appliance's events to streams. A slow stream loses frames and delays nobody.
type Hub struct {
	// In receives events from the appliance.
	In *rt.Mailbox[event.Event]

	mu      sync.Mutex // guards everything that follows
	veil    *veil.Veil // of the running runbook; nil before any runs
	seq     uint64
	past    []Frame
	streams map[*Stream]bool
}

// NewHub makes a hub.
func NewHub() *Hub {
	return &Hub{In: rt.NewMailbox[event.Event]("events to the web", 4096), streams: map[*Stream]bool{}}
}

// Run passes events on until ctx ends.
func (h *Hub) Run(ctx context.Context) error {
	return live.New(nil).Run(ctx, "web events", func(t *rt.Task) error {
		for {
			e, err := h.In.Recv(t, rt.Never)
			if err != nil {
				return nil
			}
			batch := []event.Event{e}
			for until := t.Now().Add(gather); isMeter(e) && len(batch) < together; batch = append(batch, e) {
				if e, err = h.In.Recv(t, until); err != nil {
					break // whatever this is, first deliver what has arrived
				}
			}
			h.Publish(batch...)
		}
	})
}

func isMeter(e event.Event) bool { return event.Of(e.Body).Flow == event.Meter }

// behind veils everything that is published from now on.
func (h *Hub) behind(v *veil.Veil) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.veil = v
}

// Publish passes events to all streams that want their kinds.
func (h *Hub) Publish(events ...event.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	frames := make([]Frame, 0, len(events))
	for _, e := range events {
		meter := isMeter(e)
		if meter && len(h.streams) == 0 {
			continue
		}
		text, err := json.Marshal(e)
		if err != nil { // for example a float that is not a number: only this frame is lost
			continue
		}
		if h.veil != nil && !meter { // a meter contains only names and numbers
			if text = h.veil.Event(text); text == nil {
				continue
			}
		}
		h.seq++
		f := Frame{h.seq, e.Body.Kind(), meter, text}
		frames = append(frames, f)
		if !meter {
			if len(h.past) == history {
				h.past = slices.Delete(h.past, 0, history/4)
			}
			h.past = append(h.past, f)
		}
	}
	made := map[string]*Batch{} // by wanted kinds: most streams want the same ones
	for s := range h.streams {
		s.offer(frames, made)
	}
}

// Stream is one reader of a hub.
type Stream struct {
	C     <-chan *Batch
	hub   *Hub
	c     chan *Batch
	mu    sync.Mutex // guards everything that follows
	kinds []string   // nil: all
	key   string     // of kinds
	lost  int        // frames
}

// Open opens a stream of some kinds (nil: all), starting with the kept events after a number (0:
// none).
func (h *Hub) Open(kinds []string, since uint64) *Stream {
	c := make(chan *Batch, frameRoom)
	s := &Stream{C: c, hub: h, c: c}
	s.Want(kinds)
	h.mu.Lock()
	defer h.mu.Unlock()
	if since > 0 && since <= h.seq {
		past := slices.DeleteFunc(slices.Clone(h.past), func(f Frame) bool { return f.Seq <= since || !s.wants(f.Kind) })
		for batch := range slices.Chunk(past, together) {
			c <- newBatch(batch)
		}
	}
	h.streams[s] = true
	return s
}

// Close ends the stream.
func (s *Stream) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	delete(s.hub.streams, s)
}

// Want changes which kinds the stream gets; nil means all.
func (s *Stream) Want(kinds []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kinds, s.key = kinds, strings.Join(kinds, ",")
	if kinds == nil {
		s.key = "*" // different from a list without kinds
	}
}

// Lost returns how many frames were dropped since the last call.
func (s *Stream) Lost() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.lost
	s.lost = 0
	return n
}

func (s *Stream) wants(kind string) bool { return s.kinds == nil || slices.Contains(s.kinds, kind) }

// offer gives the stream the frames that it wants, if it has room. made are the batches of streams that want the same kinds.
// The caller holds the hub's lock.
func (s *Stream) offer(frames []Frame, made map[string]*Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := made[s.key]
	if !ok {
		b = newBatch(slices.DeleteFunc(slices.Clone(frames), func(f Frame) bool { return !s.wants(f.Kind) }))
		made[s.key] = b
	}
	if len(b.Frames) == 0 {
		return
	}
	select {
	case s.c <- b:
	default:
		s.lost += len(b.Frames)
	}
}
