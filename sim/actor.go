package sim

import (
	"orac/appliance/graph"
	"orac/appliance/notify"
	"orac/appliance/rt"
)

// actor is a model of a Core: it answers 200 to everything, as long as the network carries anything.
type actor struct{ *peer }

// Generate implements notify.Core.
func (a actor) Generate(t *rt.Task, c notify.Command, ready func(*rt.Task) error) error {
	if err := a.m.unreached("forward", a.address); err != nil {
		return err
	}
	if err := ready(t); err != nil {
		return err
	}
	a.m.floor.sent(c)
	if err := a.call(t, "forward"); err != nil {
		return err
	}
	a.m.floor.acts(a.m, a.address, c)
	return nil
}

// Topics implements notify.Core.
func (a actor) Topics(t *rt.Task, _ notify.TopicsBeat) error { return a.call(t, "topics") }

func (m *machine) actor(to graph.CoreService) (notify.Core, error) {
	return actor{m.peer("core " + to.Core.Name)}, nil
}
