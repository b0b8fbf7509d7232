package node

import (
	"cmp"

	"orac/appliance/amount"
	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/appliance/utterance"
	"orac/models/moonshine/nothing"
)

// done reports a delivery once the utterance has left the spool.
func (n *Delivery) done(t *rt.Task, c *course, way string, r stt.Result) error {
	n.aside = 0
	n.saw(t, nil)
	n.answered(t)
	if err := n.handOver(t, c, r); err != nil {
		return err
	}
	stopped, err := n.leave(t, Answered{Seq: c.Seq, STT: n.STT})
	if err != nil {
		return err
	}
	said := n.said(c, r)
	outcome, text, original := "delivered", said.text, ""
	if text == "" {
		outcome = "empty"
	}
	if text != r.Text {
		original = r.Text
	}
	t.Trace(outcome, int64(c.Seq), int64(c.attempts))
	say(t, n.Events, n.Name, event.Delivered{
		Utterance: c.Meta.ID, STT: n.STT, By: n.by(), Way: way, Attempts: c.attempts, Outcome: outcome, Text: text, Original: original,
		Confidence: r.Confidence, Language: r.Language, Seconds: since(t, c.Job), Cut: c.Meta.Cut() != "", Why: c.Meta.Cut(),
		Repeated: c.doubt.told > 0, Cause: cmp.Or(c.doubt.note(), nothing.Reason(r.Nothing).Words(), said.nothing(), n.because()), Of: originOf(c.Meta),
	})
	return stopped
}

// leave takes an utterance out of the spool. What is said of it afterwards is true also if the machine loses its power with that word:
// it is on disk by then. stopped is the end of the task while the spool, which takes all answers before it ends, was writing.
func (n *Delivery) leave(t *rt.Task, a Answered) (stopped, err error) {
	a.Reply = rt.NewMailbox[struct{}]("written", 1)
	if err := n.Spool.Send(t, a); err != nil {
		return nil, err
	}
	_, stopped = a.Reply.Recv(t, rt.Never)
	return stopped, nil
}

// since is how long ago a recording ended, in seconds. For a recording from before this process began, only the wall
// clock knows.
func since(t *rt.Task, job Job) float64 {
	seconds := 0.0
	switch {
	case job.Ended != 0:
		seconds = t.Now().Sub(job.Ended).Seconds()
	case !job.Meta.EndAt.IsZero():
		seconds = max(0, t.Wall().Sub(job.Meta.EndAt).Seconds())
	}
	return amount.Round(seconds, 3)
}

func (n *Delivery) givenUp(t *rt.Task, c *course, cause error) error {
	n.aside++
	stopped, err := n.leave(t, Answered{Seq: c.Seq, STT: n.STT, Refused: true, Cause: cause.Error()})
	if err != nil {
		return err
	}
	t.Trace("given up", int64(c.Seq), int64(c.attempts))
	say(t, n.Events, n.Name, event.Delivered{
		Utterance: c.Meta.ID, STT: n.STT, By: n.by(), Way: n.Whole, Attempts: c.attempts, Outcome: "failed", Cause: cause.Error(),
		Cut: c.Meta.Cut() != "", Why: c.Meta.Cut(), Repeated: c.doubt.told > 0, Of: originOf(c.Meta),
	})
	return stopped
}

// originOf is where an utterance comes from.
func originOf(m utterance.Meta) event.Origin {
	return event.Origin{Wake: m.Wake, Device: m.Device, Listener: m.Listener, WakeWord: m.WakeWord, Topic: m.Topic}
}

func (n *Delivery) failed(t *rt.Task, c *course, way string, cause error, retry string) {
	t.Trace("delivery failed", int64(c.attempts))
	n.saw(t, cause)
	say(t, n.Events, n.Name, event.DeliveryFailed{
		Utterance: c.Meta.ID, STT: n.STT, By: n.by(), Way: way, Attempt: c.attempts, Cause: cause.Error(), Retry: retry, Denied: denied(cause), Of: originOf(c.Meta),
	})
}
