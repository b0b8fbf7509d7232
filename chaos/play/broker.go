package play

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"time"

	"orac/appliance/discovery"
	"orac/chaos/broker"
	"orac/runbook"
)

// serveBroker starts the broker of a mqtt block.
func (w *World) serveBroker(s *service, m runbook.MQTT) (err error) {
	if s.broker, err = broker.Start(filepath.Join(w.root, "broker-"+m.Name)); err != nil {
		return err
	}
	s.stand = s.broker
	return w.noteStand("broker", s)
}

// brokered returns why there can be no broker here; nil if there can.
func brokered() error {
	_, err := broker.Program()
	return err
}

// killBroker kills the broker, and starts it again when the fault is over. A locked one is started again at once, and lets nobody in until
// then.
func killBroker(locked bool) func(*World, occurrence) (*broken, error) {
	return func(w *World, o occurrence) (*broken, error) {
		s, err := w.peer(o)
		if err != nil {
			return nil, err
		}
		up := func(open bool) error {
			if err := s.broker.Up(open); err != nil {
				return err
			}
			return w.noteStand("broker", s)
		}
		return &broken{
			apply: func() error {
				if err := s.broker.Down(); err != nil || !locked {
					return err
				}
				return up(false)
			},
			undo: func() error {
				if err := s.broker.Down(); err != nil {
					return err
				}
				return up(true)
			},
		}, nil
	}
}

// trashEvery is how often a hostile client writes.
const trashEvery = 80 * time.Millisecond

// trashBroker has another client write what nobody may obey.
func trashBroker(w *World, o occurrence) (*broken, error) {
	s, err := w.peer(o)
	if err != nil {
		return nil, err
	}
	m, _ := w.book.rb.MQTT(runbook.Address("mqtt." + o.Target))
	base := m.BaseTopic(w.book.rb.Appliance.Name)
	var list []broker.Write
	for _, name := range []string{"restart", "nothing", "kitchen_mute", "threshold_x", "say_x"} {
		for _, payload := range []string{"PRESS", "", "NaN", "1e9", "on", "\x00", string(bytes.Repeat([]byte{0xff}, 100_000))} {
			list = append(list, broker.Write{Topic: base + "/" + name + "/set", Payload: []byte(payload), Retain: payload == "PRESS"})
		}
	}
	list = append(list, broker.Write{Topic: m.Prefix + "/status", Payload: []byte(discovery.Online)})
	var stop func() error
	return &broken{
		apply: func() error {
			stop = s.broker.Trash(list, trashEvery)
			return nil
		},
		undo: func() error {
			if stop == nil {
				return nil
			}
			return stop()
		},
	}, nil
}

// brokersShow is how many brokers keep that the appliance is there, and how it is.
func (w *World) brokersShow() (n int) {
	for _, m := range w.book.rb.MQTTs {
		s := w.services[m.Address]
		if s == nil || s.broker == nil {
			continue
		}
		d := discovery.Device{Base: m.BaseTopic(w.book.rb.Appliance.Name)}
		if string(s.broker.Kept(d.StatusTopic())) == discovery.Online && json.Valid(s.broker.Kept(d.StateTopic())) {
			n++
		}
	}
	return n
}
