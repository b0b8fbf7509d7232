package sim

import (
	"errors"
	"fmt"

	"orac/appliance/act"
	"orac/appliance/core"
	"orac/appliance/event"
	"orac/appliance/rt"
)

// ask asks a topic of this appliance, as a peer of a Core does: under one ID, until there is an answer.
func (s *remote) ask(t *rt.Task, core *core.Core, c *plea) error {
	m := s.m
	n := core.Topic(s.Topic)
	var a act.Answer
	err := errors.New("there is no such topic")
	if n != nil {
		a, err = n.Ask(t, act.Request{ID: c.id, Topic: s.Topic, Text: c.text, From: s.Name, Said: m.epoch.Add(c.said + m.jump)})
	}
	if errors.Is(err, rt.ErrStopped) && t.Stopping() {
		return err
	}
	s.under = false
	if m.unreached("caller", s.Name) != nil { // the answer is lost on its way
		s.again(0)
		return nil
	}
	if busy, ok := errors.AsType[*act.BusyError](err); ok {
		s.again(busy.RetryAfter)
		return nil
	}
	if _, ok := errors.AsType[*act.ExpiredError](err); err != nil && !ok {
		s.again(0)
		return nil
	}
	unknown := false
	for _, o := range a.Outcomes {
		unknown = unknown || o.Verdict == act.Unknown
	}
	m.floor.judged(m, c, a.Verified, a.Executed || unknown)
	c.pcm = nil
	s.waiting, s.failures = s.waiting[1:], 0
	s.served++
	m.todo.add(m.now(), s.send)
	return nil
}

// judged compares what is said of a command with what was truly done: "done" is never said of what was not, and "not done" never of what was.
func (f *floor) judged(m *machine, c *plea, verified, maybe bool) {
	c.excused = true // somebody was told
	switch {
	case c.own:
	case verified && c.acts == 0:
		m.judge.Break(m.now(), "lies", c.id+" was said to be done, and nobody did it")
	case !maybe && c.acts > 0:
		m.judge.Break(m.now(), "lies", c.id+" was said not to be done, and it was")
	}
}

// reported notes what the appliance tells of a command.
func (f *floor) reported(m *machine, e event.Acted) {
	for _, c := range f.all {
		if c.id == e.Request || c.text == e.Text && !c.english {
			f.judged(m, c, e.Verified, e.Executed || e.Unknown)
			return
		}
	}
}

// does notes that a backend does what it was asked.
func (f *floor) does(m *machine, backend string, call act.Call, request string) {
	n, counts := call.Data["count"].(float64)
	c := f.numbers[int(n)]
	if !counts { // English: the request alone tells whose command it is
		c = f.requests[request]
	}
	if c == nil {
		m.judge.Break(m.now(), "labels", fmt.Sprintf("%s was asked for %v, which nobody said", backend, call.Data))
		return
	}
	if age := m.now() - c.said; c.most > 0 && age > c.most {
		m.judge.Break(m.now(), "late", fmt.Sprintf("%s does what %s asked for %v before, and nobody may want it any more", backend, c.id, age))
	}
	if c.acts++; c.acts == 1 {
		f.acted++
		return
	}
	f.actedTwice++
	m.judge.Break(m.now(), "twice", fmt.Sprintf("%s does what %s asks for the %d. time", backend, c.id, c.acts))
}
