package node

import (
	"errors"
	"fmt"
	"time"

	"orac/appliance/act"
	"orac/appliance/act/journal"
	"orac/appliance/act/sentence"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/appliance/sttrole"
	"orac/appliance/thread"
	"orac/appliance/utterance"
)

// Topic acts on texts: it reads each, has backends carry out what was meant, and says what truly came of it. One text is acted on at a
// time; the others wait in a line that is bounded and fair. A text is acted on once: before each call the journal on the disk says that
// it is about to be made, and the same ID is answered as before, also after a restart. A call whose answer was lost is told as unknown
// and not made again.
type Topic struct {
	Name   string // address of the node
	Topic  string // name of the block
	FS     rt.FS
	Age    Age
	Config *rt.Cell[TopicActs]
	Asks   *rt.Mailbox[Deed]
	Homes  *rt.Mailbox[HomeSeen] // from the backends
	Events Events

	// The fields below outlive an instance.
	c       TopicActs
	mark    any
	line    sttrole.Line[*deed]
	jobs    []*deed // that wait, or that is being acted on, in the order in which they came
	running *deed
	current *journal.Entry // of the one that is being acted on, once a call may have gone out
	journal *journal.Journal
	learnt  learnt
	timers  timers
	homes   map[string]*act.Home
	matcher *sentence.Matcher
	grammar grammar // that the matcher was made of
	compile *rt.Task
	problem []string
	memory  memory
	counts  act.Counts
	tally   act.Tally
	beats   topicBeats
	ids     uint32
	expire  rt.Instant
	retry   rt.Instant
	pace    time.Duration

	compiled *rt.Mailbox[built]
	drained  rt.Cell[bool]
	idle     rt.Cell[bool]
	shown    rt.Cell[TopicShown]
}

// TopicActs are the settings of a Topic.
type TopicActs struct {
	Enabled  bool
	Expires  time.Duration
	Learn    time.Duration // 0: nothing is learnt
	Timeout  time.Duration
	Queue    int
	English  bool
	Intents  []sentence.Intent
	Calls    map[string]IntentCall // of the intents, by name
	Homes    []string              // backends whose entities can be named
	Talks    []string              // backends that hold conversations
	Reach    map[string]*rt.Mailbox[BackendAsk]
	Model    string // name of the language model; "" for none
	Ask      *rt.Mailbox[ModelAsk]
	Sampling thread.Sampling // of which commands peers are told a trace
	// Question is what the model is asked about a text, in which names and words are data.
	Question func(c *sentence.Choices, text string, h thread.Thread) act.Question
}

// IntentCall is how an intent of the runbook is carried out.
type IntentCall struct {
	act.Template
	Backend string
	Reply   string
}

// TopicShown is what a Topic shows of itself.
type TopicShown struct {
	State   act.TopicState
	Counts  act.Counts
	Waiting int
	Last    []act.Answer // the newest first
	Learnt  []act.LearntAnswer
	Timers  int // that run
}

// Update implements Updater.
func (n *Topic) Update(fresh Node) { n.Config.Take(fresh.(*Topic).Config) }

// Drain implements Drainer: what comes from now on is told to come back.
func (n *Topic) Drain() { n.drained.Take(rt.NewCell(true)) }

// Idle implements Idler: nothing is being acted on.
func (n *Topic) Idle() bool { return n.idle.Get() }

// Shown is the state. It may be called from anywhere.
func (n *Topic) Shown() TopicShown { return n.shown.Get() }

// Run implements Node.
func (n *Topic) Run(t *rt.Task) error {
	n.c, _ = n.Config.Changed(&n.mark)
	n.ids = t.Rand("request").Uint32()
	if n.journal == nil {
		n.homes = map[string]*act.Home{}
		n.journal = journal.Open(t, n.FS, n.Topic)
		n.learnt.open(t, n.FS, n.folder())
		n.timers.open(t, n.FS, n.folder())
	}
	n.compiled, n.compile = rt.NewMailbox[built]("compiled", 1), nil
	n.interrupted(t)
	n.doubts(t)
	n.askHomes(t)
	for {
		n.upkeep(t)
		if j, ok := n.next(t); ok {
			if err := n.handle(t, j); err != nil {
				n.dismiss(t)
				return err
			}
			continue
		}
		_, err := n.pump(t, n.until())
		switch {
		case errors.Is(err, rt.ErrTimeout):
		case err != nil:
			n.dismiss(t)
			return over(err)
		}
	}
}

// folder is where the topic keeps what it must not forget.
func (n *Topic) folder() string { return "acts/" + n.Topic }

// upkeep does what is due, whether or not something is being acted on.
func (n *Topic) upkeep(t *rt.Task) {
	if fresh, changed := n.Config.Changed(&n.mark); changed {
		n.c = fresh
		n.askHomes(t)
	}
	n.rebuild(t)
	n.ring(t)
	n.memory.forget(t.Now())
	if n.journal.Err() != nil && t.Now() >= n.retry {
		n.retry = t.Now().Add(diskRetry)
		n.journal.Retry(t)
		n.doubts(t)
	}
	if t.Now() >= n.expire {
		n.expire = t.Now().Add(ageEvery)
		if p, known := n.Age.now(t); known {
			n.expire = t.Now().Add(expireEvery)
			n.journal.Expire(t, p)
		}
		n.learnt.expire(t, t.Wall())
	}
	n.show()
}

// until is when something is due.
func (n *Topic) until() rt.Instant {
	until := min(n.expire, n.timers.next())
	if n.journal.Err() != nil {
		until = min(until, n.retry)
	}
	return until
}

// pump waits for what may come at any time, and handles it; more are what else to wait for. It returns which of these is ready, or -1.
func (n *Topic) pump(t *rt.Task, until rt.Instant, more ...rt.Case) (int, error) {
	which, err := rt.Select(t, until, append(more, n.Homes, n.compiled, n.Asks)...)
	if err != nil {
		return -1, err
	}
	switch which - len(more) {
	case 0:
		if h, ok := n.Homes.TryRecv(t); ok {
			n.seen(h)
		}
	case 1:
		if b, ok := n.compiled.TryRecv(t); ok {
			n.built(b)
		}
	case 2:
		if a, ok := n.Asks.TryRecv(t); ok {
			a.deed(t, n)
		} else if n.Asks.Closed() {
			return -1, rt.ErrClosed
		}
	default:
		return which, nil
	}
	n.purge(t)
	return -1, nil
}

// awaited waits for a reply, and does meanwhile what must not wait.
func awaited[T any](t *rt.Task, n *Topic, reply *rt.Mailbox[T], until rt.Instant) (v T, err error) {
	for {
		if v, ok := reply.TryRecv(t); ok {
			return v, nil
		}
		if reply.Closed() {
			return v, rt.ErrClosed
		}
		if _, err := n.pump(t, min(until, n.until()), reply); errors.Is(err, rt.ErrTimeout) && t.Now() < until {
			n.upkeep(t)
		} else if err != nil {
			return v, err
		}
	}
}

// dismiss tells whoever waits to come back: the node ends.
func (n *Topic) dismiss(t *rt.Task) {
	for _, j := range n.jobs {
		if j != n.running || n.current == nil { // what came of a call is told when it is known
			j.reply(t, answered{err: &act.BusyError{What: "topic." + n.Topic, RetryAfter: time.Second}})
		}
	}
	n.jobs, n.line = nil, sttrole.Line[*deed]{}
	n.show()
}

// doubts tells what an earlier process was calling when it ended.
func (n *Topic) doubts(t *rt.Task) {
	for _, e := range n.journal.Unfinished() {
		n.doubt(t, nil, e)
	}
}

// interrupted tells what an earlier instance was calling when it ended.
func (n *Topic) interrupted(t *rt.Task) {
	e, j := n.current, n.running
	if n.current, n.running = nil, nil; e != nil {
		n.doubt(t, j, *e)
	}
}

// doubt finishes an entry of which nobody knows what came of its last call.
func (n *Topic) doubt(t *rt.Task, j *deed, e journal.Entry) {
	if last := len(e.Answer.Outcomes) - 1; last >= 0 && e.Answer.Outcomes[last].Verdict == "" {
		e.Answer.Outcomes[last].Verdict, e.Answer.Outcomes[last].Reason = act.Unknown, "ORAC ended before the answer came: it may have been done"
	}
	if e.Answer.Reading.Tier == act.Correction {
		e.Answer.Undone, e.Answer.Outcomes = e.Answer.Outcomes, nil
	}
	t.Trace("fate unknown")
	n.finish(t, j, &e)
}

// nextID names a request.
func (n *Topic) nextID(t *rt.Task) string {
	n.ids++
	return utterance.ID(t.Wall(), n.ids)
}

func (n *Topic) show() {
	s := TopicShown{State: n.state(), Counts: n.counts, Waiting: n.line.Len(), Learnt: n.learnt.list(), Timers: n.timers.running()}
	for _, e := range n.journal.Last() {
		s.Last = append(s.Last, e.Answer)
	}
	n.idle.Take(rt.NewCell(n.running == nil))
	n.shown.Take(rt.NewCell(s))
}

// state is what is known of the topic.
func (n *Topic) state() act.TopicState {
	s := act.TopicState{Name: n.Topic, Declared: true, Enabled: n.c.Enabled, Backends: sortedNames(n.c.Reach), Model: n.c.Model, Problems: n.problem, Count: n.counts.Asked}
	if n.matcher != nil {
		s.Intents, s.Version = n.matcher.Templates(), n.matcher.Version()
	}
	s.Waiting, s.Learnt, s.Remembered, s.Damaged, s.Tally = n.line.Len(), len(n.learnt.list()), n.journal.Len(), n.journal.Damaged(), n.tally
	if err := n.journal.Err(); err != nil {
		s.Error = fmt.Sprint(err)
	}
	n.beats.show(&s)
	return s
}

var _ = status.Busy
