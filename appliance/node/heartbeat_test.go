package node_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
)

// moody is a model of a heartbeat server that answers each beat as its list says, and well after that.
type moody struct {
	answers []error
	at      []rt.Instant
}

func (m *moody) Beat(t *rt.Task, b notify.Beat) (int, error) {
	m.at = append(m.at, t.Now())
	if len(m.at) <= len(m.answers) {
		return 0, m.answers[len(m.at)-1]
	}
	return 1, nil
}

// TestAHeartbeatThatFails is sent once more before anything is said; what is said is how it is, once.
func TestAHeartbeatThatFails(t *testing.T) {
	refused := &notify.Error{Op: "heartbeat", Kind: wire.Unauthorised, Status: 403, Cause: errors.New("403 Forbidden")}
	late := &notify.Error{Op: "heartbeat", Kind: wire.Late, Cause: errors.New("no answer")}
	world(t, 10*time.Minute, func(k *rt.Task) {
		heart := &moody{answers: []error{nil, refused, nil, refused, refused, refused, nil, late, late}}
		events := rt.NewMailbox[event.Event]("events", 64)
		h := k.Go("heartbeat", (&node.Heartbeat{
			Name: "heartbeat.x", In: rt.NewMailbox[node.Wake]("wakes", 16), Events: rt.NewOut(events),
			Config: rt.NewCell(node.HeartbeatConfig{Client: heart, Every: 30 * time.Second}),
		}).Run)
		_ = k.Sleep(5 * time.Minute)
		h.Stop()
		_ = k.Wait(h, rt.Never)
		var said []string
		for e, ok := events.TryRecv(k); ok; e, ok = events.TryRecv(k) {
			b := e.Body.(event.Heartbeat)
			text := "well"
			if !b.OK {
				text = "not " + b.Retry
			}
			if b.Late {
				text += ", late"
			}
			said = append(said, text)
		}
		if diff := cmp.Diff([]string{"well", "not every 30s", "well", "not every 30s, late", "well"}, said); diff != "" {
			t.Errorf("said: (-want +got)\n%s", diff)
		}
		var pauses []time.Duration
		for i := range 8 {
			pauses = append(pauses, heart.at[i+1].Sub(heart.at[i]))
		}
		const long, short = 30 * time.Second, 5 * time.Second
		if diff := cmp.Diff([]time.Duration{long, short, long, short, long, long, long, short}, pauses); diff != "" {
			t.Errorf("pauses: (-want +got)\n%s", diff)
		}
	})
}
