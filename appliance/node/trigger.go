package node

import (
	"math/rand/v2"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/utterance"
	"orac/models/wake"
)

// Trigger decides, once all heads of a listener have voted on a hop, whether that was a wake word.
type Trigger struct {
	Name     string // address of the node
	Device   string
	Listener string
	Rules    wake.Rules
	Words    []Word // of each model in Rules
	Voice    bool   // there is a voice gate
	In       *rt.Mailbox[Vote]
	Out      rt.Out[Wake]
	Events   Events

	ids    *rand.Rand
	slots  [maxBehind]slot // of the hops from oldest on, by number modulo maxBehind
	oldest int64           // hop that is decided next
	newest int64           // hop that anybody has voted on
	last   []int64         // hop that each voter has voted on; the gate is the last of them
}

// Word is what the runbook says of a model.
type Word struct {
	WakeWord, Topic string
}

// maxBehind is how many hops a voter may be behind the newest before it counts as absent, as a head that is being started
// again is, and is no longer waited for: 5 s, twice what the mailboxes before it hold.
const maxBehind = 64

// slot holds the votes on one hop.
type slot struct {
	used   bool
	seq    int64
	rms    float32
	voice  float32
	scores []wake.Scores
	values [][MaxClasses]float32
}

// Run implements Node.
func (n *Trigger) Run(t *rt.Task) error {
	w, err := wake.New(n.Rules)
	if err != nil {
		return err
	}
	n.reset(w.Rules())
	n.ids = t.Rand("id")
	for begun := false; ; begun = true {
		v, err := n.In.Recv(t, rt.Never)
		if err != nil {
			return over(err)
		}
		if !begun {
			n.begin(t, v.Seq)
		}
		if v.Seq < n.oldest {
			continue // it was decided without this vote
		}
		n.count(t, w, v)
	}
}

// begin makes a hop the first that is decided.
func (n *Trigger) begin(t *rt.Task, seq int64) {
	listening := event.Listening{Listener: n.Listener}
	for _, m := range n.Rules.Models {
		listening.Models = append(listening.Models, m.Name)
	}
	say(t, n.Events, n.Name, listening)

	n.oldest, n.newest = seq, seq
	n.last = make([]int64, len(n.Rules.Models), len(n.Rules.Models)+1)
	if n.Voice {
		n.last = append(n.last, 0)
	}
	for i := range n.last {
		n.last[i] = seq - 1
	}
}

// count takes a vote and decides what can be decided with it. Each voter votes in the order of hops, so it has nothing more
// to say of a hop once it has voted on a later one.
func (n *Trigger) count(t *rt.Task, w *wake.Trigger, v Vote) {
	n.newest = max(n.newest, v.Seq)
	for n.newest-n.oldest >= maxBehind { // whoever has not voted by now is absent
		n.decideOldest(t, w)
	}
	s := &n.slots[v.Seq%maxBehind]
	if !s.used {
		s.open(v)
	}
	if v.From == Voice {
		n.last[len(n.last)-1] = v.Seq
	} else {
		n.last[v.From] = v.Seq
	}
	s.add(v)
	for n.oldest <= n.newest && n.complete() {
		n.decideOldest(t, w)
	}
}

// complete tells whether all who are not absent have voted on the oldest hop.
func (n *Trigger) complete() bool {
	for _, last := range n.last {
		if last < n.oldest && n.newest-last < maxBehind {
			return false
		}
	}
	return true
}

// decideOldest decides the oldest hop, unless nobody has voted on it, and goes on to the next.
func (n *Trigger) decideOldest(t *rt.Task, w *wake.Trigger) {
	if s := &n.slots[n.oldest%maxBehind]; s.used {
		n.decide(t, w, s)
	}
	n.oldest++
}

func (n *Trigger) reset(rules wake.Rules) {
	for i := range n.slots {
		n.slots[i] = slot{scores: make([]wake.Scores, len(rules.Models)), values: make([][MaxClasses]float32, len(rules.Models))}
		for j, m := range rules.Models {
			n.slots[i].scores[j].Values = n.slots[i].values[j][:max(1, m.Classes)]
		}
	}
}

// open begins a hop: until they vote, heads are masked and there is no voice.
func (s *slot) open(v Vote) {
	s.used, s.seq, s.rms, s.voice = true, v.Seq, v.RMS, 0
	for i := range s.scores {
		s.scores[i].Masked = true
		clear(s.values[i][:])
	}
}

func (s *slot) add(v Vote) {
	if v.From == Voice {
		s.voice = v.Values[0]
		return
	}
	s.scores[v.From].Masked = v.Masked
	copy(s.values[v.From][:], v.Values[:v.N])
}

// decide passes on what fires in a hop.
func (n *Trigger) decide(t *rt.Task, w *wake.Trigger, s *slot) {
	s.used = false
	heard := time.Duration(s.seq+1) * audio.HopTime // cooldowns are of heard sound: a file may play faster than it sounds
	for _, d := range w.Step(s.seq, heard, float64(s.rms), s.voice, s.scores) {
		wall := t.Wall()
		m, word := n.Rules.Models[d.Index], n.Words[d.Index]
		hit := Wake{
			ID: utterance.ID(wall, n.ids.Uint32()), Seq: s.seq, At: wall, Device: n.Device, Listener: n.Listener,
			Model: m.Name, Class: d.Class, WakeWord: word.WakeWord, Topic: word.Topic, Score: d.Score,
			Threshold: m.Threshold, Multi: n.Rules.MultiTrigger, Scores: n.scores(s),
		}
		t.Trace("wake", s.seq, int64(d.Index))
		n.Out.Push(t, hit)
		say(t, n.Events, n.Name, event.Wake{
			ID: hit.ID, Device: hit.Device, Listener: hit.Listener, Model: hit.Model, Class: hit.Class,
			WakeWord: hit.WakeWord, Topic: hit.Topic, Score: hit.Score, Threshold: hit.Threshold, Hop: hit.Seq,
		})
	}
}

// scores is the best score of every model in a hop.
func (n *Trigger) scores(s *slot) map[string]float64 {
	all := make(map[string]float64, len(s.scores))
	for i, m := range n.Rules.Models {
		var best float32
		for _, v := range s.scores[i].Values {
			best = max(best, v)
		}
		all[m.Name] = float64(best)
	}
	return all
}
