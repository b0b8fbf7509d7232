package node

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/amount"
	"orac/appliance/event"
	"orac/appliance/record"
	"orac/appliance/rt"
	"orac/appliance/status"
)

// Deed is what a Topic is asked.
type Deed interface{ deed(t *rt.Task, n *Topic) }

// deed is a request that waits, or that is being acted on.
type deed struct {
	act.Request
	came    rt.Instant
	at      time.Time // the same, of the wall clock
	begun   rt.Instant
	made    int     // calls
	given   bool    // whoever asks has named it, and may ask again
	waiters []asker // more than one if it was sent again meanwhile
}

// asker is who waits for an answer. gone is closed when it does not wait any more.
type asker struct {
	reply *rt.Mailbox[answered]
	gone  *rt.Mailbox[struct{}]
}

type answered struct {
	act.Answer
	err error
}

func (j *deed) reply(t *rt.Task, a answered) {
	for _, w := range j.waiters {
		w.reply.TrySend(t, a)
	}
	j.waiters = nil
}

// peer is who a request counts for in the line.
func (j *deed) peer() string { return cmp.Or(j.From, j.Session) + " " + j.Session }

// request is a Deed.
type request struct {
	act.Request
	asker
}

// mostAskers bounds how often the same request may be asked for at a time.
const mostAskers = 4

func (r request) deed(t *rt.Task, n *Topic) {
	if r.gone.Closed() {
		return
	}
	if err := n.accept(t, r); err != nil {
		r.reply.TrySend(t, answered{err: err})
	}
}

// checked refuses what is over a limit.
func checked(r act.Request) error {
	for _, x := range []struct {
		what    string
		is, max int
	}{
		{"bytes of the text", len(r.Text), act.MaxText}, {"bytes of the ID", len(r.ID), act.MaxID}, {"bytes of the topic's name", len(r.Topic), act.MaxName},
		{"bytes of the sender's name", len(r.From), act.MaxID}, {"bytes of the session's name", len(r.Session), act.MaxID}, {"bytes of the area", len(r.Area), act.MaxID},
		{"bytes of the trace", len(r.Trace), act.MaxID}, {"bytes of the trace's parent", len(r.Parent), act.MaxID}, {"bytes of the recording's ID", len(r.Utterance), act.MaxID},
	} {
		if x.is > x.max {
			return &amount.TooMuchError{What: x.what, Is: x.is, Most: x.max}
		}
	}
	if strings.TrimSpace(r.Text) == "" {
		return &amount.TooMuchError{What: "the text"}
	}
	return nil
}

// accept takes a request, unless its answer is known already.
func (n *Topic) accept(t *rt.Task, r request) error {
	busy := func(after time.Duration) error { return &act.BusyError{What: "topic." + n.Topic, RetryAfter: after} }
	switch err := checked(r.Request); {
	case err != nil:
		return err
	case !n.c.Enabled:
		return &act.TopicError{Topic: n.Topic, Off: true}
	case n.drained.Get():
		return busy(time.Second)
	case r.ID != "" && !r.DryRun && !n.journal.Readable(): // nobody knows whether it was acted on
		return busy(diskRetry)
	}
	if r.ID != "" && !r.DryRun {
		if a, known, ok := n.journal.Find(t, r.ID); ok || known && !n.isRunning(r.ID) {
			if !ok {
				a = act.Answer{ID: r.ID, Topic: n.Topic, Text: r.Text, Understood: true, Reason: "it was asked before, and the record of what came of it cannot be read"}
			}
			a.Repeated = true
			n.counts.Repeated++
			t.Trace("answered again")
			again := answered{Answer: a}
			if a.Expired != nil {
				again.err = a.Expired
			}
			r.reply.TrySend(t, again)
			return nil
		}
		for _, j := range n.jobs {
			if j.ID != r.ID || j.DryRun {
				continue
			}
			if len(j.waiters) >= mostAskers {
				return busy(time.Second)
			}
			j.waiters = append(j.waiters, r.asker)
			n.counts.Repeated++
			return nil
		}
	}
	j := &deed{Request: r.Request, came: t.Now(), at: t.Wall(), waiters: []asker{r.asker}}
	room := n.c.Queue
	if n.running == nil {
		room = max(1, room)
	}
	evicted, lost, ok := n.line.Join(j.peer(), j, room)
	if lost {
		n.drop(evicted)
		evicted.reply(t, answered{err: busy(n.retryAfter())})
	}
	if !ok {
		t.Trace("busy")
		return busy(n.retryAfter())
	}
	n.jobs = append(n.jobs, j)
	return nil
}

// retryAfter is when there is likely to be room.
func (n *Topic) retryAfter() time.Duration {
	wait := time.Duration(n.line.Len()+1) * cmp.Or(n.pace, time.Second)
	return min(max(wait.Round(time.Second), time.Second), 30*time.Second)
}

func (n *Topic) isRunning(id string) bool { return n.running != nil && n.running.ID == id }

func (n *Topic) drop(j *deed) {
	n.line.Leave(j)
	n.jobs = slices.DeleteFunc(n.jobs, func(o *deed) bool { return o == j })
}

// purge takes out the requests that nobody waits for any more, unless they are being acted on.
func (n *Topic) purge(*rt.Task) {
	for _, j := range slices.Clone(n.jobs) {
		if j != n.running && !slices.ContainsFunc(j.waiters, func(w asker) bool { return !w.gone.Closed() }) {
			n.drop(j)
		}
	}
}

// next is the request whose turn it is.
func (n *Topic) next(*rt.Task) (*deed, bool) {
	n.running = nil
	return n.line.Next()
}

// Ask hands a request over and waits for its answer. It is called by a task of its own, whose end takes the request back, unless it is
// being acted on: then its answer is kept under its ID.
func (n *Topic) Ask(t *rt.Task, r act.Request) (act.Answer, error) {
	if err := checked(r); err != nil {
		return act.Answer{}, err
	}
	a := asker{rt.NewMailbox[answered]("reply", 1), rt.NewMailbox[struct{}]("gone", 1)}
	defer a.gone.Close(t)
	return asked(t, n.Topic, n.Asks, request{r, a}, a.reply, n.patience())
}

// patience is longer than any request may take, those before it in the line included.
func (n *Topic) patience() time.Duration {
	c := n.Config.Get()
	return time.Duration(c.Queue+2) * (c.Timeout + answerLimit)
}

// asked sends a request to a topic.
func asked(t *rt.Task, topic string, to *rt.Mailbox[Deed], r Deed, reply *rt.Mailbox[answered], patience time.Duration) (act.Answer, error) {
	if !to.TrySend(t, r) {
		return act.Answer{}, &act.BusyError{What: "topic." + topic, RetryAfter: time.Second}
	}
	a, err := reply.Recv(t, t.Now().Add(patience))
	switch {
	case errors.Is(err, rt.ErrTimeout):
		return a.Answer, &act.BusyError{What: "topic." + topic, RetryAfter: time.Second}
	case err != nil:
		return a.Answer, err
	}
	return a.Answer, a.err
}

// forget is a Deed.
type forgetLearnt struct {
	text  string
	reply *rt.Mailbox[int]
}

func (f forgetLearnt) deed(t *rt.Task, n *Topic) {
	f.reply.TrySend(t, n.learnt.forget(t, f.text))
	n.show()
}

// Forget removes learnt answers: of one text, or of all if it is "".
func (n *Topic) Forget(t *rt.Task, text string) (int, error) {
	reply := rt.NewMailbox[int]("reply", 1)
	if !n.Asks.TrySend(t, forgetLearnt{text, reply}) {
		return 0, &act.BusyError{What: "topic." + n.Topic, RetryAfter: time.Second}
	}
	count, err := reply.Recv(t, t.Now().Add(askPatience))
	if errors.Is(err, rt.ErrTimeout) {
		err = &status.Refusal{Code: status.Busy, Message: "topic." + n.Topic + " does not answer: it may be restarting", Hint: "Try again; orac status shows what it does."}
	}
	return count, err
}

// beaten is a Deed: a heartbeat names the topic.
type topicBeat struct {
	wakeWord string
	triggers int
	at       time.Time
}

func (b topicBeat) deed(_ *rt.Task, n *Topic) { n.beats.take(b) }

// topicBeats is what heartbeats say of a topic.
type topicBeats struct {
	wakeWord          string
	triggers          int
	first, used, last time.Time
}

func (b *topicBeats) take(x topicBeat) {
	b.wakeWord, b.triggers, b.last = cmp.Or(x.wakeWord, b.wakeWord), max(b.triggers, x.triggers), x.at
	if b.first.IsZero() {
		b.first = x.at
	}
}

func (b *topicBeats) show(s *act.TopicState) {
	s.WakeWord, s.Triggers, s.First, s.Used, s.Beat = b.wakeWord, b.triggers, b.first, b.used, b.last
}

// sortedNames are the keys of a map.
func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// tell reports what came of a request.
func (n *Topic) tell(t *rt.Task, r act.Request, a act.Answer, took time.Duration) {
	n.tally = n.tally.With(a)
	e := event.Acted{
		Topic: n.Topic, Request: a.ID, Utterance: r.Utterance, Trace: r.Trace, Parent: r.Parent, From: r.From, Text: a.Text, Tier: string(a.Reading.Tier), Result: string(a.Result()), Understood: a.Understood, Executed: a.Executed,
		Verified: a.Verified, Reason: a.Reason, Speech: a.Speech, Model: a.Model, Took: took.Seconds(), Said: a.Said, Came: a.Came, ReadAt: a.ReadAt, ExecutedAt: a.ExecutedAt, VerifiedAt: a.VerifiedAt,
		Answer: string(a.JSON(record.MaxAnswer)),
	}
	for _, o := range append(slices.Clone(a.Outcomes), a.Undone...) {
		e.Calls = append(e.Calls, event.ActedCall{
			Backend: o.Call.Backend, Intent: o.Call.Intent, Service: o.Call.Service, Targets: o.Call.Targets, Verdict: string(o.Verdict), Reason: o.Reason,
			Number: o.Number, Sent: o.Sent, Answered: o.Answered, Proof: o.Proof,
		})
		e.Unknown = e.Unknown || o.Verdict == act.Unknown
	}
	say(t, n.Events, n.Name, e)
}
