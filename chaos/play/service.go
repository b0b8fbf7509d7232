package play

import (
	"errors"
	"slices"
	"sync"

	"orac/appliance/stt/stttest"
	"orac/chaos/journal"
	"orac/chaos/proxy"
	"orac/chaos/sttserver"
)

// service is a peer of the appliance: a server in a process of its own, and the proxy through which it is reached.
type service struct {
	server *sttserver.Process
	proxy  *proxy.Proxy

	mu  sync.Mutex // guards what follows, and orders the updates of the server and the proxy
	bad []*misbehaviour
	cut []*proxy.Behaviour
}

// serve starts a service, and reaches it where it speaks Wyoming, or HTTP. Its process is recorded in the journal before anything talks to it.
func (w *World) serve(seed uint64, wyoming bool) (*service, error) {
	server, err := sttserver.Start(w.Tools, ServerCommand)
	if err != nil {
		return nil, err
	}
	s := &service{server: server}
	if _, err := w.journal.Begin("speech-to-text server", 0, journal.Step{Do: journal.Kill, Process: server.Process()}); err != nil {
		return nil, errors.Join(err, s.close())
	}
	at := server.Address()
	if wyoming {
		at = server.Wyoming()
	}
	if s.proxy, err = w.listen(seed, at); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// listen starts a proxy where the appliance can reach it.
func (w *World) listen(seed uint64, target string) (p *proxy.Proxy, err error) {
	if w.network == nil {
		return proxy.Listen(seed, func() string { return target })
	}
	return proxy.ListenIn(seed, func() string { return target }, w.network.within)
}

func (s *service) close() error {
	var errs []error
	if s.proxy != nil {
		errs = append(errs, s.proxy.Close())
	}
	return errors.Join(append(errs, s.server.Close())...)
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
	how := map[stttest.Endpoint]sttserver.Behaviour{stttest.HTTP: {}, stttest.WS: {}, stttest.Wyoming: {}, stttest.Health: {}, stttest.Heartbeat: {}, stttest.Webhook: {}}
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
