package node

import (
	"errors"
	"fmt"
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
)

// load starts the process and waits until its model is loaded, unless that has happened. After failures it waits before that.
func (n *Engine) load(t *rt.Task) error {
	if n.process != nil && n.process.Alive() {
		return nil
	}
	n.letGo(t, "")
	c := n.Config.Get()
	if c.Model != n.model {
		n.model, n.loads = c.Model, 0
	}
	if wait := n.again.Sub(t.Now()); wait > 0 {
		if err := t.Sleep(wait); err != nil {
			return err
		}
	}
	began := t.Now()
	n.show(EngineLoading, "")
	say(t, n.Events, n.Name, event.Engine{STT: n.STT, Model: n.model, State: string(EngineLoading)})
	p, err := c.Start(t)
	if err == nil {
		n.process, n.most = p, c.MaxMemory
		err = n.attend(t, n.loadTime()<<n.late, nil, p.Load)
	}
	switch {
	case errors.Is(err, rt.ErrStopped):
		return err
	case err != nil:
		err = fmt.Errorf("the model %s cannot be loaded: %w", n.model, err)
		n.failed(t, err)
		return err
	}
	n.used, n.loads = t.Now(), t.Now().Sub(began)
	n.show(EngineReady, "")
	if err := n.tooLarge(); err != nil { // loading may take more than what follows
		n.failed(t, err)
		return err
	}
	n.ready(t, n.loads)
	return nil
}

// loadTime is how long loading the model may take.
func (n *Engine) loadTime() time.Duration {
	if n.loads == 0 {
		return loadTime
	}
	return min(loadTime, max(loadLeast, 4*n.loads))
}

// tooLarge measures the process, and returns an error if it has more memory than it may.
func (n *Engine) tooLarge() error {
	resident, err := n.process.Resident()
	if err != nil {
		return nil // it has just ended: whoever waits for it learns why
	}
	s := n.shown.Get()
	s.Resident = resident
	n.shown.Take(rt.NewCell(s))
	most := max(n.most, n.Config.Get().MaxMemory) // a lower one is for the process that takes its place: see settle
	if s.State == EngineLoading {
		most *= loadMore
	}
	return within(resident, most)
}

// within returns an error if a process has more memory than it may.
func within(resident, most int64) error {
	if resident > most {
		return fmt.Errorf("it took %d MiB of memory, more than the %d MiB that max_memory allows, and was killed", resident>>20, most>>20)
	}
	return nil
}

// look is what the engine does when nobody asks: it looks at the process, whether it still lives, how large it is, and whether anybody
// needs it, and at the settings.
func (n *Engine) look(t *rt.Task) error {
	n.settle(t)
	if n.process == nil {
		if n.fails == 0 || t.Now() < n.again {
			return nil
		}
		n.used = t.Now()
		return n.load(t) // whoever comes next finds it ready, and everybody sees that it works again
	}
	err := n.tooLarge()
	switch idle := n.Config.Get().Idle; {
	case !n.process.Alive():
		err = errors.New("its process ended while it had nothing to do")
	case err == nil && n.next == nil && t.Now().Sub(n.used) >= idle:
		n.fails, n.late = 0, 0 // it was well all that time: nothing is left to repair
		n.letGo(t, "not needed for "+idle.String())
	}
	if err != nil {
		n.failed(t, err)
	}
	return err
}

// failed ends a process that is of no use, and says when the next one is started.
func (n *Engine) failed(t *rt.Task, cause error) {
	n.fails++
	wait := time.Duration(0)
	if n.fails > 1 {
		wait = min(firstDelay<<min(n.fails-2, 8), engineDelay)
	}
	n.again = t.Now().Add(wait)
	n.end(t)
	n.show(EngineFailed, cause.Error())
	t.Trace("engine failed", int64(n.fails))
	say(t, n.Events, n.Name, event.Engine{STT: n.STT, Model: n.model, State: string(EngineFailed), Cause: cause.Error(), Retry: in(wait)})
}

// letGo ends the process, if there is one.
func (n *Engine) letGo(t *rt.Task, why string) {
	if n.process == nil {
		return
	}
	n.end(t)
	n.show(EngineLetGo, "")
	t.Trace("engine let go")
	if why != "" {
		say(t, n.Events, n.Name, event.Engine{STT: n.STT, Model: n.model, State: string(EngineLetGo), Cause: why})
	}
}

func (n *Engine) end(t *rt.Task) {
	n.drop(t)
	if p := n.process; p != nil {
		n.process = nil
		p.Close(t)
	}
}

// show publishes the state.
func (n *Engine) show(s EngineState, cause string) {
	if n.trouble != "" && s != EngineFailed && s != EngineLoading {
		s, cause = EngineFailed, n.trouble // it works, and is not what the settings ask for
	}
	shown := EngineShown{State: s, Model: n.model, Cause: cause}
	if n.process != nil {
		shown.Resident = n.shown.Get().Resident
	}
	n.shown.Take(rt.NewCell(shown))
}
