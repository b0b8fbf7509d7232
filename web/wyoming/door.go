package wyoming

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/runbook"
	"orac/web/crowd"
	"orac/web/mdns"
)

// Options are what services need of the appliance.
type Options struct {
	// Transcribe has an engine understand at most stt.MaxSpeech of sound. See appliance.Daemon.Transcribe.
	Transcribe func(ctx context.Context, engine runbook.Address, u stt.Utterance, pcm []int16) (stt.Result, error)
	// Refused is told of each connection that is turned away; nil: nobody is told.
	Refused func(block runbook.Address, from netip.Addr, why string)
	// Announce announces a service on the network until ctx ends; nil: nothing is announced.
	Announce func(ctx context.Context, a mdns.Announcement)
	Log      *slog.Logger
	// Listen opens the socket; nil: net.Listen does.
	Listen func(address string) (net.Listener, error)
}

// Door returns the door of a block. It implements graph.Parts.Door.
func (o Options) Door(block runbook.Address, listen string) (node.Door, error) {
	return &door{o: o, block: block, listen: listen}, nil
}

// door is a place where a service is offered.
type door struct {
	o      Options
	block  runbook.Address
	listen string
	now    atomic.Pointer[service] // nil while it is shut
}

// Clients implements node.Counted.
func (d *door) Clients() (connections, streams int) {
	s := d.now.Load()
	if s == nil {
		return 0, 0
	}
	s.mu.Lock()
	streams = s.taken
	s.mu.Unlock()
	return s.crowd.Size(), streams
}

// service is a door while it is open.
type service struct {
	*door
	ctx      context.Context // ends with the service
	settings func() node.WyomingConfig
	told     chan event.Body
	crowd    crowd.Crowd[*conn]
	ear      *ear
	running  sync.WaitGroup // goroutines of connections

	mu    sync.Mutex // guards everything that follows
	taken int        // places for sound
}

// endTime is how long connections may take to end when the door closes.
const endTime = 2 * time.Second

// Serve implements node.Door.
func (d *door) Serve(t *rt.Task, settings func() node.WyomingConfig, opened func(), tell func(event.Body)) error {
	l, err := crowd.Listen(d.o.Listen, d.listen)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	undo := t.OnStop(cancel)
	defer undo()
	s := &service{door: d, ctx: ctx, settings: settings, told: make(chan event.Body, 64)}
	s.ear = newEar(ctx, settings)
	d.now.Store(s)
	defer d.now.Store(nil)
	failed := make(chan error, 1)
	s.running.Go(func() { failed <- s.accept(l) })
	s.running.Go(func() { s.announce() })
	defer func() {
		cancel()
		_ = l.Close()
		s.crowd.End()
		ended := make(chan struct{})
		go func() { s.running.Wait(); s.ear.wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(endTime): // an inference is not interrupted; its answer goes nowhere
		}
	}()
	opened()
	for {
		select {
		case b := <-s.told:
			tell(b)
		case err := <-failed:
			return err
		case <-ctx.Done():
			return rt.ErrStopped
		}
	}
}

// tell reports what happened. When too much happens at once, some of it is not reported.
func (s *service) tell(b event.Body) {
	select {
	case s.told <- b:
	default:
	}
}

// accept serves connections until the listener closes.
func (s *service) accept(l net.Listener) error {
	return crowd.Accept(s.ctx, l, func(raw net.Conn) {
		c, limits := newConn(s, raw), s.settings().Block
		if why := s.crowd.Admit(c, limits.MaxConnections, limits.PerAddress); why != "" {
			c.Close()
			if s.o.Refused != nil {
				s.o.Refused(s.block, c.address, why)
			}
			return
		}
		s.running.Go(c.serve)
	})
}

// enter takes one of the places for sound; leave returns it.
func (s *service) enter() error {
	most := s.settings().Block.MaxStreams
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken >= most {
		return fmt.Errorf("%d clients are being served, which is the limit; try again later", s.taken)
	}
	s.taken++
	return nil
}

func (s *service) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
}

// announce keeps the announcement as the settings say.
func (s *service) announce() {
	if s.o.Announce == nil {
		return
	}
	mdns.Keep(s.ctx, s.o.Announce, func() (want mdns.Announcement) {
		if c := s.settings(); c.Block.Advertise && c.Block.Unprotected {
			want = mdns.Announcement{Type: "_wyoming._tcp", Name: InstanceName(c), Listen: s.listen}
		}
		return want
	})
}
