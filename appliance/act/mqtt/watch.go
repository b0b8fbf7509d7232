package mqtt

import (
	"github.com/eclipse/paho.golang/paho"

	"orac/appliance/act"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
)

// Watch implements act.Backend: it keeps the connection that Do uses.
func (m *MQTT) Watch(t *rt.Task, s act.Sight) error {
	ctx, cancel := live.Context(t)
	defer cancel()
	conn, err := m.broker.Connect(ctx, t, nil, func(p *paho.Publish) { m.hear(p.Topic, p.Payload, p.Retain) })
	if err != nil {
		return err
	}
	m.use(conn.Client)
	defer m.use(nil)
	s.Up("MQTT 5")
	return conn.Wait(ctx, t, nil)
}

func (m *MQTT) use(client *paho.Client) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.client = client
}
