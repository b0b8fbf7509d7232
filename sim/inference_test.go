package sim_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/rt/live"
)

// mortal is a head that dies at a hop.
type mortal struct {
	listens
	at int
}

func (m *mortal) Push(e *[96]float32) ([]float32, bool, error) {
	if m.heard+1 == m.at {
		return nil, false, errors.New("the head has died")
	}
	return m.listens.Push(e)
}

// TestADeadHeadDelaysNobody has a second head that dies and can never be opened again, or dies again and again: a wake word of
// the first is told of in the hop in which it is heard, and the run on a file ends.
func TestADeadHeadDelaysNobody(t *testing.T) {
	two := strings.NewReplacer(
		"[model.hey_jarvis]", "[model.hey_jarvis, model.alexa]",
		`listener "room"`, "model \"alexa\" { source = \"catalog:alexa\" }\nlistener \"room\"",
	).Replace(room)
	for seed := range uint64(8) {
		for _, opens := range []int{1, 1000} {
			opened := 0
			r := &rig{book: two, source: plays(speech(command(4)...)), service: &service{}, inference: loud()}
			head := r.inference.Head
			r.inference.Head = func(m graph.ModelFile) (node.Classifier, error) {
				if m.Name != "alexa" {
					return head(m)
				}
				if opened++; opened > opens {
					return nil, errors.New("it cannot be loaded")
				}
				return &mortal{at: 20}, nil
			}
			r.run(t, seed, 2*time.Minute)
			wakes := 0
			for _, e := range r.events {
				if w, ok := e.Body.(event.Wake); ok {
					wakes++
					heard := started.Add(time.Duration(w.Hop+1) * audio.HopTime)
					if late := e.At.Sub(heard); late >= audio.HopTime {
						t.Errorf("seed %d, opened %d times: the wake in hop %d was told of %v late", seed, opened, w.Hop, late)
					}
				}
			}
			if !r.ended || wakes != 4 || opened < min(opens, 3) {
				t.Errorf("seed %d, opened %d times: woke %d times; ended %v", seed, opened, wakes, r.ended)
			}
		}
	}
}

// fragile is an extractor that fails at its 20th hop.
type fragile struct {
	loudness
	heard int
}

func (f *fragile) Push(pcm *[audio.HopSamples]int16, out *[96]float32) error {
	if f.heard++; f.heard == 20 {
		return errors.New("inference has failed")
	}
	return f.loudness.Push(pcm, out)
}

// counted is a head that counts its resets.
type counted struct {
	listens
	resets *int
}

func (c *counted) Reset() { *c.resets++; c.listens.Reset() }

// TestHeadsStartAfreshWithTheExtractor: what a head heard before an extractor failed says nothing of what comes after it.
func TestHeadsStartAfreshWithTheExtractor(t *testing.T) {
	for seed := range uint64(10) {
		resets, opened := 0, 0
		r := &rig{book: room, source: plays(speech(60, 100)), service: &service{}, inference: loud()}
		r.inference.Extractor = func() (node.Extractor, error) { opened++; return &fragile{}, nil }
		r.inference.Head = func(graph.ModelFile) (node.Classifier, error) {
			return &counted{resets: &resets}, nil
		}
		r.run(t, seed, 30*time.Second)
		if opened < 5 || resets != opened {
			t.Errorf("seed %d: the extractor was opened %d times, the head reset %d times", seed, opened, resets)
		}
	}
}

// slow is an extractor that takes 400 ms for 80 ms of sound.
type slow struct{ loudness }

func (s *slow) Push(pcm *[audio.HopSamples]int16, out *[96]float32) error {
	<-time.After(400 * time.Millisecond)
	return s.loudness.Push(pcm, out)
}

// TestASlowExtractorSaysOverrunAndStopsInTime runs the graph on goroutines: an extractor does not know the runtime seam.
func TestASlowExtractorSaysOverrunAndStopsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{book: room, source: plays(speech(60, 100)), service: &service{}, inference: loud()}
		r.inference.Extractor = func() (node.Extractor, error) { return &slow{}, nil }
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		began := time.Now()
		if err := live.New(nil).Run(ctx, "orac", r.root(t)); err != nil {
			t.Error(err)
		}
		if took := time.Since(began) - 30*time.Second; r.err != nil || took > 6*time.Second {
			t.Errorf("it ended with %v, %v after it was told to", r.err, took)
		}
		lost := 0
		for _, e := range bodies[event.Overrun](r) {
			lost += e.Hops
		}
		// In 30 s come 375 hops; 75 are heard and 32 wait.
		if lost < 150 || lost > 375-75 {
			t.Errorf("%d hops were said to be lost", lost)
		}
		if failed := bodies[event.NodeFailed](r); len(failed) > 0 {
			t.Errorf("failed: %+v", failed)
		}
	})
}
