package core

import (
	"cmp"

	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/reconcile"
	"orac/appliance/status"
)

// STTServer is the server of a block, by its name; nil if none runs. It stays usable while the graph changes.
func (c *Core) STTServer(name string) *node.STTServer {
	for _, v := range c.runner.Views() {
		if s, ok := v.code.(*node.STTServer); ok && v.State != reconcile.Leaked && v.Node.Address == graph.At(graph.STTServer, name) {
			return s
		}
	}
	return nil
}

// STTServers are the states of all servers.
func (c *Core) STTServers() (list []status.STTServer) {
	for _, v := range c.runner.Views() {
		if s, ok := v.code.(*node.STTServer); ok && v.State != reconcile.Leaked {
			list = append(list, s.Shown())
		}
	}
	return list
}

// VoiceServices are the states of all Wyoming services.
func (c *Core) VoiceServices() (list []status.VoiceService) {
	for _, v := range c.runner.Views() {
		if w, ok := v.code.(*node.Wyoming); ok && v.State != reconcile.Leaked {
			list = append(list, w.Shown())
		}
	}
	return list
}

// Voices are the states of all Wyoming services, in short.
func (c *Core) Voices() (list []status.Voice) {
	for _, v := range c.runner.Views() {
		if w, ok := v.code.(*node.Wyoming); ok && v.State != reconcile.Leaked {
			list = append(list, w.Status())
		}
	}
	return list
}

// Satellites are the voice satellites of Home Assistant.
func (c *Core) Satellites() (list []status.Satellite) {
	for _, n := range codesOf[*node.ESPHome](c) {
		list = append(list, n.Shown())
	}
	return list
}

// Speakers are the loudspeakers.
func (c *Core) Speakers() (list []status.Speaker) {
	for _, p := range c.Players() {
		s := status.Speaker{Name: p.Speaker, Device: p.Identity, Error: p.Cause, Volume: p.Volume, Muted: p.Muted, Played: p.Played, Failed: p.Failed}
		for _, x := range p.Playing {
			s.Playing = append(s.Playing, cmp.Or(x.What, x.ID))
		}
		list = append(list, s)
	}
	return list
}

// Forwards are the queues of all Cores.
func (c *Core) Forwards() (list []status.Hook) {
	for _, v := range c.runner.Views() {
		if f, ok := v.code.(*node.Forward); ok && v.State != reconcile.Leaked {
			shown := f.Shown()
			shown.Name = f.Core // it has shown nothing yet when it has just been started
			list = append(list, shown)
		}
	}
	return list
}
