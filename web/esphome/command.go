package esphome

import (
	"context"
	"math"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"orac/appliance/entity"
	"orac/appliance/esphome/pb"
	"orac/appliance/satellite"
	"orac/runbook"
	"orac/web/orders"
)

// orderTime bounds an order. An apply waits until what it changed has proven good.
const orderTime = 2 * time.Minute

// command does what a client wants of an entity. One that is not offered is nobody's.
func (c *conn) command(m proto.Message) {
	key := m.(interface{ GetKey() uint32 }).GetKey()
	list := offered(c.face())
	i := slices.IndexFunc(list, func(e entity.Entity) bool { return keyOf(e) == key })
	if i < 0 {
		return
	}
	e := list[i]
	switch m := m.(type) {
	case *pb.SwitchCommandRequest:
		c.set(c.quick, e, entity.Switch, entity.State{On: m.State})
	case *pb.NumberCommandRequest:
		c.set(c.wanted, e, entity.Number, entity.State{Number: math.Round(float64(m.State)*1000) / 1000})
	case *pb.ButtonCommandRequest:
		c.set(c.wanted, e, entity.Button, entity.State{})
	case *pb.MediaPlayerCommandRequest:
		if e.Kind == entity.MediaPlayer {
			c.toNode(mediaOf(m))
		}
	}
}

// set has an entity set, if it is of the kind of the command.
func (c *conn) set(line chan<- func(), e entity.Entity, kind entity.Kind, to entity.State) {
	if e.Kind != kind {
		return
	}
	to.Entity = e.ID
	c.order(line, e.ID, func(ctx context.Context, o Orders) error { return o.Set(ctx, c.by(), e, to) })
}

// mediaOf is what a command to the media player means.
func mediaOf(m *pb.MediaPlayerCommandRequest) (to satellite.Media) {
	if m.HasMediaUrl {
		to.URL, to.Announcement = m.MediaUrl, m.HasAnnouncement && m.Announcement
	}
	if m.HasVolume && m.Volume >= 0 && m.Volume <= 1 {
		volume := float64(m.Volume)
		to.Volume = &volume
	}
	if m.HasCommand {
		switch m.Command {
		case pb.MediaPlayerCommand_STOP:
			to.Stop = true
		case pb.MediaPlayerCommand_PAUSE:
			to.Pause = true
		case pb.MediaPlayerCommand_PLAY:
			to.Resume = true
		case pb.MediaPlayerCommand_TOGGLE:
			to.Toggle = true
		case pb.MediaPlayerCommand_MUTE:
			to.Mute = true
		case pb.MediaPlayerCommand_UNMUTE:
			to.Unmute = true
		case pb.MediaPlayerCommand_VOLUME_UP:
			to.VolumeUp = true
		case pb.MediaPlayerCommand_VOLUME_DOWN:
			to.VolumeDown = true
		}
	}
	return to
}

// chooseWords has the models of the chosen wake words listen, and the others not. At least one listens.
func (c *conn) chooseWords(ids []string) {
	f := c.face()
	if !slices.Contains(f.Allow, runbook.AllowWakeWords) {
		return
	}
	change, any := map[string]bool{}, false
	for _, w := range f.Words {
		on := slices.Contains(ids, w.ID)
		if any = any || on; on != w.Active {
			change[w.ID] = on
		}
	}
	if len(change) == 0 || !any {
		return
	}
	c.order(c.wanted, "", func(ctx context.Context, o Orders) error { return o.WakeWords(ctx, c.by(), change) })
}

// toNode passes on what the satellite itself does.
func (c *conn) toNode(x satellite.Told) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.tell(x) {
		c.Close()
	}
}

func (c *conn) by() orders.By { return orders.By{Block: c.block, From: c.address} }

// order has something carried out, after what was ordered before. Nobody waits for it. Whatever comes of it, clients are told how the entity
// is then: they believe already that they were obeyed.
func (c *conn) order(line chan<- func(), entity string, do func(ctx context.Context, o Orders) error) {
	s := c.service
	carry := func() {
		ctx, cancel := context.WithTimeout(s.ctx, orderTime)
		defer cancel()
		if err := do(ctx, s.o.Orders); err != nil {
			s.o.Log.Warn("what Home Assistant wants cannot be done", "block", string(s.block), "entity", entity, "cause", err)
		}
		s.again(entity)
	}
	if s.o.Orders == nil {
		s.again(entity)
		return
	}
	select {
	case line <- carry:
	default:
		s.o.Log.Warn("what Home Assistant wants is not done: too much waits to be done", "block", string(s.block), "entity", entity)
		s.again(entity)
	}
}
