package node

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/stt"
	"orac/appliance/stt/spoken"
	"orac/appliance/sttrole"
	"orac/appliance/utterance"
)

// STTServer answers what other machines ask of a speech-to-text server: utterances, heartbeats, its state. It has one engine, which
// transcribes one utterance at a time; the others wait in a line that is bounded and fair. A heartbeat waits for nothing. See
// package sttrole for what it guarantees.
type STTServer struct {
	Name   string // address of the node
	Server string // name of the block
	Config *rt.Cell[STTServerConfig]
	Asks   *rt.Mailbox[Ask]
	Wakes  *rt.Out[Wake]   // to the engine: it will be needed
	Texts  *rt.Out[Text]   // to the Cores
	Topics *rt.Out[Topics] // to them
	Events Events

	// The fields below outlive an instance.
	line    sttrole.Line[*job]
	jobs    []*job // that wait, or that the engine has, in the order in which they came
	running *job
	handing []handed // in the order of their deadlines
	answers sttrole.Answers
	roll    sttrole.Roll
	kept    []kept // newest first
	counts  sttrole.Counts
	failing string // why the engine failed last; "" if it did not
	inARow  int    // failures of the engine since it worked
	pace    time.Duration
	mark    any
	ids     uint32
	drained rt.Cell[bool]
	idle    rt.Cell[bool]
	shown   rt.Cell[status.STTServer]

	keptTexts *rt.Mailbox[string] // IDs of texts that are kept for Core
}

// STTServerConfig are the settings of an STT server.
type STTServerConfig struct {
	Client   stt.Client
	Engine   string       // name of the stt block
	Model    string       // what the engine runs, for display
	Keeps    spoken.Marks // markers that stay in a text
	Queue    int
	MaxSound time.Duration
	Forget   time.Duration
	Keep     int // transcripts whose sound is kept
	Legacy   []string
	Core     string // name of the block that texts go to; "" for none
	Topics   []TopicConfig
}

// Ask is what an STT server is asked: hear, beat, preload, look, sound.
type Ask interface {
	ask(t *rt.Task, n *STTServer, c STTServerConfig)
}

// Update implements Updater.
func (n *STTServer) Update(fresh Node) { n.Config.Take(fresh.(*STTServer).Config) }

// Drain implements Drainer: what comes from now on is told to come back.
func (n *STTServer) Drain() { n.drained.Take(rt.NewCell(true)) }

// Idle implements Idler: nobody waits for an answer.
func (n *STTServer) Idle() bool { return n.idle.Get() }

// Shown is a summary of the state. It may be called from anywhere.
func (n *STTServer) Shown() status.STTServer { return n.shown.Get() }

const (
	// answerLimit is how long an engine may take for one utterance: more than twice its own deadline for the longest sound.
	answerLimit = time.Minute
	// askPatience is how long who asks waits for an answer that needs no engine: the node may be restarting.
	askPatience = 5 * time.Second
	// mostKeptBytes bounds the sounds that are kept, in bytes; mostTranscripts their number.
	mostKeptBytes   = 16 << 20
	mostTranscripts = 20
	// mostText bounds a text, in bytes: nobody says more in a minute.
	mostText = 4 << 10
)

// Run implements Node.
func (n *STTServer) Run(t *rt.Task) error {
	c, _ := n.Config.Changed(&n.mark)
	n.ids = t.Rand("transcript").Uint32()
	done := rt.NewMailbox[finished]("done", 64)
	if n.keptTexts == nil {
		n.keptTexts = rt.NewMailbox[string]("kept", 64)
	}
	if j := n.running; j != nil { // an earlier instance ended while the engine had it
		n.running, j.task = nil, nil
		n.line.Join(j.peer(), j, n.line.Len()+1)
	}
	for {
		if fresh, changed := n.Config.Changed(&n.mark); changed {
			if fresh.Client != c.Client {
				n.failing = ""
			}
			c = fresh
		}
		n.forget(t, c)
		n.overdue(t, c, t.Now())
		n.purge()
		n.begin(t, c, done)
		n.show(t, c)
		cases := []rt.Case{n.Asks, done, n.keptTexts}
		for _, j := range n.jobs {
			for _, w := range j.waiters {
				cases = append(cases, w.gone)
			}
		}
		until := n.roll.Next(c.Forget)
		if len(n.handing) > 0 {
			until = min(until, n.handing[0].until)
		}
		which, err := rt.Select(t, until, cases...)
		switch {
		case errors.Is(err, rt.ErrTimeout):
		case err != nil:
			n.dismiss(t, c)
			return err
		case which == 0:
			if a, ok := n.Asks.TryRecv(t); ok {
				a.ask(t, n, c)
			} else if n.Asks.Closed() {
				n.dismiss(t, c)
				return nil
			}
		case which == 1:
			if f, ok := done.TryRecv(t); ok {
				n.finished(t, c, f)
			}
		case which == 2:
			if id, ok := n.keptTexts.TryRecv(t); ok {
				n.acknowledged(t, c, id)
			}
		}
	}
}

// forget forgets instances that sent no heartbeat for a while.
func (n *STTServer) forget(t *rt.Task, c STTServerConfig) {
	for _, i := range n.roll.Expire(t.Now(), c.Forget) {
		t.Trace("instance forgotten")
		say(t, n.Events, n.Name, event.Instance{Server: n.Server, Instance: i.InstanceID, Source: i.Source, Peer: i.Peer.Name, Address: i.Peer.Address})
	}
}

// dismiss tells whoever waits to come back: the node ends.
func (n *STTServer) dismiss(t *rt.Task, c STTServerConfig) {
	for id, ok := n.keptTexts.TryRecv(t); ok; id, ok = n.keptTexts.TryRecv(t) {
		n.acknowledged(t, c, id)
	}
	n.overdue(t, c, rt.Never)
	for _, j := range slices.Clone(n.jobs) {
		j.reply(t, transcribed{err: &sttrole.BusyError{RetryAfter: time.Second, Cause: "the server is being stopped or restarted"}})
		n.drop(j)
	}
	n.running = nil
	n.idle.Take(rt.NewCell(true))
}

// nextID names a transcript.
func (n *STTServer) nextID(t *rt.Task) string {
	n.ids++
	return utterance.ID(t.Wall(), n.ids)
}

// show publishes the summary.
func (n *STTServer) show(t *rt.Task, c STTServerConfig) {
	now := status.STTServer{
		Name: n.Server, Engine: c.Engine, Waiting: n.line.Len(), Limit: c.Queue, Instances: n.roll.Len(), Served: n.counts.Served + n.counts.Nothing,
		Failed: n.counts.Failed, Refused: n.counts.Busy + n.counts.Refused, Error: n.failing, Legacy: c.Legacy,
	}
	if n.running != nil {
		now.Running = 1
	}
	n.idle.Take(rt.NewCell(len(n.jobs)+len(n.handing) == 0))
	n.shown.Take(rt.NewCell(now))
}

// state is everything that the server knows of itself.
func (n *STTServer) state(t *rt.Task, c STTServerConfig) sttrole.State {
	s := sttrole.State{
		Name: n.Server, Engine: sttrole.Engine{Name: c.Engine, Model: c.Model, State: sttrole.EngineReady, Cause: n.failing},
		Queue: sttrole.Queue{Waiting: n.line.Len(), Limit: c.Queue}, Counts: n.counts,
		Instances: n.roll.Instances(t.Now()), Topics: n.roll.Topics(), Idempotent: true,
	}
	for i := range s.Topics {
		s.Topics[i].Core = c.coreOf(s.Topics[i].Name)
	}
	switch {
	case n.running != nil:
		s.Queue.Running, s.Engine.State = 1, sttrole.EngineBusy
	case n.failing != "":
		s.Engine.State = sttrole.EngineFailed
	}
	for _, k := range n.kept {
		s.Transcripts = append(s.Transcripts, k.Transcript)
	}
	return s
}

// retryAfter is when there is likely to be room: the time that the engine needs for what waits.
func (n *STTServer) retryAfter() time.Duration {
	wait := time.Duration(n.line.Len()+1) * cmp.Or(n.pace, time.Second)
	return min(max(wait.Round(time.Second), time.Second), 30*time.Second)
}

func (n *STTServer) busy(format string, args ...any) error {
	n.counts.Busy++
	return &sttrole.BusyError{RetryAfter: n.retryAfter(), Cause: fmt.Sprintf(format, args...)}
}
