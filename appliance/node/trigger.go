package node

import (
	"math/rand/v2"
	"slices"
	"time"

	"orac/appliance/amount"
	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/utterance"
	"orac/models/wake"
)

// Trigger decides, once all heads of a listener have voted on a hop, whether it was a wake word.
type Trigger struct {
	Name     string // address of the node
	Device   string
	Listener string
	Config   *rt.Cell[TriggerConfig]
	In       *rt.Mailbox[Vote]
	Out      *rt.Out[Wake]
	Events   Events
	Mutes    *rt.Cell[Mutes]

	TriggerConfig // that is in force
	mark          any
	rules         *wake.Trigger
	ids           *rand.Rand
	slots         [maxBehind]slot // for the hops from oldest on, by number modulo maxBehind
	oldest        int64           // the next hop to decide
	newest        int64           // the newest hop with a vote
	voters        []voter
}

// TriggerConfig are the settings of a trigger.
type TriggerConfig struct {
	Rules wake.Rules
	Words []Word // of each model in Rules
	Voice bool   // there is a voice gate
	// Aloud says until when a speaker beside the microphone speaks: wake words do not count meanwhile. Nil: they do.
	Aloud *rt.Cell[rt.Instant]
}

// Word is what the runbook says about a model.
type Word struct {
	WakeWord, Topic string
}

// Update implements Updater.
func (n *Trigger) Update(fresh Node) {
	f := fresh.(*Trigger)
	n.Config.Take(f.Config)
	n.Out.To(f.Out)
}

// maxBehind is how many hops a voter may be behind the newest before it counts as absent and nobody waits for it: 5 s,
// twice what the mailboxes before it hold. A head that ends says so, and nobody waits for it at all.
const maxBehind = 64

// voter is a head, or the voice gate.
type voter struct {
	name   string
	last   int64 // the last hop that it voted on
	absent bool
}

// slot holds the votes on one hop.
type slot struct {
	used   bool
	seq    int64
	at     rt.Instant // of the hop
	rms    float32
	voice  float32
	scores []wake.Scores
	values [][MaxClasses]float32
}

// Run implements Node.
func (n *Trigger) Run(t *rt.Task) error {
	n.ids = t.Rand("id")
	n.mark, n.voters = nil, nil
	for {
		v, err := n.In.Recv(t, rt.Never)
		if err != nil {
			return over(err)
		}
		if c, changed := n.Config.Changed(&n.mark); changed {
			if err := n.take(t, c, v.Seq); err != nil {
				return err
			}
		}
		n.count(t, v)
	}
}

// take applies settings. Patience and cooldowns of models that stay continue. So do the hops that wait for votes,
// unless the voters have changed.
func (n *Trigger) take(t *rt.Task, c TriggerConfig, seq int64) error {
	if n.rules == nil {
		w, err := wake.New(c.Rules)
		if err != nil {
			return err
		}
		n.rules = w
	} else if err := n.rules.Update(c.Rules); err != nil {
		return err
	}
	same := len(n.voters) > 0 && c.Voice == n.Voice && slices.EqualFunc(c.Rules.Models, n.Rules.Models, func(a, b wake.Model) bool {
		return a.Name == b.Name && a.Classes == b.Classes
	})
	n.TriggerConfig = c
	if same {
		return nil
	}
	n.reset(n.rules.Rules())
	n.oldest, n.newest, n.voters = seq, seq, nil
	listening := event.Listening{Listener: n.Listener}
	for _, m := range c.Rules.Models {
		listening.Models = append(listening.Models, m.Name)
		n.voters = append(n.voters, voter{name: m.Name, last: seq - 1})
	}
	if c.Voice {
		n.voters = append(n.voters, voter{name: Voice, last: seq - 1})
	}
	say(t, n.Events, n.Name, listening)
	return nil
}

func (n *Trigger) reset(rules wake.Rules) {
	for i := range n.slots {
		n.slots[i] = slot{scores: make([]wake.Scores, len(rules.Models)), values: make([][MaxClasses]float32, len(rules.Models))}
		for j, m := range rules.Models {
			n.slots[i].scores[j].Values = n.slots[i].values[j][:max(1, m.Classes)]
		}
	}
}

// count counts a vote and decides what can be decided with it. Each voter votes in the order of hops, so a vote on a later
// hop means that it says no more about earlier ones.
func (n *Trigger) count(t *rt.Task, v Vote) {
	who := slices.IndexFunc(n.voters, func(x voter) bool { return x.name == v.From })
	if who < 0 {
		return // it no longer has a vote
	}
	if n.voters[who].absent = v.Absent; v.Absent {
		n.decideComplete(t)
		return
	}
	if v.Seq < n.oldest {
		return // the hop was decided without it
	}
	n.newest = max(n.newest, v.Seq)
	for n.newest-n.oldest >= maxBehind { // a voter that has not voted by now is absent
		n.decideOldest(t)
	}
	s := &n.slots[v.Seq%maxBehind]
	if !s.used {
		s.open(v)
	}
	n.voters[who].last = v.Seq
	if v.From == Voice {
		s.voice = v.Values[0]
	} else {
		s.scores[who].Masked = v.Masked
		copy(s.values[who][:], v.Values[:v.N])
	}
	n.decideComplete(t)
}

func (n *Trigger) decideComplete(t *rt.Task) {
	for n.oldest <= n.newest && n.complete() {
		n.decideOldest(t)
	}
}

// complete tells whether all voters that are not absent have voted on the oldest hop.
func (n *Trigger) complete() bool {
	for _, v := range n.voters {
		if !v.absent && v.last < n.oldest && n.newest-v.last < maxBehind {
			return false
		}
	}
	return true
}

// decideOldest decides the oldest hop, unless nobody has voted on it, and moves on to the next.
func (n *Trigger) decideOldest(t *rt.Task) {
	if s := &n.slots[n.oldest%maxBehind]; s.used {
		n.decide(t, s)
	}
	n.oldest++
}

// open begins a hop: until they vote, heads are masked and there is no voice.
func (s *slot) open(v Vote) {
	s.used, s.seq, s.at, s.rms, s.voice = true, v.Seq, v.At, v.RMS, 0
	for i := range s.scores {
		s.scores[i].Masked = true
		clear(s.values[i][:])
	}
}

// decide passes on what fires in a hop.
func (n *Trigger) decide(t *rt.Task, s *slot) {
	s.used = false
	if mutes := n.Mutes.Get(); mutes.Deaf(n.Listener, s.at) || mutes.Deaf(n.Listener, t.Now()) || n.Aloud != nil && s.at < n.Aloud.Get() {
		for i := range s.scores { // patience and cooldowns continue as if nothing had been scored
			s.scores[i].Masked = true
		}
	}
	heard := time.Duration(s.seq+1) * audio.HopTime // cooldowns count heard sound: a file may play faster than real time
	for _, d := range n.rules.Step(s.seq, heard, float64(s.rms), s.voice, s.scores) {
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
		all[m.Name] = amount.Decimal(best)
	}
	return all
}
