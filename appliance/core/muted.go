package core

import (
	"fmt"
	"slices"
	"time"

	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/status"
)

// Mute mutes a listener, or all of them, for a time or until somebody unmutes it.
func (c *Core) Mute(t *rt.Task, r status.MuteRequest) (status.Muting, error) {
	return c.mutes.Mute(t, r)
}

// Unmute ends the mute of a listener, or all mutes.
func (c *Core) Unmute(t *rt.Task, r status.MuteRequest) (status.Muting, error) {
	return c.mutes.Unmute(t, r)
}

// WakeSound switches the sound that follows a wake word of a listener, until the next start.
func (c *Core) WakeSound(t *rt.Task, r status.WakeSoundRequest) error {
	for _, n := range codesOf[*node.Responder](c) {
		if n.Listener == r.Listener {
			n.Sound.Take(rt.NewCell(node.Switched{Touched: true, On: r.On}))
			c.publish(t, graph.At(graph.Responder, r.Listener), event.WakeSound{Listener: r.Listener, On: r.On, By: r.By})
			return nil
		}
	}
	return &status.Refusal{Code: status.Unknown, Message: fmt.Sprintf("no sound follows a wake word of %q", r.Listener), Hint: "Add speaker and chimes to the listener."}
}

// Muted is who is muted. It may be called from anywhere.
func (c *Core) Muted(now rt.Instant, wall time.Time) []status.Mute { return c.mutes.List(now, wall) }

// listeners are the names of the listeners of the graph in force.
func (c *Core) listeners() (names []string) {
	for _, n := range c.runner.Graph().Of(graph.Trigger) {
		names = append(names, n.Name())
	}
	return names
}

// publish tells everybody who follows the appliance, the history, the webhooks and the responders, something that no node tells.
func (c *Core) publish(t *rt.Task, who string, b event.Body) {
	e := event.Event{At: t.Wall(), Node: who, Body: b}
	c.events.Push(t, e)
	g := c.runner.Graph()
	for _, n := range slices.Concat(g.ToldOfHealth(), g.Of(graph.History)) {
		if box := graph.EventsOf(*c.runner.boxes.Load(), n.Address); box != nil {
			box.Push(t, e)
		}
	}
}
