package node

import (
	"fmt"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/rt"
)

// The networks that inference nodes run, as models/infer has them. Each belongs to one node.
type (
	// Extractor makes the embedding of a hop.
	Extractor interface {
		Push(pcm *[audio.HopSamples]int16, out *[96]float32) error
		Reset() error
		Close() error
	}
	// Classifier is a head: it scores the newest embeddings.
	Classifier interface {
		Push(embedding *[96]float32) (scores []float32, masked bool, err error)
		Reset()
		Close() error
	}
	// Gate tells whether what is scored now was spoken by a voice, 0 to 1.
	Gate interface {
		Push(pcm *[audio.HopSamples]int16) (voice float32, err error)
		Reset()
		Close() error
	}
)

// Features turns hops into embeddings: the costly part of a detection, done once for all models of a device.
type Features struct {
	Name   string // address of the node
	Events Events
	Open   func() (Extractor, error)
	In     *rt.Mailbox[*audio.Hop]
	Out    *rt.Out[Feature]

	lost overruns
}

// Update implements Updater.
func (n *Features) Update(fresh Node) { n.Out.To(fresh.(*Features).Out) }

// Run implements Node.
func (n *Features) Run(t *rt.Task) error {
	x, err := n.Open()
	if err != nil {
		return err
	}
	defer x.Close()
	var f Feature
	for next := int64(-1); ; next = f.Seq + 1 {
		hop, err := n.In.Recv(t, rt.Never)
		if err != nil {
			return over(err)
		}
		f.Seq, f.At, f.RMS = hop.Seq, hop.At, hop.RMS
		f.Reset = hop.Reset || hop.Gap || hop.Seq != next
		if f.Reset { // sound from before a break must not wake anybody together with sound from after it
			if err := x.Reset(); err != nil {
				return err
			}
		}
		if err := x.Push(&hop.PCM, &f.Embedding); err != nil {
			return err
		}
		if lost := n.Out.Push(t, f); lost > 0 {
			n.lost.say(t, n.Events, n.Name, "features of "+n.Name, lost)
		}
	}
}

// VoiceGate scores hops for voice.
type VoiceGate struct {
	Open func() (Gate, error)
	In   *rt.Mailbox[*audio.Hop]
	Out  *rt.Out[Vote]
}

// Update implements Updater.
func (n *VoiceGate) Update(fresh Node) { n.Out.To(fresh.(*VoiceGate).Out) }

// Run implements Node.
func (n *VoiceGate) Run(t *rt.Task) error {
	defer n.Out.Push(t, Vote{From: Voice, Absent: true})
	g, err := n.Open()
	if err != nil {
		return closed(n.In, err)
	}
	defer g.Close()
	for next := int64(-1); ; {
		hop, err := n.In.Recv(t, rt.Never)
		if err != nil {
			return over(err)
		}
		if hop.Reset || hop.Gap || hop.Seq != next {
			g.Reset()
		}
		next = hop.Seq + 1
		voice, err := g.Push(&hop.PCM)
		if err != nil {
			return err
		}
		v := Vote{Seq: hop.Seq, At: hop.At, RMS: hop.RMS, From: Voice, N: 1}
		v.Values[0] = voice
		n.Out.Push(t, v)
	}
}

// Head scores the embeddings of a device with one model.
type Head struct {
	Name   string // address of the node
	Device string
	Model  string
	Open   func() (Classifier, error)
	In     *rt.Mailbox[Feature]
	Out    *rt.Out[Vote]
	Meters Events // a Score for each hop
}

// Update implements Updater.
func (n *Head) Update(fresh Node) { n.Out.To(fresh.(*Head).Out) }

// Run implements Node.
func (n *Head) Run(t *rt.Task) error {
	defer n.Out.Push(t, Vote{From: n.Model, Absent: true})
	h, err := n.Open()
	if err != nil {
		return closed(n.In, err)
	}
	defer h.Close()
	var f Feature
	for next := int64(-1); ; {
		if f, err = n.In.Recv(t, rt.Never); err != nil {
			return over(err)
		}
		if f.Reset || f.Seq != next {
			h.Reset()
		}
		next = f.Seq + 1
		scores, masked, err := h.Push(&f.Embedding)
		if err != nil {
			return err
		}
		if len(scores) > MaxClasses {
			return fmt.Errorf("model %s: %d classes; at most %d are possible", n.Model, len(scores), MaxClasses)
		}
		v := Vote{Seq: f.Seq, At: f.At, RMS: f.RMS, From: n.Model, N: len(scores), Masked: masked}
		var best float32
		for i, s := range scores {
			v.Values[i] = s
			best = max(best, s)
		}
		n.Out.Push(t, v)
		if len(n.Meters.Boxes()) > 0 {
			say(t, n.Meters, n.Name, event.Score{Device: n.Device, Model: n.Model, Score: best})
		}
	}
}

// closed ends a voter that cannot be opened when its input ends: there is nothing left to retry for.
func closed[T any](in *rt.Mailbox[T], cause error) error {
	if in.Closed() {
		return nil
	}
	return cause
}

// over ends a node without an error when its input has ended.
func over(err error) error {
	if err == rt.ErrClosed {
		return nil
	}
	return err
}
