package wyoming

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/node"
	wire "orac/appliance/wyoming"
	"orac/models/detect"
	"orac/models/wake"
)

// ear hears wake words in the streams of all clients of a service, one hop of one stream at a time, on one thread of low priority:
// however many clients there are, they take at most one processor, and only what the microphones of the appliance leave of it.
type ear struct {
	ctx      context.Context
	settings func() node.WyomingConfig
	running  sync.WaitGroup

	mu    sync.Mutex // guards everything that follows
	on    bool       // its goroutine runs
	ready []*stream  // that have something to do, in the order of their turns
	more  chan struct{}
}

func newEar(ctx context.Context, settings func() node.WyomingConfig) *ear {
	return &ear{ctx: ctx, settings: settings, more: make(chan struct{}, 1)}
}

func (e *ear) wait() { e.running.Wait() }

// What a stream carries.
const (
	itemHop   = iota
	itemNames // what the client asks for from now on
	itemStart // a new sound
	itemStop  // its end
	itemEnd   // of the stream
)

type item struct {
	kind  int
	pcm   *[audio.HopSamples]int16
	stamp int64 // ms, of the chunk that completed the hop
	names []string
}

// maxAsked is how many beginnings and ends of sounds of one client may wait. A satellite has one.
const maxAsked = 64

// maxBehind is how far a stream may be behind, in hops: 20 s. Then it begins anew with what comes next: a client that streams live
// waits for no answer that late, and one that sends a file at once has shown most of it.
const maxBehind = 250

// stream is the sound of a client on its way to the ear. Only the ear uses what follows its queue.
type stream struct {
	ear  *ear
	conn *conn
	say  chan said // to the goroutine that writes to the client

	mu     sync.Mutex // guards everything that follows
	queue  []item
	listed bool // the ear knows that there is something to do

	names     []string
	extractor node.Extractor
	heads     []node.Classifier
	trigger   *wake.Trigger
	words     []string // the names of the models that are open
	hop       int64
	fired     bool // since audio-start
	embedding [96]float32
}

// maxUntold is how many answers may wait for a client that takes none.
const maxUntold = 16

// said is an event for a client.
type said struct {
	kind string
	data any
	last bool // the connection ends with it
}

// stream begins a stream, which has one of the places for sound.
func (e *ear) stream(c *conn, names []string) *stream {
	s := &stream{ear: e, conn: c, names: names, say: make(chan said, maxUntold)}
	c.running.Go(s.tellClient)
	return s
}

// push adds to what the ear has to do. It never waits: the client's pings are answered meanwhile. What waits is bounded.
func (s *stream) push(i item) error {
	s.mu.Lock()
	if i.kind == itemHop && len(s.queue) >= maxBehind {
		s.queue = slices.DeleteFunc(s.queue, func(i item) bool { return i.kind == itemHop })
		if n := len(s.queue); n == 0 || s.queue[n-1].kind != itemStart {
			s.queue = append(s.queue, item{kind: itemStart})
		}
	}
	switch n := len(s.queue); {
	case n > 0 && s.queue[n-1].kind == i.kind && (i.kind == itemStart || i.kind == itemNames): // only the last counts
		s.queue[n-1] = i
	case i.kind != itemHop && i.kind != itemEnd && s.asks() >= maxAsked:
		s.mu.Unlock()
		return fmt.Errorf("more than %d beginnings and ends of sounds wait to be heard", maxAsked)
	default:
		s.queue = append(s.queue, i)
	}
	listed := s.listed
	s.listed = true
	s.mu.Unlock()
	if !listed {
		s.ear.list(s)
	}
	return nil
}

// asks is how much waits that is no sound. The caller holds the lock.
func (s *stream) asks() (n int) {
	for _, i := range s.queue {
		if i.kind != itemHop {
			n++
		}
	}
	return n
}

// list gives a stream its turn.
func (e *ear) list(s *stream) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ready = append(e.ready, s)
	if !e.on {
		e.on = true
		e.running.Go(e.run)
	}
	select {
	case e.more <- struct{}{}:
	default:
	}
}

// run hears until the service ends.
func (e *ear) run() {
	runtime.LockOSThread() // and never unlocks it: the thread ends with this goroutine, and its priority with it
	lowerPriority()
	open := map[*stream]bool{}
	defer func() {
		for s := range open {
			s.close()
		}
	}()
	for {
		s := e.next()
		if s == nil {
			return
		}
		open[s] = true
		if !s.turn() {
			s.close()
			delete(open, s)
		}
	}
}

// next waits for a stream that has something to do; nil: the service ends.
func (e *ear) next() *stream {
	for {
		if e.ctx.Err() != nil {
			return nil
		}
		e.mu.Lock()
		if len(e.ready) > 0 {
			s := e.ready[0]
			e.ready = slices.Delete(e.ready, 0, 1)
			e.mu.Unlock()
			return s
		}
		e.mu.Unlock()
		select {
		case <-e.more:
		case <-e.ctx.Done():
		}
	}
}

// turn does the next thing of a stream. It returns false at its end.
func (s *stream) turn() (more bool) {
	s.mu.Lock()
	i := s.queue[0]
	s.queue = slices.Delete(s.queue, 0, 1)
	s.mu.Unlock()
	if i.kind == itemEnd || s.conn.ctx.Err() != nil {
		return false
	}
	if err := s.do(i); err != nil {
		s.conn.o.Log.Error("cannot hear the wake words of a client", "block", string(s.conn.block), "cause", err)
		s.tell(said{wire.KindError, wire.Failure{Text: "the models of this service cannot be used: " + err.Error(), Code: codeWake}, true})
		return false
	}
	s.mu.Lock()
	s.listed = len(s.queue) > 0
	again := s.listed
	s.mu.Unlock()
	if again {
		s.ear.list(s)
	}
	return true
}

func (s *stream) do(i item) error {
	switch i.kind {
	case itemNames:
		s.names = i.names
		s.closeModels()
	case itemStart:
		s.fired = false
		return s.reset()
	case itemStop:
		if !s.fired {
			s.tell(said{kind: wire.KindNotDetected})
		}
		s.fired = false
	case itemHop:
		return s.hear(i)
	}
	return nil
}

// asked are the models that the client asks for. Unknown names are ignored; if no name is known, all are meant.
func asked(words []node.ServedWord, names []string) []node.ServedWord {
	known := slices.DeleteFunc(slices.Clone(words), func(w node.ServedWord) bool { return !slices.Contains(names, w.Model.Name) })
	if len(known) == 0 {
		return words
	}
	return known
}

// ready opens the networks, and takes the rules in force.
func (s *stream) ready() error {
	c := s.ear.settings()
	words := asked(c.Words, s.names)
	var names []string
	rules := wake.Rules{MultiTrigger: true}
	for _, w := range words {
		names, rules.Models = append(names, w.Model.Name), append(rules.Models, w.Model)
	}
	if s.trigger != nil && slices.Equal(names, s.words) {
		return s.trigger.Update(rules)
	}
	s.closeModels()
	if s.extractor == nil {
		x, err := c.Extractor()
		if err != nil {
			return err
		}
		s.extractor = x
	}
	for _, name := range names {
		h, err := c.Head(name)
		if err != nil {
			return err
		}
		s.heads = append(s.heads, h)
	}
	s.words = names
	var err error
	s.trigger, err = wake.New(rules)
	return err
}

// rulesEvery is how often a stream takes changed rules, in hops: about once a second.
const rulesEvery = 12

// hear scores a hop.
func (s *stream) hear(i item) error {
	if s.trigger == nil || s.hop%rulesEvery == 0 {
		if err := s.ready(); err != nil {
			return err
		}
	}
	if err := s.extractor.Push(i.pcm, &s.embedding); err != nil {
		return err
	}
	scores := make([]wake.Scores, len(s.heads))
	for n, h := range s.heads {
		values, masked, err := h.Push(&s.embedding)
		if err != nil {
			return err
		}
		scores[n] = wake.Scores{Values: values, Masked: masked}
	}
	at := time.Duration(s.hop+1) * audio.HopTime
	for _, d := range s.trigger.Step(s.hop, at, detect.RMS(i.pcm[:]), 0, scores) {
		stamp := wire.Millis(i.stamp)
		s.fired = true
		s.conn.service.tell(event.Answered{Address: s.conn.address.String(), Model: d.Model})
		s.tell(said{kind: wire.KindDetection, data: wire.Detection{Name: d.Model, Timestamp: &stamp}})
	}
	s.hop++
	return nil
}

// reset forgets the sound so far, and the detections in it.
func (s *stream) reset() error {
	for _, h := range s.heads {
		h.Reset()
	}
	if s.trigger != nil {
		s.trigger.Reset()
	}
	s.hop = 0
	if s.extractor != nil {
		return s.extractor.Reset()
	}
	return nil
}

// tell passes on an answer. It never waits: a client that takes nothing is disconnected.
func (s *stream) tell(x said) {
	select {
	case s.say <- x:
	default:
		s.conn.Close()
	}
}

// tellClient writes the answers. The ear does not wait for the network.
func (s *stream) tellClient() {
	for {
		select {
		case <-s.conn.ctx.Done():
			return
		case x := <-s.say:
			err := s.conn.out.Write(x.kind, x.data, nil)
			switch {
			case err != nil:
				s.conn.Close()
				return
			case x.last:
				s.conn.finish()
				return
			}
		}
	}
}

// close frees everything, and the place for sound.
func (s *stream) close() {
	s.closeModels()
	if s.extractor != nil {
		_ = s.extractor.Close()
		s.extractor = nil
	}
	s.conn.leave()
}

func (s *stream) closeModels() {
	for _, h := range s.heads {
		_ = h.Close()
	}
	s.heads, s.trigger, s.words = nil, nil, nil
}
