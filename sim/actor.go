package sim

import (
	"context"
	"errors"
	"syscall"
	"time"

	"orac/appliance/graph"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"orac/runbook/scenario"
)

// actor is a model of a Core: it answers 200 to everything, as long as the network carries anything and no fault holds it back.
type actor struct {
	*peer
	timeout time.Duration // of its client
	proof   *credential
}

// Generate implements notify.Core. As over HTTP, a Core that answers too late acts all the same.
func (a actor) Generate(t *rt.Task, c notify.Command, ready func(*rt.Task) error) error {
	if err := a.m.unreached("forward", a.address); err != nil {
		return err
	}
	if a.first(func(x *ailment) bool { return x.Kind.Info().Refuses }) != nil {
		return a.refusal("forward", a.address)
	}
	if err := a.proof.show(t, "forward", a.address); err != nil {
		return err
	}
	if err := ready(t); err != nil {
		return err
	}
	a.m.floor.sent(c)
	if err := a.call(t, "forward"); err != nil {
		return err
	}
	ends, wait := a.has(scenario.CoreEnds), a.delay()
	a.m.floor.acts(a.m, a.address, c)
	if ends {
		return a.unanswered(wire.Unreachable, syscall.ECONNRESET)
	}
	if wait >= a.timeout {
		if err := t.Sleep(a.timeout); err != nil {
			return err
		}
		return a.unanswered(wire.Timeout, context.DeadlineExceeded)
	}
	if err := t.Sleep(wait); err != nil {
		return err
	}
	if cut := a.m.unreached("forward", a.address); cut != nil { // the answer is lost on its way
		return a.unanswered(wire.Unreachable, errors.New("the network went away"))
	}
	return nil
}

// unanswered is what the client has when Core has all of a text, and no answer comes.
func (a actor) unanswered(kind wire.Kind, cause error) error {
	return doubtful(&wire.Error{Op: "forward", Address: a.address, Kind: kind, Cause: cause}, wire.UnderWay)
}

// Topics implements notify.Core.
func (a actor) Topics(t *rt.Task, _ notify.TopicsBeat) error {
	if err := a.call(t, "topics"); err != nil {
		return err
	}
	return a.proof.show(t, "topics", a.address)
}

func (m *machine) actor(to graph.CoreService, tokens wire.Tokens) (notify.Core, error) {
	timeout := to.Core.Timeout
	if timeout <= 0 {
		timeout = notify.CoreTimeout
	}
	return actor{m.peer("core " + to.Core.Name), timeout, m.credential(tokens, to.Core.Login.Name(), to.Core.Audience)}, nil
}
