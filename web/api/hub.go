package api

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
)

// Frame is an event as streams carry it. It is made once for all streams.
type Frame struct {
	Seq  uint64
	Kind string
	JSON []byte // one object on one line: at, node, kind and the fields of the event
}

const (
	frameRoom = 256  // frames that wait for a slow stream; then the newest go, and it is told
	history   = 1024 // frames that a stream which was away can still have; meters are not among them
)

// Hub passes what happens in the appliance to streams. A stream that is slow loses frames, and holds up nobody.
type Hub struct {
	// In takes events from the appliance.
	In *rt.Mailbox[event.Event]

	mu      sync.Mutex // guards everything that follows
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
			h.Publish(e)
		}
	})
}

// meters are what each hop is like: they are many, and old ones tell nobody anything.
var meters = []string{"level", "score"}

// Publish passes an event to all streams that want its kind.
func (h *Hub) Publish(e event.Event) {
	kind := e.Body.Kind()
	meter := slices.Contains(meters, kind)
	h.mu.Lock()
	defer h.mu.Unlock()
	if meter && len(h.streams) == 0 {
		return
	}
	text, err := json.Marshal(e)
	if err != nil { // a float that is no number: this frame's fault
		return
	}
	h.seq++
	f := Frame{h.seq, kind, text}
	if !meter {
		if len(h.past) == history {
			h.past = slices.Delete(h.past, 0, history/4)
		}
		h.past = append(h.past, f)
	}
	for s := range h.streams {
		s.offer(f)
	}
}

// Stream is one reader of a hub.
type Stream struct {
	C     <-chan Frame
	hub   *Hub
	c     chan Frame
	mu    sync.Mutex // guards kinds and lost
	kinds []string   // nil: all
	lost  int
}

// Open begins a stream of some kinds (nil: all), after what is still known since a number (0: nothing).
func (h *Hub) Open(kinds []string, since uint64) *Stream {
	c := make(chan Frame, frameRoom)
	s := &Stream{C: c, hub: h, c: c, kinds: kinds}
	h.mu.Lock()
	defer h.mu.Unlock()
	if since > 0 && since <= h.seq {
		past := slices.DeleteFunc(slices.Clone(h.past), func(f Frame) bool { return f.Seq <= since || !s.wants(f.Kind) })
		for _, f := range past[max(0, len(past)-frameRoom):] {
			c <- f
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

// Want changes the kinds that the stream gets; nil is all.
func (s *Stream) Want(kinds []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kinds = kinds
}

// Lost is how many frames found no room since it was last called.
func (s *Stream) Lost() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.lost
	s.lost = 0
	return n
}

func (s *Stream) wants(kind string) bool { return s.kinds == nil || slices.Contains(s.kinds, kind) }

// offer gives a frame to the stream if it wants it and has room. The caller holds the hub's lock.
func (s *Stream) offer(f Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.wants(f.Kind) {
		return
	}
	select {
	case s.c <- f:
	default:
		s.lost++
	}
}
