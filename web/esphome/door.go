package esphome

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"orac/appliance/entity"
	wire "orac/appliance/esphome"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/satellite"
	"orac/runbook"
	"orac/runbook/language"
	"orac/web/crowd"
	"orac/web/mdns"
	"orac/web/orders"
)

// Orders is what clients may have the appliance do. Each records who did it.
type Orders interface {
	// Set does what a command to an entity asks for.
	Set(ctx context.Context, by orders.By, e entity.Entity, to entity.State) error
	// WakeWords has models listen, or not.
	WakeWords(ctx context.Context, by orders.By, enabled map[string]bool) error
}

// Options are what doors need of the appliance.
type Options struct {
	Orders Orders // nil: clients change nothing
	// Refused is told of each connection that is turned away; nil: nobody is told.
	Refused func(block runbook.Address, from netip.Addr, why string)
	// Announce announces a satellite on the network until ctx ends; nil: nothing is announced.
	Announce func(ctx context.Context, a mdns.Announcement)
	Log      *slog.Logger
	// Listen opens the socket; nil: net.Listen does.
	Listen func(address string) (net.Listener, error)
}

// Satellite returns the door of a block. It implements graph.Parts.Satellite.
func (o Options) Satellite(block runbook.Address, listen string, key language.Secret) (node.SatelliteDoor, error) {
	if key.IsSet() {
		if _, err := wire.ParseKey(key.Reveal()); err != nil {
			return nil, err
		}
	}
	return &door{o: o, block: block, listen: listen, states: map[string]entity.State{}}, nil
}

// door is the place where clients of a satellite connect.
type door struct {
	o      Options
	block  runbook.Address
	listen string
	now    atomic.Pointer[service] // nil while it is shut

	mu     sync.Mutex // guards everything that follows, and the voice and the queue of the service
	states map[string]entity.State
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
	wanted  chan func()    // orders that are to be carried out, one after the other
	quick   chan func()    // those that wait for none that takes long: whoever mutes wants it now

	// The lock of the door guards everything that follows.
	conns   map[*conn]struct{} // that may be told of states
	willing []*conn            // that would serve the satellite, the newest last
	voice   *conn              // that does; nil: none
	queue   []satellite.Told
}

const (
	// endTime is how long connections may take to end when the door closes.
	endTime = 2 * time.Second
	// mostUntold is how much of what clients say may wait for the satellite.
	mostUntold = 1024
	// mostOrders is how many orders may wait. An apply takes seconds.
	mostOrders = 8
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
	s := &service{door: d, ctx: ctx, face: face, more: make(chan struct{}, 1), wanted: make(chan func(), mostOrders), quick: make(chan func(), mostOrders), conns: map[*conn]struct{}{}}
	d.now.Store(s)
	defer d.now.Store(nil)
	failed := make(chan error, 1)
	s.running.Go(func() { failed <- s.accept(l) })
	s.running.Go(s.announce)
	s.running.Go(s.watch)
	s.running.Go(func() { s.obey(s.wanted) })
	s.running.Go(func() { s.obey(s.quick) })
	defer func() {
		s.farewell()
		cancel()
		_ = l.Close()
		s.crowd.End()
		ended := make(chan struct{})
		go func() { s.running.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(endTime): // an order is not interrupted
		}
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

// tell passes on what a client says, in order. It never waits; false: too much waits already. The lock is held.
func (s *service) tell(x satellite.Told) bool {
	if len(s.queue) >= mostUntold {
		return false
	}
	s.queue = append(s.queue, x)
	select {
	case s.more <- struct{}{}:
	default:
	}
	return true
}

func (s *service) take() []satellite.Told {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.queue
	s.queue = nil
	return list
}

// accept serves connections until the listener closes.
func (s *service) accept(l net.Listener) error {
	return crowd.Accept(s.ctx, l, func(raw net.Conn) {
		c, most := newConn(s, raw), s.face().Connections
		if why := s.crowd.Admit(c, most, max(2, most/2)); why != "" {
			c.Close()
			s.refused(c, why)
			return
		}
		s.running.Go(c.serve)
	})
}

func (s *service) refused(c *conn, why string) {
	if s.o.Refused != nil {
		s.o.Refused(s.block, c.address, why)
	}
}

// obey carries out orders, one after the other.
func (s *service) obey(orders <-chan func()) {
	for {
		select {
		case <-s.ctx.Done():
			return
		case do := <-orders:
			do()
		}
	}
}

// watchEvery is how soon a changed face is noticed.
const watchEvery = time.Second

// watch disconnects clients that know another face, or have another key, than there is now: they come back at once, and learn what is new.
func (s *service) watch() {
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-time.After(watchEvery):
		}
		f := s.face()
		s.mu.Lock()
		for c := range s.conns {
			if c.shown != "" && c.shown != looks(f) || c.key.IsSet() && !c.key.Equal(f.Key) || !c.key.IsSet() && f.Key.IsSet() && !c.settles {
				c.leave()
			}
		}
		s.mu.Unlock()
	}
}

// farewell tells clients that the satellite goes, so that they wait for it to come back instead of for an answer.
func (s *service) farewell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.leave()
	}
}

// looks stands for what clients ask only once.
func looks(f satellite.Face) string {
	return fmt.Sprint(f.Name, f.Friendly, f.Area, f.Speaks, f.Rings, f.Listener, f.Allow, f.Entities)
}

// mac writes the identity of a satellite as the handshake and the network do.
func mac(f satellite.Face) string { return hex.EncodeToString(f.MAC[:]) }

// announce keeps the announcement as the face says.
func (s *service) announce() {
	if s.o.Announce == nil {
		return
	}
	mdns.Keep(s.ctx, s.o.Announce, func() mdns.Announcement { return announcementOf(s.face()) })
}

func announcementOf(f satellite.Face) (a mdns.Announcement) {
	if !f.Advertise {
		return a
	}
	text := []string{
		"mac=" + mac(f), "friendly_name=" + f.Friendly, "version=" + apiVersion, "platform=Host", "board=orac", "network=ethernet",
		"project_name=" + project, "project_version=" + f.Version,
	}
	switch {
	case f.Key.IsSet():
		text = append(text, "api_encryption="+wire.EncryptionName)
	case f.AcceptKey:
		text = append(text, "api_encryption_supported="+wire.EncryptionName)
	}
	return mdns.Announcement{Type: "_esphomelib._tcp", Name: f.Name, Listen: f.Listen, Text: strings.Join(text, "\n")}
}
