package core

import (
	"time"

	"orac/appliance/event"
	"orac/appliance/graph"
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

// Muted is who is muted. It may be called from anywhere.
func (c *Core) Muted(now rt.Instant, wall time.Time) []status.Mute { return c.mutes.List(now, wall) }

// listeners are the names of the listeners of the graph in force.
func (c *Core) listeners() (names []string) {
	for _, n := range c.runner.Graph().Of(graph.Trigger) {
		names = append(names, n.Name())
	}
	return names
}

// publish tells everybody who follows the appliance, the webhooks and the responders, something that no node tells.
func (c *Core) publish(t *rt.Task, parts *graph.Parts, who string, b event.Body) {
	e := event.Event{At: t.Wall(), Node: who, Body: b}
	parts.Events.Push(t, e)
	for _, n := range c.runner.Graph().ToldOfHealth() {
		if box := graph.EventsOf(*c.runner.boxes.Load(), n.Address); box != nil {
			box.Push(t, e)
		}
	}
}
