package play

import (
	"errors"
	"slices"
	"sync"

	"orac/appliance/stt/stttest"
	"orac/chaos/broker"
	"orac/chaos/homeserver"
	"orac/chaos/journal"
	"orac/chaos/process"
	"orac/chaos/proxy"
	"orac/chaos/sttserver"
	"orac/runbook"
)

// service is a peer of the appliance, in a process of its own, and the proxy through which it is reached.
type service struct {
	stand
	proxy *proxy.Proxy
	// One of these is the stand.
	server *sttserver.Process
	house  *homeserver.Process
	issuer *issuer
	broker *broker.Broker
	// wyoming tells that the server is reached where it speaks Wyoming.
	wyoming bool

	mu  sync.Mutex // guards what follows, and orders the updates of the peer and the proxy
	bad []*misbehaviour
	ill []*illness
	cut []*proxy.Behaviour

	calls int // of a home, that were read
}

// stand is what stands in for a peer.
type stand interface {
	Process() process.Process
	Address() string
	Close() error
}

// serveAll starts the peers that the runbook names, and points the runbook to them. An issuer comes before those who demand its tokens.
func (w *World) serveAll() error {
	urls := map[runbook.Address]string{}
	add := func(a runbook.Address, serve func(*service) error) error {
		s := &service{}
		w.services[a] = s
		var err error
		if s.proxy, err = w.listen(w.seed+uint64(len(urls))<<32, s); err != nil {
			return err
		}
		urls[a] = "http://" + s.proxy.Address()
		return serve(s)
	}
	rb := w.book.rb
	for _, l := range rb.Logins {
		if err := add(l.Address, func(s *service) error { return w.serveIssuer(s, l, urls[l.Address]) }); err != nil {
			return err
		}
	}
	for _, x := range rb.STTs {
		if x.Protocol == "exec" || x.Embedded() {
			continue
		}
		err := add(x.Address, func(s *service) error {
			if s.wyoming = x.Protocol == "wyoming"; s.wyoming {
				urls[x.Address] = "tcp://" + s.proxy.Address()
			}
			if err := w.serveSTT(s); err != nil || x.Login == "" {
				return err
			}
			return s.server.Demand(sttserver.Trust{Issuer: urls[x.Login], Audience: x.Audience})
		})
		if err != nil {
			return err
		}
	}
	for _, h := range rb.Heartbeats {
		if err := add(h.Address, w.serveSTT); err != nil {
			return err
		}
	}
	for _, h := range rb.Webhooks {
		if err := add(h.Address, w.serveSTT); err != nil {
			return err
		}
	}
	for _, x := range rb.TTSs {
		if x.Protocol == "openai" {
			if err := add(x.Address, w.serveSTT); err != nil {
				return err
			}
		}
	}
	if rb.Traces.On() {
		if err := add(rb.Traces.Address, w.serveSTT); err != nil {
			return err
		}
	}
	for _, m := range rb.MQTTs {
		if err := add(m.Address, func(s *service) error {
			urls[m.Address] = "tcp://" + s.proxy.Address()
			return w.serveBroker(s, m)
		}); err != nil {
			return err
		}
	}
	for _, b := range rb.Backends {
		if b.Protocol == "home_assistant" {
			if err := add(b.Address, func(s *service) error { return w.serveHouse(s, homeserver.Home) }); err != nil {
				return err
			}
		}
	}
	for _, l := range rb.LanguageModels {
		if err := add(l.Address, func(s *service) error { return w.serveHouse(s, homeserver.Model) }); err != nil {
			return err
		}
	}
	doors, err := w.doors()
	if err != nil {
		return err
	}
	if w.book, err = w.book.settle(w.State, urls, doors); err != nil {
		return err
	}
	w.saved = w.book
	return w.book.write(w.File)
}

func (w *World) serveSTT(s *service) (err error) {
	if s.server, err = sttserver.Start(w.Tools, ServerCommand); err != nil {
		return err
	}
	s.stand = s.server
	return w.noteStand("speech-to-text server", s)
}

func (w *World) serveHouse(s *service, k homeserver.Kind) (err error) {
	if s.house, err = homeserver.Start(k, w.Tools, HouseCommand); err != nil {
		return err
	}
	s.stand = s.house
	return w.noteStand("stand-in of a house", s)
}

// noteStand records the process of a peer in the journal, before anything talks to it.
func (w *World) noteStand(what string, s *service) error {
	_, err := w.journal.Begin(what, 0, journal.Step{Do: journal.Kill, Process: s.Process()})
	return err
}

// listen starts a proxy where the appliance can reach it.
func (w *World) listen(seed uint64, s *service) (p *proxy.Proxy, err error) {
	target := func() string { // nobody connects before it is there
		if s.wyoming {
			return s.server.Wyoming()
		}
		return s.Address()
	}
	if w.network == nil {
		return proxy.Listen(seed, target)
	}
	return proxy.ListenIn(seed, target, w.network.within)
}

func (s *service) close() error {
	var errs []error
	if s.proxy != nil {
		errs = append(errs, s.proxy.Close())
	}
	if s.stand != nil {
		errs = append(errs, s.stand.Close())
	}
	return errors.Join(errs...)
}

// behave makes endpoints of the server misbehave until the fault is undone.
func (s *service) behave(b sttserver.Behaviour, endpoints ...stttest.Endpoint) *broken {
	bad := &misbehaviour{Behaviour: b, endpoints: endpoints}
	return &broken{
		apply: func() error { return s.serving(func() { s.bad = append(s.bad, bad) }) },
		undo:  func() error { return s.serving(func() { s.bad = without(s.bad, bad) }) },
	}
}

// misbehaviour is a lasting fault of the server. If an endpoint has several, the last one applies.
type misbehaviour struct {
	sttserver.Behaviour
	endpoints []stttest.Endpoint
}

// serving changes the lasting faults, and updates the server's endpoints accordingly.
func (s *service) serving(change func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	how := map[stttest.Endpoint]sttserver.Behaviour{stttest.HTTP: {}, stttest.WS: {}, stttest.Wyoming: {}, stttest.Health: {}, stttest.Heartbeat: {}, stttest.Webhook: {}, stttest.Speech: {}}
	for _, b := range s.bad {
		for _, e := range b.endpoints {
			how[e] = b.Behaviour
		}
	}
	return s.server.Set(how)
}

// pass makes the proxy break connections until the fault is undone. Of several such faults, the last one applies.
func (s *service) pass(b proxy.Behaviour) *broken {
	bad := &b
	passing := func(change func()) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		change()
		if n := len(s.cut); n > 0 {
			return s.proxy.Set(*s.cut[n-1])
		}
		return s.proxy.Set(proxy.Behaviour{})
	}
	return &broken{
		apply: func() error { return passing(func() { s.cut = append(s.cut, bad) }) },
		undo:  func() error { return passing(func() { s.cut = without(s.cut, bad) }) },
	}
}

func without[T comparable](list []T, x T) []T {
	return slices.DeleteFunc(list, func(y T) bool { return x == y })
}

var speech = []stttest.Endpoint{stttest.HTTP, stttest.WS, stttest.Wyoming}
