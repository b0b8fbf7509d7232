package node

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"orac/appliance/amount"
	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/appliance/stt/spoken"
	"orac/appliance/stt/wire"
	"orac/appliance/sttrole"
	"orac/appliance/thread"
)

// job is an utterance that waits for the engine, or that the engine has.
type job struct {
	sttrole.Hearing
	sound   sttrole.Fingerprint
	topic   string
	since   rt.Instant // when it came
	started rt.Instant
	start   time.Time
	task    *rt.Task // of the engine's call; nil while it waits
	waiters []waiter // more than one if a peer has sent it again meanwhile
}

// waiter is who waits for an answer. gone is closed when it does not wait any more.
type waiter struct {
	reply *rt.Mailbox[transcribed]
	gone  *rt.Mailbox[struct{}]
}

type transcribed struct {
	sttrole.Heard
	err error
}

// hear is an Ask.
type hear struct {
	sttrole.Hearing
	waiter
}

func (h hear) ask(t *rt.Task, n *STTServer, c STTServerConfig) {
	if h.gone.Closed() {
		n.counts.Left++
		return
	}
	if err := n.accept(t, c, h); err != nil {
		h.reply.TrySend(t, transcribed{err: err})
	}
}

// accept takes an utterance, unless its answer is known already.
func (n *STTServer) accept(t *rt.Task, c STTServerConfig, h hear) error {
	topic, _ := sttrole.TopicOf(h.Topic)
	length := time.Duration(len(h.PCM)) * time.Second / sttrole.Rate
	switch {
	case len(h.ID) > sttrole.MaxID:
		n.counts.Refused++
		return &amount.TooMuchError{What: "bytes of the utterance's ID", Is: len(h.ID), Most: sttrole.MaxID}
	case len(h.PCM) == 0:
		n.counts.Refused++
		return &amount.TooMuchError{What: "the sound"}
	case length > c.MaxSound:
		n.counts.Refused++
		return &sttrole.TooLongError{Is: length, Most: c.MaxSound}
	case n.drained.Get():
		return &sttrole.BusyError{RetryAfter: time.Second, Cause: "the server is being stopped"}
	}
	sound := sttrole.Of(h.PCM)
	was, found, err := n.answers.Find(t.Now(), h.Peer.Name, h.ID, sound)
	switch {
	case err != nil:
		n.counts.Refused++
		return err
	case found:
		n.counts.Repeated++
		t.Trace("answered again")
		h.reply.TrySend(t, transcribed{Heard: was})
		return nil
	}
	for _, j := range n.jobs {
		if h.ID == "" || j.ID != h.ID || j.Peer.Name != h.Peer.Name {
			continue
		}
		if j.sound != sound {
			n.counts.Refused++
			return &sttrole.ReusedError{ID: h.ID}
		}
		if len(j.waiters) >= mostWaiters {
			return n.busy("the utterance was sent %d times, and is not transcribed yet", mostWaiters)
		}
		j.waiters = append(j.waiters, h.waiter)
		n.counts.Repeated++
		return nil
	}
	return n.queue(t, c, &job{Hearing: h.Hearing, sound: sound, topic: topic, since: t.Now(), waiters: []waiter{h.waiter}})
}

// mostWaiters bounds how often the same utterance may be asked for at a time.
const mostWaiters = 4

// queue adds a job to the line.
func (n *STTServer) queue(t *rt.Task, c STTServerConfig, j *job) error {
	room := c.Queue
	if n.running == nil { // the first goes to the engine at once
		room = max(1, room)
	}
	evicted, lost, ok := n.line.Join(j.peer(), j, room)
	if lost {
		n.drop(evicted)
		evicted.reply(t, transcribed{err: n.busy("other peers need the place that this utterance had in the queue")})
	}
	if !ok {
		t.Trace("busy")
		err := n.busy("%d utterances wait for the engine already", n.line.Len())
		say(t, n.Events, n.Name, event.Served{Server: n.Server, Peer: j.Peer.Name, Address: j.Peer.Address, Topic: j.topic, Seconds: j.seconds(), Cause: err.Error(), Busy: true, Of: j.thread()})
		return err
	}
	n.jobs = append(n.jobs, j)
	return nil
}

// peer is who a job counts for in the line: machines that share an account each have their own turn.
func (j *job) peer() string { return j.Peer.Name + " " + j.Peer.Address }

func (j *job) thread() thread.Thread { return thread.Thread{ID: j.Trace, Parent: j.Parent} }

func (j *job) seconds() float64 { return float64(len(j.PCM)) / sttrole.Rate }

func (j *job) reply(t *rt.Task, h transcribed) {
	for _, w := range j.waiters {
		w.reply.TrySend(t, h)
	}
}

func (n *STTServer) drop(j *job) {
	n.line.Leave(j)
	n.jobs = slices.DeleteFunc(n.jobs, func(o *job) bool { return o == j })
}

// purge takes out the jobs that nobody waits for any more. The engine is told to stop.
func (n *STTServer) purge() {
	for _, j := range slices.Clone(n.jobs) {
		left := j.waiters[:0]
		for _, w := range j.waiters {
			if !w.gone.Closed() {
				left = append(left, w)
			}
		}
		if j.waiters = left; len(left) > 0 {
			continue
		}
		n.counts.Left++
		n.drop(j)
		if j.task != nil {
			j.task.Stop()
		}
	}
}

// finished is what an engine's call came to.
type finished struct {
	job *job
	stt.Result
	err error
}

// begin gives the engine the next job.
func (n *STTServer) begin(t *rt.Task, c STTServerConfig, done *rt.Mailbox[finished]) {
	if n.running != nil {
		return
	}
	j, ok := n.line.Next()
	if !ok {
		return
	}
	n.running, j.started, j.start = j, t.Now(), t.Wall()
	u := stt.Utterance{ID: j.ID, Topic: j.topic, WakeWord: j.WakeWord, Wake: j.Wake, End: j.End, Cut: j.Cut}
	pcm := j.PCM
	j.task = t.Go("transcribe", func(t *rt.Task) error {
		call := t.Go("engine", func(t *rt.Task) error {
			r, err := c.Client.Transcribe(t, u, pcm)
			done.TrySend(t, finished{j, r, err})
			return nil
		})
		err := t.Wait(call, t.Now().Add(answerLimit))
		switch {
		case errors.Is(err, rt.ErrTimeout): // the call is stopped when this task ends
			done.TrySend(t, finished{job: j, err: fmt.Errorf("it gave no answer in %v", answerLimit)})
			return nil
		case errors.Is(err, rt.ErrStopped): // nobody waits for the answer; the engine is free once the call has ended
			err = t.Outlast(call, rt.Never)
		}
		if err != nil { // a panic
			done.TrySend(t, finished{job: j, err: err})
		}
		return nil
	})
}

// finished handles what the engine made of a job.
func (n *STTServer) finished(t *rt.Task, c STTServerConfig, f finished) {
	j := f.job
	if n.running == j {
		n.running = nil
	}
	if !slices.Contains(n.jobs, j) {
		return // nobody waited any more, or it was answered when its time was over
	}
	took := t.Now().Sub(j.started)
	n.pace = (3*n.pace + took) / 4
	h := sttrole.Heard{ID: n.nextID(t), Topic: j.topic, Language: f.Language, Duration: time.Duration(len(j.PCM)) * time.Second / sttrole.Rate, Processing: took}
	s := event.Served{
		Server: n.Server, Utterance: h.ID, Peer: j.Peer.Name, Address: j.Peer.Address, Topic: j.topic, Language: f.Language, Seconds: j.seconds(),
		Took: took.Seconds(), Waited: j.started.Sub(j.since).Seconds(), Streamed: j.Streamed, Of: j.thread(), Ended: t.Wall(),
	}
	if f.err != nil {
		n.failed(t, c, j, h, s, f.err)
		return
	}
	n.failing, n.inARow = "", 0
	h.Original = clip(f.Spoken(c.Keeps))
	h.Text, h.Confidence = n.strip(c, j, h.Original), f.Confidence
	if h.Text == "" {
		h.Confidence = 0
		switch {
		case h.Original != "":
			h.Nothing = "only the wake word was heard"
		case f.Nothing != "":
			h.Nothing = f.Nothing
		case f.Silence:
			h.Nothing = "silence"
		default:
			h.Nothing = "nothing was understood"
		}
	}
	n.roll.Use(j.topic, t.Wall())
	s.Text, s.Original, s.Confidence, s.Nothing = h.Text, h.Original, h.Confidence, h.Nothing
	if !n.forward(t, c, j, &h, s) {
		n.answer(t, c, j, h, s)
	}
}

// answer tells the peers what was understood.
func (n *STTServer) answer(t *rt.Task, c STTServerConfig, j *job, h sttrole.Heard, s event.Served) {
	n.drop(j)
	if h.Text == "" {
		n.counts.Nothing++
	} else {
		n.counts.Served++
	}
	n.answers.Keep(t.Now(), j.Peer.Name, j.ID, j.sound, h)
	n.keep(t, c, j, h, "")
	t.Trace("served", flag(h.Text != ""))
	j.reply(t, transcribed{Heard: h})
	say(t, n.Events, n.Name, s)
}

// failed answers that the engine could not transcribe a job.
func (n *STTServer) failed(t *rt.Task, c STTServerConfig, j *job, h sttrole.Heard, s event.Served, cause error) {
	n.drop(j)
	e := &sttrole.EngineError{Cause: cause}
	if w, ok := errors.AsType[*wire.Error](cause); ok {
		e.RetryAfter, e.Away = w.RetryAfter, w.Kind == wire.Unreachable || w.Kind == wire.Busy
	}
	n.failing = cause.Error()
	n.counts.Failed++
	n.inARow++
	n.keep(t, c, j, h, cause.Error())
	t.Trace("engine failed")
	j.reply(t, transcribed{err: e})
	s.Cause, s.InARow = cause.Error(), n.inARow
	say(t, n.Events, n.Name, s)
}

// strip removes the wake word from the beginning of a text: the one that the peer names, or else one
// of the topic, by the runbook or by the heartbeats.
func (n *STTServer) strip(c STTServerConfig, j *job, text string) string {
	words := n.roll.WakeWords(j.topic)
	if i := slices.IndexFunc(c.Topics, func(t TopicConfig) bool { return t.Name == j.topic && t.WakeWords != nil }); i >= 0 {
		words = c.Topics[i].WakeWords
	}
	if j.WakeWord != "" {
		words = []string{j.WakeWord}
	}
	for _, w := range words {
		if rest := spoken.StripWake(text, w); rest != text {
			return rest
		}
	}
	return text
}
