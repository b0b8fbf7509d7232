//go:build cgo

package memo_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"orac/appliance"
	"orac/appliance/audio"
	"orac/appliance/audio/wav"
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/models"
	"orac/models/modelstest"
	"orac/runbook"
	"orac/sim/memo"
)

var book = &runbook.Runbook{}

func block(name string) graph.ModelFile {
	return graph.ModelFile{Model: graph.Model{Address: runbook.Address("model." + name), Name: name, Source: "catalog:" + name}}
}

func real(t testing.TB) graph.Inference {
	t.Helper()
	i, err := appliance.OpenInference(context.Background(), models.Store{Dir: modelstest.Dir(t)}, "")
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// example is a sound that make deps has made, from a sample on.
func example(t testing.TB, name string, from int) []int16 {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(modelstest.Dir(t), "..", "sounds", name+".wav"))
	if err != nil {
		t.Fatalf("run make deps: %v", err)
	}
	pcm, _, err := wav.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return pcm[from:]
}

// ears are the networks of a simulated appliance: an extractor, heads and a voice gate.
type ears struct {
	extractor node.Extractor
	heads     []node.Classifier
	gate      node.Gate
}

func open(t testing.TB, i graph.Inference, models ...string) *ears {
	t.Helper()
	var e ears
	var err error
	if e.extractor, err = i.Extractor(); err != nil {
		t.Fatal(err)
	}
	if e.gate, err = i.Gate(); err != nil {
		t.Fatal(err)
	}
	for _, name := range models {
		h, err := i.Head(block(name))
		if err != nil {
			t.Fatal(err)
		}
		e.heads = append(e.heads, h)
	}
	t.Cleanup(e.close)
	return &e
}

func (e *ears) close() {
	e.extractor.Close()
	e.gate.Close()
	for _, h := range e.heads {
		h.Close()
	}
}

func (e *ears) reset() error {
	e.gate.Reset()
	for _, h := range e.heads {
		h.Reset()
	}
	return e.extractor.Reset()
}

// hear gives all that the networks say of a hop, as bits.
func (e *ears) hear(pcm *[audio.HopSamples]int16) (bits []uint32, err error) {
	var out [96]float32
	if err := e.extractor.Push(pcm, &out); err != nil {
		return nil, err
	}
	for _, v := range out {
		bits = append(bits, math.Float32bits(v))
	}
	for _, h := range e.heads {
		scores, masked, err := h.Push(&out)
		if err != nil {
			return nil, err
		}
		for _, v := range scores {
			bits = append(bits, math.Float32bits(v))
		}
		if masked {
			bits = append(bits, 1<<31)
		}
	}
	voice, err := e.gate.Push(pcm)
	return append(bits, math.Float32bits(voice)), err
}

// story is what one appliance hears: hops, and before which of them it is reset.
type story struct {
	hops   [][audio.HopSamples]int16
	resets []int
}

// tell lets an appliance hear a story, and gives what its networks say of every hop.
func tell(e *ears, s story) (said [][]uint32, err error) {
	if err := e.reset(); err != nil {
		return nil, err
	}
	for i := range s.hops {
		if slices.Contains(s.resets, i) {
			if err := e.reset(); err != nil {
				return nil, err
			}
		}
		bits, err := e.hear(&s.hops[i])
		if err != nil {
			return nil, fmt.Errorf("hop %d: %w", i, err)
		}
		said = append(said, bits)
	}
	return said, nil
}

func differs(a, b [][]uint32) string {
	for i := range a {
		if !slices.Equal(a[i], b[i]) {
			return fmt.Sprintf("hop %d differs", i)
		}
	}
	return ""
}

// stories are of speech, noise and silence: once, in loops that fall on hops and in loops that do not, at other alignments,
// with resets at any place, also two that are closer than a window.
func stories(t testing.TB) map[string]story {
	whole := func(name string) []int16 {
		pcm := example(t, name, 0)
		return pcm[:len(pcm)/audio.HopSamples*audio.HopSamples]
	}
	twice := whole("hey_jarvis_twice")
	n := len(twice) / audio.HopSamples
	alexa := example(t, "alexa", 0)
	return map[string]story{
		"once":            {hops: hops(twice, n)},
		"a loop of hops":  {hops: hops(twice, 2*n+20), resets: []int{n + 7}},
		"another start":   {hops: hops(example(t, "hey_jarvis_twice", 333), n)},
		"a loop of words": {hops: hops(alexa[:len(alexa)-100], 150)},
		"resets":          {hops: hops(whole("talk"), 90), resets: []int{1, 2, 12, 23, 24, 40, 51}},
		"noise":           {hops: hops(whole("noise"), 60), resets: []int{30}},
		"silence":         {hops: hops(whole("silence"), 60), resets: []int{31}},
		"after silence":   {hops: append(hops(whole("silence"), 20), hops(alexa, 30)...)},
	}
}

var heads = []string{"hey_jarvis", "timer"} // of windows of 16 and 34

func truth(t testing.TB, all map[string]story) map[string][][]uint32 {
	said := map[string][][]uint32{}
	for name, s := range all {
		e := open(t, real(t), heads...)
		var err error
		if said[name], err = tell(e, s); err != nil {
			t.Fatal(err)
		}
	}
	return said
}

// TestManyAtATime has appliances in several goroutines, each of which also hears its stories in turns, hop by hop.
func TestManyAtATime(t *testing.T) {
	all := stories(t)
	want := truth(t, all)
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range all {
			if !yield(name) {
				return
			}
		}
	})
	m := memo.Wrap(real(t), memo.Limits{Features: 300, Scores: 300, Voices: 300, Networks: 2})
	defer m.Close()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			var each []*ears
			for range names {
				each = append(each, open(t, m.Inference(), heads...))
			}
			for hop := range 60 {
				for j := range names {
					i := (j + g) % len(names)
					s := all[names[i]]
					if slices.Contains(s.resets, hop) {
						if err := each[i].reset(); err != nil {
							t.Error(err)
							return
						}
					}
					if hop >= len(s.hops) {
						continue
					}
					got, err := each[i].hear(&s.hops[hop])
					if err != nil || !slices.Equal(got, want[names[i]][hop]) {
						t.Errorf("goroutine %d, %s, hop %d: differs (%v)", g, names[i], hop, err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	t.Log(m.Stats())
}

// TestAnEmbeddingReachesTwelveHopsBack: a real extractor's embedding is changed by the end of the tenth hop before it, and not by the
// twelfth, nor by the beginning of the eleventh, nor by whether there was a reset before those twelve.
func TestAnEmbeddingReachesTwelveHopsBack(t *testing.T) {
	pcm := hops(example(t, "talk", 0), 40)
	last := func(from int, change func([][audio.HopSamples]int16)) (out [96]float32) {
		x, err := real(t).Extractor()
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		list := slices.Clone(pcm)
		change(list)
		for i := from; i < len(list); i++ {
			if err := x.Push(&list[i], &out); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	end := len(pcm) - 1
	loud := func(parts ...[]int16) {
		for _, part := range parts {
			for i := range part {
				part[i] = int16(i * 7919)
			}
		}
	}
	// What is quiet counts only as far as it is not 80 dB below what is loud in the same call, and that may come from the samples
	// of the hop before: the ninth hop is silent, the tenth is not.
	clear(pcm[end-9][:])
	loud(pcm[end-10][:])
	want := last(0, func([][audio.HopSamples]int16) {})
	for name, tc := range map[string]struct {
		from   int
		change func([][audio.HopSamples]int16)
		same   bool
	}{
		"all hops but twelve": {0, func(h [][audio.HopSamples]int16) {
			for i := range h[:end-11] {
				loud(h[i][:])
			}
		}, true},
		"the beginning of the eleventh":     {0, func(h [][audio.HopSamples]int16) { clear(h[end-11][:800]) }, true},
		"the last 480 samples of the tenth": {0, func(h [][audio.HopSamples]int16) { clear(h[end-10][800:]) }, false},
		"a reset before twelve":             {end - 11, func([][audio.HopSamples]int16) {}, true},
		"a reset before ten":                {end - 9, func([][audio.HopSamples]int16) {}, false},
	} {
		if got := last(tc.from, tc.change); (got == want) != tc.same {
			t.Errorf("%s: the same %v, want %v", name, got == want, tc.same)
		}
	}
}

// TestALoopCostsOnce: from the third round of a sound on nothing is new to the extractor and to the head. The voice gate
// needs Fresh, and a second of quiet, for that.
func TestALoopCostsOnce(t *testing.T) {
	for _, name := range []string{"silence", "hey_jarvis_twice", "noise", "talk"} {
		m := memo.Wrap(real(t), memo.Limits{})
		e := open(t, memo.Fresh(m.Inference(), 100), "hey_jarvis")
		pcm := example(t, name, 0)
		n := len(pcm) / audio.HopSamples
		loop := hops(pcm[:n*audio.HopSamples], n)
		var last memo.Stats
		for round := range 4 {
			for i := range loop {
				if _, err := e.hear(&loop[i]); err != nil {
					t.Fatal(err)
				}
			}
			s := m.Stats()
			features, scores, voices := s.Features.Misses-last.Features.Misses, s.Scores.Misses-last.Scores.Misses, s.Voices.Misses-last.Voices.Misses
			t.Logf("%s, round %d of %d hops: new to the extractor %d, head %d, gate %d", name, round, n, features, scores, voices)
			if round >= 2 && (features > 0 || scores > 0 || voices > 0 && (name == "silence" || name == "hey_jarvis_twice")) {
				t.Errorf("%s, round %d: %d, %d and %d inputs were new", name, round, features, scores, voices)
			}
			last = s
		}
		m.Close()
	}
}

// TestFreshGatesStillHearCommands: each of the wake words of a loop passes the gate at the default vad_threshold, whether it
// starts afresh or not.
func TestFreshGatesStillHearCommands(t *testing.T) {
	pcm := example(t, "hey_jarvis_twice", 0)
	n := len(pcm) / audio.HopSamples
	for kind, i := range map[string]graph.Inference{"as it is": real(t), "fresh": memo.Fresh(real(t), 100)} {
		g, err := i.Gate()
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		list := hops(pcm[:n*audio.HopSamples], 4*n)
		for h := range list {
			voice, err := g.Push(&list[h])
			if err != nil {
				t.Fatal(err)
			}
			if at := h % n; (at == 38 || at == 114) && voice < 0.5 { // where orac detect hears them
				t.Errorf("%s, round %d, hop %d: voice %.2f", kind, h/n, at, voice)
			}
		}
	}
}
