package node

import (
	"cmp"
	"errors"

	"orac/appliance/act"
	"orac/appliance/amount"
	"orac/appliance/notify"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"time"
)

// TopicClient is a Topic of the same graph as a Core: a Forward hands it texts from the disk. It may be handed a text again, because the
// topic acts on each ID once.
type TopicClient struct {
	Topic    string
	Asks     *rt.Mailbox[Deed]
	Patience time.Duration // for an answer, those before it in the line included
}

// setBack is how far the clock may be set back after a text was spoken: what keeps clocks right does not step them by less.
const setBack = time.Second

// Generate implements notify.Core. It never calls ready: if ORAC ends meanwhile, the text is handed over again, and the topic knows
// what came of it.
func (c *TopicClient) Generate(t *rt.Task, x notify.Command, _ func(*rt.Task) error) error {
	a := asker{rt.NewMailbox[answered]("reply", 1), rt.NewMailbox[struct{}]("gone", 1)}
	defer a.gone.Close(t)
	if is := len(x.Text); is > act.MaxText { // half of what was said may mean the opposite
		return &notify.Error{Op: "act", Address: "topic." + c.Topic, Kind: wire.Refused, Cause: &amount.TooMuchError{What: "bytes of the text", Is: is, Most: act.MaxText}}
	}
	// Both times are of this machine's clock. Without a battery it begins, after a power cut, at an hour that has been: then a text that
	// waited on the disk all night is of the future.
	latest := x.End
	if x.Done.After(latest) {
		latest = x.Done
	}
	r := act.Request{
		ID: x.ID, Topic: c.Topic, Text: x.Text, From: x.From, Session: x.Session, Area: x.Area, Said: x.End, Trace: cmp.Or(x.Trace, x.ID), Parent: x.Parent, Utterance: x.Recording,
		Undated: latest.Sub(t.Wall()) > setBack,
	}
	_, err := asked(t, c.Topic, c.Asks, request{r, a}, a.reply, c.Patience)
	if busy, ok := errors.AsType[*act.BusyError](err); ok {
		return &notify.Error{Op: "act", Address: "topic." + c.Topic, Kind: wire.Busy, RetryAfter: busy.RetryAfter, Cause: busy}
	}
	if slow, ok := errors.AsType[*act.TimeoutError](err); ok {
		return &notify.Error{Op: "act", Address: "topic." + c.Topic, Kind: wire.Timeout, Cause: slow}
	}
	if errors.Is(err, rt.ErrStopped) || errors.Is(err, rt.ErrClosed) {
		return err
	}
	return nil // it was told what came of it: nothing is left to do
}

// Topics implements notify.Core.
func (c *TopicClient) Topics(t *rt.Task, b notify.TopicsBeat) error {
	for _, x := range b.Topics {
		c.Asks.TrySend(t, topicBeat{x.WakeWord, x.TriggerCount, b.At})
	}
	return nil
}
