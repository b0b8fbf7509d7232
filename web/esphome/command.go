package esphome

import (
	"context"
	"math"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

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
	i := slices.IndexFunc(list, func(e satellite.Entity) bool { return e.Key() == key })
	if i < 0 {
		return
	}
	e := list[i]
	switch m := m.(type) {
	case *pb.SwitchCommandRequest:
		switch e.ID {
		case satellite.IDMute:
			listener := c.face().Listener
			c.order(c.quick, e.ID, func(ctx context.Context, o Orders) error { return o.Mute(ctx, c.by(), listener, m.State) })
		case satellite.IDWakeSound:
			c.toNode(satellite.Switched{On: m.State})
		}
	case *pb.NumberCommandRequest:
		value := math.Round(float64(m.State)*1000) / 1000
		if e.Model == "" || !(value >= e.Min && value <= e.Max) { // also not a number
			c.again(e.ID)
			return
		}
		c.order(c.wanted, e.ID, func(ctx context.Context, o Orders) error { return o.Threshold(ctx, c.by(), e.Model, value) })
	case *pb.ButtonCommandRequest:
		if e.ID == satellite.IDRestart {
			c.order(c.wanted, e.ID, func(ctx context.Context, o Orders) error { return o.Restart(ctx, c.by()) })
		}
	case *pb.MediaPlayerCommandRequest:
		if e.ID == satellite.IDMedia {
			c.toNode(mediaOf(m))
		}
	}
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
		case pb.MediaPlayerCommand_STOP, pb.MediaPlayerCommand_PAUSE:
			to.Stop = true
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
