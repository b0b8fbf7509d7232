package node

import (
	"math/rand/v2"
	"time"

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
}

// Word is what the runbook says of a model.
type Word struct {
	WakeWord, Topic string
}

// maxBehind is how many hops a slow head may be behind the fastest before it is no longer waited for: 320 ms.
const maxBehind = 4

// slot holds the votes on one hop.
type slot struct {
	used   bool
	seq    int64
	at     rt.Instant
	rms    float32
	voice  float32
	votes  int
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
	voters := len(n.Rules.Models)
	if n.Voice {
		voters++
	}
	for {
		v, err := n.In.Recv(t, rt.Never)
		if err != nil {
			return over(err)
		}
		if v.Seq < n.oldest {
			continue // it was decided without this vote
		}
		for i := 0; i < maxBehind && v.Seq >= n.oldest+maxBehind; i++ { // somebody is late, or hops are missing
			if s := &n.slots[n.oldest%maxBehind]; s.used {
				n.decide(t, w, s)
			}
			n.oldest++
		}
		n.oldest = max(n.oldest, v.Seq-maxBehind+1)
		s := &n.slots[v.Seq%maxBehind]
		if !s.used {
			s.open(v)
		}
		s.add(v)
		for next := &n.slots[n.oldest%maxBehind]; next.used && next.votes == voters; next = &n.slots[n.oldest%maxBehind] {
			n.decide(t, w, next)
			n.oldest++
		}
	}
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
	s.used, s.seq, s.at, s.rms, s.voice, s.votes = true, v.Seq, v.At, v.RMS, 0, 0
	for i := range s.scores {
		s.scores[i].Masked = true
		clear(s.values[i][:])
	}
}

func (s *slot) add(v Vote) {
	s.votes++
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
	for _, d := range w.Step(s.seq, time.Duration(s.at), float64(s.rms), s.voice, s.scores) {
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
