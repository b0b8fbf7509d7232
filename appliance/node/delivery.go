package node

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/appliance/stt/spoken"
	"orac/appliance/thread"
	"orac/appliance/utterance"
)

// Delivery sends utterances to one speech-to-text service, or to the first of several that answers: in order, each until a service
// has answered, and never again after that. Where the client can, an utterance is streamed while the person still speaks; if anything goes wrong then,
// the same sound is sent whole.
type Delivery struct {
	Name    string // address of the node
	STT     string // the service; the first of several
	Config  *rt.Cell[DeliveryConfig]
	Spool   *rt.Mailbox[Request]
	Healthy *rt.Mailbox[Seen]    // what the probe has seen
	Sights  *rt.Out[Sight]       // what it tells the probe
	Texts   *rt.Out[Text]        // to the topics that act on what was understood
	Gate    func() (Gate, error) // listens to a recording in which the service heard nothing; nil: there is none
	Events  Events

	DeliveryConfig // of the utterance that is being delivered
	jitter         *rand.Rand
	busy           rt.Cell[bool]
	asked          rt.Cell[rt.Instant] // since when the service has had all of an utterance without an answer; 0: it has none
	mark           any                 // of DeliveryConfig
	aside          int                 // utterances set aside since the service last answered one
	offUntil       rt.Instant          // no stream is tried until then: the service has said that it accepts none
	off            rt.Cell[string]     // why; empty if streams are tried

	routes []DeliveryConfig // the services: one, or several as in fallback.go
	away   []absence        // of each
	at     int              // the one in use
	inUse  int              // the one that answered last, as was reported
	using  rt.Cell[string]  // how utterances are sent if that is not the first, in words
}

// Idle tells whether nothing is on its way to the service. It may be called from anywhere.
func (n *Delivery) Idle() bool { return !n.busy.Get() }

// Asked is since when the service has had all of an utterance without an answer; 0: it has none. It may be called from anywhere.
func (n *Delivery) Asked() rt.Instant { return n.asked.Get() }

// ask notes that the service has all of an utterance, until the function that it returns is called.
func (n *Delivery) ask(t *rt.Task) (answered func()) {
	n.asked.Take(rt.NewCell(t.Now()))
	return func() { n.asked.Take(rt.NewCell(rt.Instant(0))) }
}

// transcribe hands the service a whole utterance, and waits for its answer.
func (n *Delivery) transcribe(t *rt.Task, c *course) (stt.Result, error) {
	defer n.ask(t)()
	return n.Client.Transcribe(t, n.utterance(c), c.pcm)
}

// DeliveryConfig are the settings of a delivery node. An utterance that is on its way keeps the settings that it
// began with.
type DeliveryConfig struct {
	Service  string // its name
	Client   stt.Client
	Live     bool          // stream while the person speaks; the client is a stt.Streamer
	Whole    string        // how a whole utterance is sent: http, exec, engine
	Streamed string        // how a stream is sent: engine; "": ws
	Way      string        // how utterances are sent, in words
	Pure     bool          // the service only returns a text: an utterance that it may have had is never in doubt
	Longest  time.Duration // longest utterance, pre-roll included
	MaxDelay time.Duration // longest pause between two tries
	Keeps    spoken.Marks  // markers that stay in a text; all others are removed

	Sampling thread.Sampling // of which commands peers are told a trace

	Acts map[string]ActsOn // listeners whose texts are acted on here, by name

	Others []DeliveryConfig // the services that stand in for it, in their order
}

// Update implements Updater.
func (n *Delivery) Update(fresh Node) {
	f := fresh.(*Delivery)
	n.Config.Take(f.Config)
	n.Sights.To(f.Sights)
	if n.Texts != nil {
		n.Texts.To(f.Texts)
	}
}

const (
	firstDelay = 500 * time.Millisecond
	// readPatience is how long to keep asking a disk for an utterance that it does not return. All younger utterances
	// wait meanwhile.
	readPatience = 2 * time.Minute
)

// Run implements Node.
func (n *Delivery) Run(t *rt.Task) error {
	n.jitter = t.Rand("jitter")
	jobs := rt.NewMailbox[Job]("jobs", 1)
	for {
		n.settings()
		n.hear(t)
		if err := n.Spool.Send(t, Next{STT: n.STT, Live: n.Live, Reply: jobs}); err != nil {
			return over(err)
		}
		job, err := n.next(t, jobs)
		if err != nil {
			return err
		}
		n.hear(t) // earlier good health is no reason to hurry later
		n.busy.Take(rt.NewCell(true))
		if err = n.choose(t); err == nil {
			err = n.deliver(t, job)
		}
		n.busy.Take(rt.NewCell(false))
		if err != nil {
			return over(err)
		}
	}
}

// course is the delivery of one utterance so far.
type course struct {
	Job
	pcm      []int16
	attempts int
	began    rt.Instant // when the service in use was first tried on it
	suspicion
	doubt    doubt
	silences int           // answers without words
	heard    *heard        // by the voice gate; nil: it was not asked
	other    utterance.Seq // the last one that was tried in its place
}

// deliver returns nil when the service no longer needs the utterance.
func (n *Delivery) deliver(t *rt.Task, job Job) error {
	c := &course{Job: job, began: t.Now()}
	if !n.Pure && slices.Contains(job.Meta.Sent, n.STT) {
		c.doubt = doubt{cause: errNoAnswer, underWay: true, since: t.Now()}
	}
	heard, streamed, err := stt.Result{}, false, error(nil)
	if job.Recording && n.streams(t) {
		if heard, streamed, err = n.tryStream(t, c); err != nil {
			return err
		}
		if n.said(c, heard).answers() {
			return n.done(t, c, n.streamWay(), heard)
		}
	}
	whole, err := n.sound(t, c)
	if err != nil || whole.Gone {
		return err
	}
	c.Meta, c.Ended, c.pcm = whole.Meta, whole.Ended, whole.PCM
	if len(c.pcm) == 0 { // there is nothing to send
		return n.Spool.Send(t, Answered{Seq: job.Seq, STT: n.STT})
	}
	if streamed {
		if over, err := n.nothing(t, c, n.streamWay(), heard); over {
			return err
		}
		n.note(t, c, errNothingHeard)
		n.failed(t, c, n.streamWay(), errNothingHeard, "as a whole")
	}
	return n.whole(t, c)
}

// whole sends a complete utterance until it is done with.
func (n *Delivery) whole(t *rt.Task, c *course) error {
	for well := false; ; {
		if over, err := n.clear(t, c); over || err != nil {
			return err
		}
		c.attempts++
		say(t, n.Events, n.Name, event.DeliveryStarted{Utterance: c.Meta.ID, STT: n.STT, By: n.by(), Way: n.Whole, Attempt: c.attempts})
		result, err := n.transcribe(t, c)
		if err == nil && n.said(c, result).answers() {
			return n.done(t, c, n.Whole, result)
		}
		if err == nil {
			var over bool
			if over, err = n.nothing(t, c, n.Whole, result); over {
				return err
			}
		}
		if errors.Is(err, rt.ErrStopped) {
			return err
		}
		n.note(t, c, err)
		_, asked := n.Client.(stt.Prober)
		c.weigh(t.Now(), err, well, asked)
		if stt.RetryOf(err) == stt.GiveUp || c.proven(t.Now(), n.aside) {
			return n.givenUp(t, c, c.told(t.Now(), err))
		}
		if c.doubtful(t.Now()) {
			if answered, aerr := n.another(t, c); aerr != nil {
				return aerr
			} else if answered {
				return n.givenUp(t, c, fmt.Errorf("it failed %d times while the service was well, and another recording was answered: %w", c.attempts, err))
			}
		}
		wait := n.delay(c.attempts)
		if n.mayPass(c, err) {
			if left := n.fallbackIn(t, c); left > 0 {
				wait = min(wait, left)
			} else if n.pass(t, c, err) {
				well = false
				continue
			}
		}
		var said *stt.Error
		if errors.As(err, &said) { // a service that says when to come back knows best
			wait = min(max(wait, said.RetryAfter), max(n.MaxDelay, time.Minute))
		}
		n.failed(t, c, n.Whole, err, in(wait))
		if err := n.pause(t, wait); err != nil {
			return err
		}
		if n.settings() { // an outage may end because the address was changed
			c.suspicion = suspicion{}
		}
		if well, err = n.well(t); err != nil {
			return err
		}
	}
}

var (
	errNothingHeard = errors.New("the service heard no speech")
	errNothingSent  = errors.New("the recording was over before it could be streamed")
	errUnfinished   = errors.New("the service answered before the recording was over")
)

// tryStream streams an utterance, and tells whether the service has answered. The error is that of the task.
func (n *Delivery) tryStream(t *rt.Task, c *course) (r stt.Result, answered bool, _ error) {
	c.attempts++
	r, err := n.stream(t, c)
	if errors.Is(err, rt.ErrStopped) {
		return r, false, err
	}
	if err == nil {
		n.streamed(t)
		return r, true, nil
	}
	if errors.Is(err, errDropped) {
		c.attempts-- // not a failure
		return stt.Result{}, false, nil
	}
	n.note(t, c, err)
	off, herr := n.switchedOff(t, err)
	switch {
	case herr != nil:
		return stt.Result{}, false, herr
	case off:
		c.attempts-- // not a failure
	default:
		n.failed(t, c, n.streamWay(), err, "as a whole, when it is complete")
	}
	return stt.Result{}, false, nil
}

// stream sends an utterance while it is recorded, and learns its final facts when the recording is over.
func (n *Delivery) stream(t *rt.Task, c *course) (stt.Result, error) {
	ends := rt.NewMailbox[Whole]("end", 1)
	chunks := rt.NewMailbox[stt.Chunk]("stream of "+n.STT, int(n.Longest/audio.HopTime)+2)
	defer chunks.Close(t)
	if err := n.Spool.Send(t, Tail{Seq: c.Seq, STT: n.STT, To: chunks, Ended: ends}); err != nil {
		return stt.Result{}, err
	}
	say(t, n.Events, n.Name, event.DeliveryStarted{Utterance: c.Meta.ID, STT: n.STT, By: n.by(), Way: n.streamWay(), Attempt: 1})
	t.Trace("stream", int64(c.Seq))
	u := n.utterance(c)
	ended, over := Whole{}, false
	u.Sending = func(t *rt.Task) error { // the end of the stream: from now on, an answer is due
		if ended, over = ends.TryRecv(t); ended.Gone {
			return errDropped
		}
		n.ask(t)
		return n.sending(t, c)
	}
	r, err := n.Client.(stt.Streamer).Stream(t, u, chunks)
	n.asked.Take(rt.NewCell(rt.Instant(0)))
	if err == nil && chunks.Stats().Taken == 0 { // an answer counts only if the service received sound
		err = errNothingSent
	}
	if !over {
		ended, over = ends.TryRecv(t)
	}
	switch {
	case ended.Gone:
		err = errDropped
	case over:
		c.Meta, c.Ended = ended.Meta, ended.Ended
	case err == nil: // a service that answers midway has not heard all of it
		err = errUnfinished
	}
	return r, err
}

// errDropped ends a stream whose recording was dropped: its listener was muted.
var errDropped = errors.New("the recording was dropped")

// sound waits for the utterance to be complete. It gives up an utterance that cannot be read after some tries, or that the
// disk does not return for some minutes, so that the next one gets its turn. What is left of it is set aside.
func (n *Delivery) sound(t *rt.Task, c *course) (Whole, error) {
	reply := rt.NewMailbox[Whole]("sound", 1)
	began := t.Now()
	for tries := 1; ; tries++ {
		if err := n.Spool.Send(t, Sound{Seq: c.Seq, Reply: reply}); err != nil {
			return Whole{}, err
		}
		w, err := reply.Recv(t, rt.Never)
		if err != nil || w.Gone || w.Err == nil {
			return w, err
		}
		if tries >= boundedTries && (!rt.Transient(w.Err) || t.Now().Sub(began) >= readPatience) {
			c.Meta = w.Meta
			return Whole{Gone: true}, n.givenUp(t, c, w.Err)
		}
		wait := n.delay(tries)
		n.failed(t, c, n.Whole, w.Err, in(wait))
		if err := t.Sleep(wait); err != nil {
			return w, err
		}
	}
}

func (n *Delivery) utterance(c *course) stt.Utterance {
	m := c.Meta
	return stt.Utterance{
		ID: m.ID, Parent: n.Config.Get().Sampling.Onward(thread.Thread{ID: m.ID}, event.DeliverStep(n.STT, max(1, c.attempts))).Parent, Topic: m.Topic, WakeWord: n.wakeWord(c), Wake: m.WakeAt, End: m.EndAt, PreRoll: m.PreRoll, Cut: m.Cut(),
		Sending: func(t *rt.Task) error { return n.sending(t, c) },
		Partial: func(t *rt.Task, text string) {
			say(t, n.Events, n.Name, event.Partial{Utterance: m.ID, STT: n.STT, Text: text, Of: originOf(m)})
		},
	}
}
