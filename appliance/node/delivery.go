package node

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"orac/appliance/amount"
	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/appliance/stt/spoken"
	"orac/appliance/utterance"
)

// Delivery brings utterances to one speech-to-text service: in order, each until the service has answered, and none again
// after that. Where the client can, an utterance is streamed while the person still speaks; whatever goes wrong then, the
// same sound goes out whole.
type Delivery struct {
	Name    string // address of the node
	STT     string
	Config  *rt.Cell[DeliveryConfig]
	Spool   *rt.Mailbox[Request]
	Healthy *rt.Mailbox[Seen] // what the probe has seen
	Sights  *rt.Out[Sight]    // what the probe is told
	Events  Events

	DeliveryConfig // of the utterance that is being delivered
	jitter         *rand.Rand
	busy           rt.Cell[bool]
	mark           any             // of DeliveryConfig
	aside          int             // utterances set aside since the service last answered one
	offUntil       rt.Instant      // no stream is tried before: the service has said that it takes none
	off            rt.Cell[string] // why; empty if streams are tried
}

// Idle tells whether nothing is on its way to the service. It may be called from anywhere.
func (n *Delivery) Idle() bool { return !n.busy.Get() }

// DeliveryConfig are the settings of a delivery node. An utterance that is on its way keeps those that it began with.
type DeliveryConfig struct {
	Client   stt.Client
	Live     bool          // stream while the person speaks; the client is a stt.Streamer
	Whole    string        // how a whole utterance goes: http, exec
	Way      string        // how utterances go, in words
	Longest  time.Duration // longest utterance, pre-roll included
	MaxDelay time.Duration // longest pause between two tries
	Keeps    spoken.Marks  // markers that stay in a text; all others are taken out
}

// Update implements Updater.
func (n *Delivery) Update(fresh Node) {
	f := fresh.(*Delivery)
	n.Config.Take(f.Config)
	n.Sights.To(f.Sights)
}

const (
	firstDelay = 500 * time.Millisecond
	// readPatience is how long a disk is asked for an utterance that it does not give. All that is younger waits meanwhile.
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
		n.hear(t) // what was well before is no reason to hurry later
		n.busy.Take(rt.NewCell(true))
		err = n.deliver(t, job)
		n.busy.Take(rt.NewCell(false))
		if err != nil {
			return over(err)
		}
	}
}

// deliver ends with nil when the service needs the utterance no more.
func (n *Delivery) deliver(t *rt.Task, job Job) error {
	attempt := 0
	if job.Recording && n.streams(t) {
		attempt++
		result, ended, err := n.stream(t, job)
		if err == nil {
			n.streamed(t)
		}
		if err == nil && result.Spoken(n.Keeps) != "" {
			job.Meta, job.Ended = ended.Meta, ended.Ended
			return n.done(t, job, "ws", attempt, result)
		}
		if err == nil { // a service that heard nothing in a stream is asked once more with the whole
			err = errNothingHeard
		}
		if errors.Is(err, rt.ErrStopped) {
			return err
		}
		off, herr := n.switchedOff(t, err)
		if herr != nil {
			return herr
		}
		if off {
			attempt-- // it is no failure
		} else {
			n.failed(t, job.Meta.ID, "ws", attempt, err, "as a whole, when it is complete")
		}
	}
	whole, err := n.sound(t, job, attempt)
	if err != nil || whole.Gone {
		return err
	}
	job.Meta, job.Ended = whole.Meta, whole.Ended
	if len(whole.PCM) == 0 { // nobody can be given nothing
		return n.Spool.Send(t, Answered{Seq: job.Seq, STT: n.STT})
	}
	for s, well := (suspicion{}), false; ; {
		attempt++
		say(t, n.Events, n.Name, event.DeliveryStarted{Utterance: job.Meta.ID, STT: n.STT, Way: n.Whole, Attempt: attempt})
		result, err := n.Client.Transcribe(t, n.utterance(job.Meta), whole.PCM)
		if err == nil {
			return n.done(t, job, n.Whole, attempt, result)
		}
		if errors.Is(err, rt.ErrStopped) {
			return err
		}
		s.weigh(t.Now(), err, well)
		if stt.RetryOf(err) == stt.GiveUp || s.proven(t.Now(), n.aside) {
			return n.givenUp(t, job, attempt, s.told(t.Now(), err))
		}
		if s.doubtful(t.Now()) {
			if answered, aerr := n.another(t, job); aerr != nil {
				return aerr
			} else if answered {
				return n.givenUp(t, job, attempt, fmt.Errorf("it failed %d times, and the service answered another: %w", attempt, err))
			}
		}
		wait := n.delay(attempt)
		var said *stt.Error
		if errors.As(err, &said) { // a service that says when to come back knows best
			wait = min(max(wait, said.RetryAfter), max(n.MaxDelay, time.Minute))
		}
		n.failed(t, job.Meta.ID, n.Whole, attempt, err, in(wait))
		if err := n.pause(t, wait); err != nil {
			return err
		}
		if n.settings() { // an outage may end because the address was changed
			s = suspicion{}
		}
		if well, err = n.well(t); err != nil {
			return err
		}
	}
}

var (
	errNothingHeard = errors.New("the service heard no speech in the stream")
	errNothingSent  = errors.New("the recording was over before it could be streamed")
	errUnfinished   = errors.New("the service answered before the recording was over")
)

// stream sends an utterance while it is recorded, and gives with the answer what is known of it now that its recording is over.
func (n *Delivery) stream(t *rt.Task, job Job) (stt.Result, Whole, error) {
	ends := rt.NewMailbox[Whole]("end", 1)
	chunks := rt.NewMailbox[stt.Chunk]("stream of "+n.STT, int(n.Longest/audio.HopTime)+2)
	defer chunks.Close(t)
	if err := n.Spool.Send(t, Tail{Seq: job.Seq, To: chunks, Ended: ends}); err != nil {
		return stt.Result{}, Whole{}, err
	}
	say(t, n.Events, n.Name, event.DeliveryStarted{Utterance: job.Meta.ID, STT: n.STT, Way: "ws", Attempt: 1})
	t.Trace("stream", int64(job.Seq))
	r, err := n.Client.(stt.Streamer).Stream(t, n.utterance(job.Meta), chunks)
	if err == nil && chunks.Stats().Taken == 0 { // whatever the service says of nothing is no answer
		err = errNothingSent
	}
	ended, ok := ends.TryRecv(t)
	if !ok { // a service that answers in the middle has not heard all of it
		ended.Meta = job.Meta
		if err == nil {
			err = errUnfinished
		}
	}
	return r, ended, err
}

// sound waits for the utterance to be complete. One that cannot be read after some tries, or that the disk does not give for some
// minutes, is given up, so that the next has its turn; what is left of it is set aside.
func (n *Delivery) sound(t *rt.Task, job Job, attempt int) (Whole, error) {
	reply := rt.NewMailbox[Whole]("sound", 1)
	began := t.Now()
	for tries := 1; ; tries++ {
		if err := n.Spool.Send(t, Sound{Seq: job.Seq, Reply: reply}); err != nil {
			return Whole{}, err
		}
		w, err := reply.Recv(t, rt.Never)
		if err != nil || w.Gone || w.Err == nil {
			return w, err
		}
		if tries >= boundedTries && (!rt.Transient(w.Err) || t.Now().Sub(began) >= readPatience) {
			job.Meta = w.Meta
			return Whole{Gone: true}, n.givenUp(t, job, attempt, w.Err)
		}
		wait := n.delay(tries)
		n.failed(t, job.Meta.ID, n.Whole, attempt, w.Err, in(wait))
		if err := t.Sleep(wait); err != nil {
			return w, err
		}
	}
}

func (n *Delivery) utterance(m utterance.Meta) stt.Utterance {
	return stt.Utterance{ID: m.ID, Topic: m.Topic, WakeWord: m.WakeWord, Wake: m.WakeAt, End: m.EndAt, Cut: m.Cut()}
}

// done lets the utterance leave the spool, and only then says so.
func (n *Delivery) done(t *rt.Task, job Job, way string, attempts int, r stt.Result) error {
	n.aside = 0
	saw(t, n.Sights, nil)
	if err := n.Spool.Send(t, Answered{Seq: job.Seq, STT: n.STT}); err != nil {
		return err
	}
	outcome, text, original := "delivered", r.Spoken(n.Keeps), ""
	if text == "" {
		outcome = "empty"
	}
	if text != r.Text {
		original = r.Text
	}
	t.Trace(outcome, int64(job.Seq), int64(attempts))
	say(t, n.Events, n.Name, event.Delivered{
		Utterance: job.Meta.ID, STT: n.STT, Way: way, Attempts: attempts, Outcome: outcome, Text: text, Original: original,
		Confidence: r.Confidence, Language: r.Language, Seconds: since(t, job), Cut: job.Meta.Cut() != "", Why: job.Meta.Cut(),
	})
	return nil
}

// since is how long ago a recording ended, in seconds. For one of before this process began only the wall clock knows.
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

func (n *Delivery) givenUp(t *rt.Task, job Job, attempts int, cause error) error {
	n.aside++
	if err := n.Spool.Send(t, Answered{Seq: job.Seq, STT: n.STT, Refused: true, Cause: cause.Error()}); err != nil {
		return err
	}
	t.Trace("given up", int64(job.Seq), int64(attempts))
	say(t, n.Events, n.Name, event.Delivered{
		Utterance: job.Meta.ID, STT: n.STT, Way: n.Whole, Attempts: attempts, Outcome: "failed", Cause: cause.Error(),
		Cut: job.Meta.Cut() != "", Why: job.Meta.Cut(),
	})
	return nil
}

func (n *Delivery) failed(t *rt.Task, id, way string, attempt int, cause error, retry string) {
	t.Trace("delivery failed", int64(attempt))
	saw(t, n.Sights, cause)
	say(t, n.Events, n.Name, event.DeliveryFailed{
		Utterance: id, STT: n.STT, Way: way, Attempt: attempt, Cause: cause.Error(), Retry: retry, Denied: denied(cause),
	})
}

// delay is the pause after an attempt: doubled each time up to MaxDelay, and between half and all of that, so that many
// appliances do not come back to a service in step.
func (n *Delivery) delay(attempt int) time.Duration {
	d := n.MaxDelay
	if attempt < 16 {
		d = min(d, firstDelay<<(attempt-1))
	}
	return d/2 + time.Duration(n.jitter.Int64N(int64(d/2)+1))
}

// pause waits; a service that comes back ends it.
func (n *Delivery) pause(t *rt.Task, wait time.Duration) error {
	n.busy.Take(rt.NewCell(false)) // nothing is on its way meanwhile
	defer n.busy.Take(rt.NewCell(true))
	for until := t.Now().Add(wait); ; {
		s, err := n.Healthy.Recv(t, until)
		if errors.Is(err, rt.ErrTimeout) || errors.Is(err, rt.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if n.heed(t, s.Health); s.Back {
			return nil
		}
	}
}
