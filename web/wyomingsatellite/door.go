package wyomingsatellite

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"orac/appliance/entity"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/satellite"
	wire "orac/appliance/wyoming"
	"orac/runbook"
	"orac/web/crowd"
	"orac/web/mdns"
)

// Options are what doors need of the appliance.
type Options struct {
	// Refused is told of each connection that is turned away; nil: nobody is told.
	Refused func(block runbook.Address, from netip.Addr, why string)
	// Announce announces a satellite on the network until ctx ends; nil: nothing is announced.
	Announce func(ctx context.Context, a mdns.Announcement)
	Log      *slog.Logger
	// Listen opens the socket; nil: net.Listen does.
	Listen func(address string) (net.Listener, error)
}

// Satellite returns the door of a block.
func (o Options) Satellite(block runbook.Address, listen string) node.SatelliteDoor {
	return &door{o: o, block: block, listen: listen}
}

// door is the place where Home Assistant connects.
type door struct {
	o      Options
	block  runbook.Address
	listen string
	now    atomic.Pointer[service] // nil while it is shut
}

// Connections is how many clients there are. It may be called from anywhere.
func (d *door) Connections() int {
	if s := d.now.Load(); s != nil {
		return s.crowd.Size()
	}
	return 0
}

// service is a door while it is open.
type service struct {
	*door
	ctx     context.Context // ends with the service
	face    func() satellite.Face
	crowd   crowd.Crowd[*conn]
	running sync.WaitGroup // goroutines of connections
	more    chan struct{}  // there is something in the queue
	opened  time.Time

	mu    sync.Mutex // guards everything that follows
	home  *conn      // Home Assistant's; nil: there is none
	queue []satellite.Told
}

const (
	// mostUntold is how much of what Home Assistant says may wait for the node: more than the node keeps of its sounds.
	mostUntold = 8192
)

// Serve implements node.SatelliteDoor.
func (d *door) Serve(t *rt.Task, face func() satellite.Face, opened func(), told func(satellite.Told) error) error {
	l, err := crowd.Listen(d.o.Listen, d.listen)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	undo := t.OnStop(cancel)
	defer undo()
	s := &service{door: d, ctx: ctx, face: face, more: make(chan struct{}, 1), opened: time.Now()}
	d.now.Store(s)
	defer d.now.Store(nil)
	failed := make(chan error, 1)
	s.running.Go(func() { failed <- s.accept(l) })
	s.running.Go(s.announce)
	s.running.Go(s.watch)
	defer func() {
		cancel()
		_ = l.Close()
		s.crowd.End()
		s.running.Wait() // nothing that runs waits for anything but its connection
	}()
	opened()
	for {
		select {
		case <-s.more:
			for _, x := range s.take() {
				if err := told(x); err != nil {
					return err
				}
			}
		case err := <-failed:
			return err
		case <-ctx.Done():
			return rt.ErrStopped
		}
	}
}

// accept serves connections until the listener closes.
func (s *service) accept(l net.Listener) error {
	return crowd.Accept(s.ctx, l, func(raw net.Conn) {
		c, most := newConn(s, raw), s.face().Connections
		if why := s.crowd.Admit(c, most, max(2, most/2)); why != "" {
			c.Close()
			if s.o.Refused != nil {
				s.o.Refused(s.block, c.address, why)
			}
			return
		}
		s.running.Go(c.serve)
	})
}

// tell passes on what Home Assistant says, in order, if a connection is Home Assistant's. It never waits. Its error ends the connection.
func (s *service) tell(c *conn, list ...satellite.Told) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.home != c {
		return nil
	}
	return s.enqueue(list...)
}

// enqueue has the lock.
func (s *service) enqueue(list ...satellite.Told) error {
	if len(s.queue)+len(list) > mostUntold {
		return errors.New("it says more than the satellite can take")
	}
	s.queue = append(s.queue, list...)
	select {
	case s.more <- struct{}{}:
	default:
	}
	return nil
}

func (s *service) take() []satellite.Told {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.queue
	s.queue = nil
	return list
}

// takeOver makes a connection Home Assistant's. The one before is closed: it may be dead, and nobody knows.
func (s *service) takeOver(c *conn) error {
	s.mu.Lock()
	before := s.home
	s.home = c
	err := s.enqueue(satellite.SoundEnds{Why: "Home Assistant has begun anew"}, satellite.FromHome{In: satellite.Arrived{}})
	s.mu.Unlock()
	if before != nil && before != c {
		before.Close()
	}
	return err
}

// leave ends what a connection had.
func (s *service) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.home != c {
		return
	}
	s.home = nil
	if s.enqueue(satellite.SoundEnds{Why: "the connection to Home Assistant was lost"}, satellite.FromHome{In: satellite.Left{}}) != nil {
		s.queue = []satellite.Told{satellite.SoundEnds{Why: "the connection to Home Assistant was lost"}, satellite.FromHome{In: satellite.Left{}}}
	}
}

// isHome tells whether a connection is Home Assistant's.
func (s *service) isHome(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.home == c
}

// toHome sends to Home Assistant, if it is there.
func (d *door) toHome(list ...message) {
	s := d.now.Load()
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.home != nil {
		s.home.send(list...)
	}
}

// Do implements node.SatelliteDoor. What Home Assistant has heard it does not forget: nothing is said of a run that is not wanted any more.
// It hears no more of it, and the next run ends it.
func (d *door) Do(do satellite.Do) {
	switch do := do.(type) {
	case satellite.Start:
		s := d.now.Load()
		if s == nil {
			return
		}
		face, end := s.face(), wire.StageHandle
		if face.Speaks {
			end = wire.StageTTS
		}
		detection := wire.Detection{Timestamp: s.clock()}
		if i := slices.IndexFunc(face.Words, func(w satellite.Word) bool { return w.Phrase == do.Phrase }); i >= 0 {
			detection.Name = face.Words[i].ID
		}
		d.toHome(message{wire.KindDetection, detection, nil}, message{wire.KindRunPipeline, wire.RunPipeline{Start: wire.StageASR, End: end}, nil})
	case satellite.EndSound:
		d.toHome(message{wire.KindAudioStop, wire.AudioStop{}, nil})
	case satellite.Finished:
		d.toHome(message{wire.KindPlayed, nil, nil})
	}
}

// clock is the time by which the satellite stamps what it sends.
func (s *service) clock() *wire.Millis { return new(wire.Millis(time.Since(s.opened).Milliseconds())) }

// Sound implements node.SatelliteDoor.
func (d *door) Sound(pcm []int16) {
	raw := make([]byte, 0, 2*len(pcm))
	for _, v := range pcm {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
	}
	d.toHome(message{wire.KindAudioChunk, wire.Audio{Format: wire.Speech}, raw})
}

// Show implements node.SatelliteDoor. Home Assistant makes its own entities of a Wyoming satellite.
func (d *door) Show(...entity.State) {}

// watchEvery is how soon a changed face is noticed.
const watchEvery = time.Second

// watch tells Home Assistant of a changed face: it asks only once.
func (s *service) watch() {
	was := infoOf(s.face())
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-time.After(watchEvery):
		}
		if is := infoOf(s.face()); !same(was, is) {
			was = is
			s.toHome(message{wire.KindInfo, is, nil})
		}
	}
}

// announce keeps the announcement as the face says.
func (s *service) announce() {
	if s.o.Announce == nil {
		return
	}
	mdns.Keep(s.ctx, s.o.Announce, func() (want mdns.Announcement) {
		if f := s.face(); f.Advertise {
			want = mdns.Announcement{Type: "_wyoming._tcp", Name: f.Name, Listen: f.Listen}
		}
		return want
	})
}
