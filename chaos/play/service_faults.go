package play

import (
	"fmt"
	"net/http"
	"time"

	"orac/appliance/stt"
	"orac/appliance/stt/stttest"
	"orac/chaos/journal"
	"orac/chaos/proxy"
	"orac/chaos/sttserver"
	"orac/runbook"
	"orac/runbook/scenario"
)

// proxied makes a fault of the connection to a service.
func proxied(b proxy.Behaviour) func(*World, occurrence) (*broken, error) {
	return func(w *World, o occurrence) (*broken, error) {
		s, err := w.peer(o)
		if err != nil {
			return nil, err
		}
		return s.pass(b), nil
	}
}

// served is a fault of the service itself.
func served(w *World, o occurrence, b sttserver.Behaviour, endpoints ...stttest.Endpoint) (*broken, error) {
	s, err := w.peer(o)
	if err != nil {
		return nil, err
	}
	return s.behave(b, endpoints...), nil
}

// lag makes the proxy before a service delay its answers: it does what it is asked all the same.
func lag(w *World, o occurrence) (*broken, error) {
	return proxied(proxy.Behaviour{Mode: proxy.Slow, Delay: o.Delay})(w, o)
}

// doing makes a fault of some endpoints of a service.
func doing(do stttest.Do, endpoints ...stttest.Endpoint) func(*World, occurrence) (*broken, error) {
	return func(w *World, o occurrence) (*broken, error) {
		return served(w, o, sttserver.Behaviour{Do: do}, endpoints...)
	}
}

// endpoints are all endpoints of a target.
var endpoints = map[scenario.Target][]stttest.Endpoint{
	scenario.STTTarget:       {stttest.HTTP, stttest.WS, stttest.Wyoming, stttest.Health},
	scenario.HeartbeatTarget: {stttest.Heartbeat},
	scenario.WebhookTarget:   {stttest.Webhook},
	scenario.TTSTarget:       {stttest.Speech},
	scenario.TracesTarget:    {stttest.Webhook}, // it accepts whatever is sent
}

// answer makes the target answer everything with the status of the kind.
func answer(w *World, o occurrence) (*broken, error) {
	i := o.Kind.Info()
	return served(w, o, sttserver.Behaviour{Do: stttest.Status, Code: i.Status}, endpoints[i.Target]...)
}

func slow(w *World, o occurrence) (*broken, error) {
	return served(w, o, sttserver.Behaviour{Wait: o.Delay}, endpoints[o.Kind.Info().Target]...)
}

func late(w *World, o occurrence) (*broken, error) {
	s, ok := w.book.rb.STT(runbook.Address("stt." + o.Target))
	if !ok {
		return nil, fmt.Errorf("the runbook has no stt %q", o.Target)
	}
	return served(w, o, sttserver.Behaviour{Wait: max(s.Timeout, stt.DefaultTimeout) + time.Second}, speech...)
}

// freeze stops the server's process, and later continues it.
func freeze(w *World, o occurrence) (*broken, error) {
	s, err := w.peer(o)
	if err != nil {
		return nil, err
	}
	return &broken{
		steps: []journal.Step{{Do: journal.Cont, Process: s.server.Process()}}, apply: s.server.Stop, undo: s.server.Cont,
	}, nil
}

// poison makes the target fail on one utterance or event, the first that arrives.
func poison(w *World, o occurrence) (*broken, error) {
	b, where, end := sttserver.Behaviour{Do: stttest.Status, Code: http.StatusInternalServerError, One: true}, speech, stttest.Reset
	if o.Kind.Info().Target == scenario.WebhookTarget {
		where, end = endpoints[scenario.WebhookTarget], stttest.CloseEarly
	}
	switch o.Way {
	case "hang":
		b.Do = stttest.Never
	case "reset":
		b.Do, b.After = end, 3
	case "refuse":
		b.Code = http.StatusBadRequest
	}
	return served(w, o, b, where...)
}
