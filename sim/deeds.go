package sim

import (
	"errors"

	"orac/appliance/act"
	"orac/appliance/core"
	"orac/appliance/rt"
)

// ask asks a topic of this appliance, as a peer of a Core does: under one ID, until there is an answer.
func (s *remote) ask(t *rt.Task, core *core.Core, c *plea) error {
	m := s.m
	n := core.Topic(s.Topic)
	var a act.Answer
	err := errors.New("there is no such topic")
	if n != nil {
		a, err = n.Ask(t, act.Request{ID: c.ID, Topic: s.Topic, Text: c.Text, From: s.Name, Said: m.epoch.Add(c.Said + m.jump)})
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
	m.floor.book.Answered(m.now(), &c.Command, a)
	c.pcm = nil
	s.waiting, s.failures = s.waiting[1:], 0
	s.served++
	m.todo.add(m.now(), s.send)
	return nil
}
