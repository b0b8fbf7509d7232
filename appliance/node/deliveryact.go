package node

import (
	"errors"
	"time"

	"orac/appliance/event"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/stt"
)

// ActsOn is who acts on the texts of a listener.
type ActsOn struct {
	Queue string // of the topic
	Topic string
	Area  string // where people speak to the listener
}

// handOver hands what was said to the topic that acts on it. It returns once the text is on the disk, or at least in the queue that
// writes it there: only then may the recording leave the spool. If ORAC ends in between, the service understands the recording again,
// and the queue knows the text by its ID.
func (n *Delivery) handOver(t *rt.Task, c *course, r stt.Result) error {
	to, acts := n.Config.Get().Acts[c.Meta.Listener]
	said := n.said(c, r)
	if !acts || len(n.Texts.Boxes()) == 0 || !notify.Actionable(said.text) {
		return nil
	}
	kept := rt.NewMailbox[string]("kept", 1)
	m := c.Meta
	x := Text{Core: to.Queue, Reply: kept, Command: notify.Command{
		ID: "evt-" + m.ID, Trace: m.ID, Utterance: m.ID, Topic: to.Topic, Text: said.text, Language: r.Language, Confidence: r.Confidence, Wake: m.WakeAt, End: m.EndAt, Done: t.Wall(),
		From: event.ListenerPrefix + m.Listener, Session: event.ListenerPrefix + m.Listener, Area: to.Area, Recording: m.ID,
	}}
	for {
		n.Texts.Push(t, x)
		_, err := kept.Recv(t, t.Now().Add(keptPatience))
		if !errors.Is(err, rt.ErrTimeout) {
			return err
		}
		t.Trace("text not kept yet")
		if _, still := n.Config.Get().Acts[m.Listener]; !still || len(n.Texts.Boxes()) == 0 { // nobody acts on it any more
			return nil
		}
	}
}

// keptPatience is how long the queue may take to keep a text, before it is told again: it may be restarting.
const keptPatience = 5 * time.Second
