package node

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/amount"
	"orac/appliance/rt"
	"orac/appliance/status"
)

// CoreServer knows which topics other machines listen for. Their texts go to the topics themselves: see Topic.
type CoreServer struct {
	Name   string // address of the node
	Server string // name of the block
	Config *rt.Cell[CoreServerConfig]
	Beats  *rt.Mailbox[CoreAsk]
	Events Events

	// The fields below outlive an instance.
	topics []act.TopicState // that heartbeats name, by name
	shown  rt.Cell[CoreServerShown]
}

// CoreServerConfig are the settings of a CoreServer.
type CoreServerConfig struct{ Legacy []string }

// CoreServerShown is what a CoreServer shows of itself.
type CoreServerShown struct {
	Name   string
	Topics []act.TopicState // that heartbeats name
	Legacy []string
}

// CoreAsk is what a CoreServer is asked.
type CoreAsk interface {
	core(t *rt.Task, n *CoreServer)
}

// Update implements Updater.
func (n *CoreServer) Update(fresh Node) { n.Config.Take(fresh.(*CoreServer).Config) }

// Shown is the state. It may be called from anywhere.
func (n *CoreServer) Shown() CoreServerShown { return n.shown.Get() }

const (
	// mostBeatTopics bounds how many topics one heartbeat may name, and mostTopics how many are remembered.
	mostBeatTopics = 100
	mostTopics     = 1000
)

// Run implements Node.
func (n *CoreServer) Run(t *rt.Task) error {
	for {
		n.shown.Take(rt.NewCell(CoreServerShown{n.Server, slices.Clone(n.topics), n.Config.Get().Legacy}))
		a, err := n.Beats.Recv(t, rt.Never)
		if err != nil {
			return over(err)
		}
		a.core(t, n)
	}
}

// coreBeat is a CoreAsk.
type coreBeat struct {
	act.Beat
	reply *rt.Mailbox[act.BeatAnswer]
}

func (b coreBeat) core(t *rt.Task, n *CoreServer) {
	var a act.BeatAnswer
	now := t.Wall()
	for _, x := range b.Topics {
		name := TopicID(x.Name)
		i, found := slices.BinarySearchFunc(n.topics, name, func(s act.TopicState, name string) int { return strings.Compare(s.Name, name) })
		if !found {
			if len(n.topics) >= mostTopics { // the one that was heard of longest ago makes room
				oldest := slices.IndexFunc(n.topics, func(s act.TopicState) bool {
					return !slices.ContainsFunc(n.topics, func(o act.TopicState) bool { return o.Beat.Before(s.Beat) })
				})
				n.topics = slices.Delete(n.topics, oldest, oldest+1)
				i, _ = slices.BinarySearchFunc(n.topics, name, func(s act.TopicState, name string) int { return strings.Compare(s.Name, name) })
			}
			n.topics = slices.Insert(n.topics, i, act.TopicState{Name: name, First: now})
			a.Created++
		}
		s := &n.topics[i]
		s.Beat, s.WakeWord, s.Triggers = now, cmp.Or(x.WakeWord, s.WakeWord), max(x.Triggers, s.Triggers)
		a.Processed++
	}
	b.reply.TrySend(t, a)
}

// TopicID is the topic that a peer means: names in heartbeats are written as people like.
func TopicID(name string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "_")
}

// Beat tells the server of a heartbeat.
func (n *CoreServer) Beat(t *rt.Task, b act.Beat) (act.BeatAnswer, error) {
	if len(b.Topics) > mostBeatTopics {
		return act.BeatAnswer{}, &amount.TooMuchError{What: "topics", Is: len(b.Topics), Most: mostBeatTopics}
	}
	for _, x := range b.Topics {
		if len(x.Name) > act.MaxName || strings.TrimSpace(x.Name) == "" || len(x.WakeWord) > act.MaxID {
			return act.BeatAnswer{}, &amount.TooMuchError{What: "bytes of the topic's name", Is: len(x.Name), Most: act.MaxName}
		}
	}
	reply := rt.NewMailbox[act.BeatAnswer]("reply", 1)
	if !n.Beats.TrySend(t, coreBeat{b, reply}) {
		return act.BeatAnswer{}, &act.BusyError{What: "core_server." + n.Server, RetryAfter: time.Second}
	}
	a, err := reply.Recv(t, t.Now().Add(askPatience))
	if errors.Is(err, rt.ErrTimeout) {
		err = &status.Refusal{Code: status.Busy, Message: "the server does not answer: it may be restarting", Hint: "Try again; orac status shows what it does."}
	}
	return a, err
}
