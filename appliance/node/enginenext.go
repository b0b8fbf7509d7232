package node

import (
	"errors"
	"fmt"
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
)

// successor is a process that loads a model, beside the process that works.
type successor struct {
	EngineProcess
	model        string
	load         *rt.Task
	began, until rt.Instant
}

// settle brings the process in line with the settings. A model that the settings newly name is loaded at once, whether or not somebody
// needs it now: so the next wake word does not wait for it, and a model that cannot be loaded is found while the change can be taken back.
// Nor does a lower limit of memory end a process that was started under a higher one: if that has more, another takes its place.
func (n *Engine) settle(t *rt.Task) {
	c := n.Config.Get()
	fresh := c.Model != n.wanted
	n.wanted = c.Model
	if n.next != nil && (c.Model != n.next.model || n.succeeded(t)) {
		n.drop(t)
	}
	switch {
	case n.process == nil:
		if n.trouble = ""; fresh && n.fails == 0 {
			n.used = t.Now()
			_ = n.load(t) // a failure is shown, and it is tried again
		}
	case c.Model == n.model && n.shown.Get().Resident <= c.MaxMemory:
		if n.trouble != "" { // the settings were taken back
			n.trouble, n.retry = "", 0
			n.show(EngineReady, "")
			n.ready(t, 0)
		}
	case n.next == nil && (fresh || t.Now() >= n.retry):
		n.succeed(t, c)
	}
}

// succeed starts a process with the model of the settings.
func (n *Engine) succeed(t *rt.Task, c EngineConfig) {
	say(t, n.Events, n.Name, event.Engine{STT: n.STT, Model: c.Model, State: string(EngineLoading)})
	p, err := c.Start(t)
	if err != nil {
		n.refuse(t, c.Model, err)
		return
	}
	now := t.Now()
	n.next = &successor{EngineProcess: p, model: c.Model, load: t.Shield("load", p.Load), began: now, until: now.Add(loadTime)}
}

// succeeded puts the successor into the place of the process, if it is ready, and tells whether it is of no use.
func (n *Engine) succeeded(t *rt.Task) (useless bool) {
	s, most := n.next, n.Config.Get().MaxMemory
	resident, err := s.Resident()
	if err != nil {
		resident, err = 0, nil // it has just ended: the load says why
	}
	switch {
	case s.load.Done():
		if err = s.load.Err(); err == nil {
			err = within(resident, most)
		}
	case t.Now() >= s.until:
		err = fmt.Errorf("it was not ready within %v, and was killed", loadTime)
	default:
		if err = within(resident, loadMore*most); err == nil {
			return false
		}
	}
	if err != nil {
		n.refuse(t, s.model, err)
		return true
	}
	n.next = nil
	n.end(t)
	n.process, n.most, n.model, n.loads = s.EngineProcess, most, s.model, t.Now().Sub(s.began)
	n.used, n.trouble, n.fails, n.late = t.Now(), "", 0, 0
	n.shown.Take(rt.NewCell(EngineShown{Resident: resident}))
	n.show(EngineReady, "")
	n.ready(t, n.loads)
	return false
}

// refuse tells that a model cannot be loaded. The one that works goes on.
func (n *Engine) refuse(t *rt.Task, model string, cause error) {
	if errors.Is(cause, rt.ErrStopped) {
		return
	}
	n.trouble, n.retry = fmt.Sprintf("the model %s cannot be loaded: %v; %s goes on", model, cause, n.model), t.Now().Add(engineDelay)
	n.show(EngineFailed, n.trouble)
	t.Trace("engine has no successor")
	say(t, n.Events, n.Name, event.Engine{STT: n.STT, Model: model, State: string(EngineFailed), Cause: n.trouble, Retry: in(engineDelay)})
}

// drop ends the successor, if there is one.
func (n *Engine) drop(t *rt.Task) {
	if s := n.next; s != nil {
		n.next = nil
		s.Kill()
		s.load.Stop()
		s.Close(t)
	}
}

// Trouble implements Troubled.
func (n *Engine) Trouble() string {
	if s := n.shown.Get(); s.State == EngineFailed {
		return s.Cause
	}
	return ""
}

// ready tells that the model is loaded, and how long that took; 0: it was all the time.
func (n *Engine) ready(t *rt.Task, took time.Duration) {
	t.Trace("engine ready")
	say(t, n.Events, n.Name, event.Engine{STT: n.STT, Model: n.model, State: string(EngineReady), Seconds: took.Seconds(), Memory: n.shown.Get().Resident})
}
