package node

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"orac/appliance/event"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/sttrole"
)

// TopicConfig is what the runbook says of a topic.
type TopicConfig struct {
	Name      string
	WakeWords []string // nil: those that heartbeats name
	Core      string   // ""; that of the server
}

// coreOf is the Core that texts of a topic go to; "" for none.
func (c STTServerConfig) coreOf(topic string) string {
	if i := slices.IndexFunc(c.Topics, func(t TopicConfig) bool { return t.Name == topic && t.Core != "" }); i >= 0 {
		return c.Topics[i].Core
	}
	return c.Core
}

// handed is a text that was given to the node of a Core, which has not said yet that it is kept.
type handed struct {
	job   *job
	heard sttrole.Heard
	told  event.Served
	id    string
	until rt.Instant
}

// handTime is how long the node of a Core may take to keep a text.
const handTime = 2 * time.Second

// forward hands a text on, if it is to be. It returns whether the answer must wait until the text is kept.
func (n *STTServer) forward(t *rt.Task, c STTServerConfig, j *job, h *sttrole.Heard, s event.Served) (waits bool) {
	core := c.coreOf(j.topic)
	switch {
	case core == "" || j.ForwardToCore != nil && !*j.ForwardToCore:
		return false
	case !notify.Actionable(h.Text):
		h.Forward = sttrole.Blank
		return false
	}
	h.Forward = sttrole.Queued
	id := commandID(j, h.ID)
	n.handing = append(n.handing, handed{j, *h, s, id, t.Now().Add(handTime)})
	n.Texts.Push(t, Text{Core: core, Reply: n.keptTexts, Command: notify.Command{
		ID: id, Trace: j.Trace, Parent: j.Parent, Utterance: h.ID, Topic: j.topic, Text: h.Text, Language: h.Language, Confidence: h.Confidence,
		Duration: h.Duration.Seconds(), Processing: h.Processing.Seconds(), Wake: j.Wake, End: notAfter(j.End, t.Wall()), Start: j.start, Done: t.Wall(),
	}})
	return true
}

// notAfter is a time of a peer's clock, as far as it can be believed: what has not come yet is now.
func notAfter(at, now time.Time) time.Time {
	if at.After(now) {
		return now
	}
	return at
}

// commandID is the same for an utterance that a peer sends again, also after a restart: Core gets it once.
func commandID(j *job, transcript string) string {
	if j.ID == "" {
		return "evt-" + transcript
	}
	sum := sha256.Sum256([]byte(j.Peer.Name + "\x00" + j.ID))
	return fmt.Sprintf("evt-%x", sum[:16])
}

// acknowledged answers the peer whose text is kept.
func (n *STTServer) acknowledged(t *rt.Task, c STTServerConfig, id string) {
	if i := slices.IndexFunc(n.handing, func(h handed) bool { return h.id == id }); i >= 0 {
		h := n.handing[i]
		n.handing = slices.Delete(n.handing, i, i+1)
		n.answer(t, c, h.job, h.heard, h.told)
	}
}

// overdue answers the peers whose texts were not kept in time. One that names its utterances sends it again, and the text goes to Core
// once; for another, nothing better can be done than to tell what was understood.
func (n *STTServer) overdue(t *rt.Task, c STTServerConfig, until rt.Instant) {
	for len(n.handing) > 0 && n.handing[0].until <= until {
		h := n.handing[0]
		n.handing = n.handing[1:]
		if h.job.ID == "" {
			n.answer(t, c, h.job, h.heard, h.told)
			continue
		}
		n.drop(h.job)
		h.told.Text, h.told.Original, h.told.Busy = "", "", true
		err := n.busy("the text could not be kept for Core in %v", handTime)
		h.told.Cause = err.Error()
		h.job.reply(t, transcribed{err: err})
		say(t, n.Events, n.Name, h.told)
	}
}

// topics tells the Cores what the instances listen for.
func (n *STTServer) topics(t *rt.Task, c STTServerConfig) {
	if len(n.Topics.Boxes()) == 0 {
		return
	}
	x := Topics{Server: n.Server}
	for _, topic := range n.roll.Topics() {
		if core := c.coreOf(topic.Name); topic.Active && core != "" {
			a := notify.ActiveTopic{Name: topic.Name, TriggerCount: topic.Triggers, LastTriggered: topic.Triggered}
			if len(topic.WakeWords) > 0 {
				a.WakeWord = topic.WakeWords[0]
			}
			x.List = append(x.List, CoreTopic{core, a})
		}
	}
	n.Topics.Push(t, x)
}
