package memo_test

import (
	"fmt"
	"hash/fnv"
	"math"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"orac/appliance/audio"
	"orac/appliance/graph"
	"orac/appliance/utterance"
	"orac/sim/memo"
	"orac/sim/trial/sound"
)

// scored is what modelled inference says of a sound, hop by hop.
type scored struct {
	scores map[string][]float32
	masked []bool
	voice  []float32
}

func score(t *testing.T, pcm []int16, models ...string) scored {
	t.Helper()
	i := memo.Modelled()
	s := scored{scores: map[string][]float32{}}
	x, _ := i.Extractor()
	g, _ := i.Gate()
	for _, name := range models {
		h, err := i.Head(graph.ModelFile{Model: graph.Model{Name: name}})
		if err != nil {
			t.Fatal(err)
		}
		x.Reset()
		s.masked = nil
		for at := 0; at+audio.HopSamples <= len(pcm); at += audio.HopSamples {
			var e [96]float32
			if err := x.Push((*[audio.HopSamples]int16)(pcm[at:]), &e); err != nil {
				t.Fatal(err)
			}
			v, masked, err := h.Push(&e)
			if err != nil || len(v) != 1 {
				t.Fatal(v, err)
			}
			s.scores[name] = append(s.scores[name], v[0])
			s.masked = append(s.masked, masked)
		}
	}
	for at := 0; at+audio.HopSamples <= len(pcm); at += audio.HopSamples {
		v, err := g.Push((*[audio.HopSamples]int16)(pcm[at:]))
		if err != nil {
			t.Fatal(err)
		}
		s.voice = append(s.voice, v)
	}
	return s
}

var names = []string{"hey_jarvis", "alexa", "hey_mycroft", "computer"}

// TestModelledHeadsHearTheirOwnWord: at any alignment, also in the noise of a loud room, with a voice, from 120 ms before its
// end at the earliest, so that its rest is not taken for a command (160 ms), to the end of the hop in which it ends; nobody else's; and nothing in noise and commands.
func TestModelledHeadsHearTheirOwnWord(t *testing.T) {
	for _, spoken := range names {
		for shift := 0; shift < audio.HopSamples; shift += 160 {
			for _, level := range []int{0, 100, 3000} {
				lead := make([]int16, 20*audio.HopSamples+shift)
				pcm := sound.Join(lead, sound.Word(spoken), sound.Silence(200*time.Millisecond), sound.Command(2*time.Second, 1), sound.Silence(time.Second))
				noise := make([]int16, len(pcm))
				sound.Noise{Seed: uint64(shift), RMS: level}.Fill(0, noise)
				s := score(t, sound.Mix(pcm, noise), names...)
				end := audio.Time(len(lead)) + sound.WordTime
				for name, scores := range s.scores {
					first, n := -1, 0
					for i, v := range scores {
						if v == 0.9 {
							if first < 0 {
								first = i
							}
							n++
						} else if !s.masked[i] && (v < 0.01 || v > 0.1) {
							t.Errorf("%s, hop %d: score %v", name, i, v)
						}
					}
					if name != spoken && n > 0 {
						t.Errorf("%s, shifted by %d, noise %d: %s hears it in hop %d", spoken, shift, level, name, first)
					}
					late := audio.Time((first+1)*audio.HopSamples) - end
					if name == spoken && (late < -120*time.Millisecond || late > audio.HopTime || n < 4 || n > 6 || s.voice[first] != 1) {
						t.Errorf("%s, shifted by %d, noise %d: heard in %d hops from %d on, %v after its end", spoken, shift, level, n, first, late)
					}
				}
			}
		}
	}
}

func TestModelledInferenceIsMaskedAfterAReset(t *testing.T) {
	s := score(t, sound.Join(sound.Silence(320*time.Millisecond), sound.Word("alexa"), sound.Silence(2*time.Second)), "alexa")
	for i, masked := range s.masked {
		if masked != (i < 15) {
			t.Errorf("hop %d: masked %v", i, masked)
		}
		if masked && s.scores["alexa"][i] != 0 {
			t.Errorf("hop %d: the masked score is %v", i, s.scores["alexa"][i])
		}
	}
}

// TestACommandAfterAModelledWordEnds has endpointing listen to what follows the wake.
func TestACommandAfterAModelledWordEnds(t *testing.T) {
	for shift := 0; shift < audio.HopSamples; shift += 160 {
		lead := 20*audio.HopSamples + shift
		clean := sound.Join(make([]int16, lead), sound.Word("alexa"), sound.Silence(200*time.Millisecond), sound.Command(2*time.Second, 3), sound.Silence(3*time.Second))
		noise := make([]int16, len(clean))
		sound.Noise{Seed: 4, RMS: 100}.Fill(0, noise)
		pcm := sound.Mix(clean, noise)
		over := audio.Time(lead) + sound.WordTime + 2200*time.Millisecond
		e := utterance.NewEndpointer(utterance.EndpointConfig{Lead: 2 * time.Second, Silence: 300 * time.Millisecond, Grace: 400 * time.Millisecond, Max: 15 * time.Second, Level: 0.01}, time.Second)
		woke := false
		for i, v := range score(t, pcm, "alexa").scores["alexa"] {
			if !woke {
				woke = v == 0.9
				continue
			}
			if why, end := e.Hop((*[audio.HopSamples]int16)(pcm[i*audio.HopSamples:])); end {
				if late := audio.Time((i+1)*audio.HopSamples) - over - 700*time.Millisecond; why != utterance.Silence || late < 0 || late > audio.HopTime+20*time.Millisecond {
					t.Errorf("shifted by %d: ended by %q, %v late", shift, why, late)
				}
				woke = false
				break
			}
		}
		if woke {
			t.Errorf("shifted by %d: it never ended", shift)
		}
	}
}

// TestModelledInferenceIsTheSameOnEveryMachine: the sum of all bits was computed on amd64.
func TestModelledInferenceIsTheSameOnEveryMachine(t *testing.T) {
	pcm := sound.Join(sound.Silence(2*time.Second), sound.Word("alexa"), sound.Command(time.Second, 5), sound.Noise{Seed: 6, RMS: 900}.Of(2*time.Second))
	s := score(t, pcm, "alexa", "hey_jarvis")
	h := fnv.New64a()
	for _, list := range [][]float32{s.scores["alexa"], s.scores["hey_jarvis"], s.voice} {
		for _, v := range list {
			fmt.Fprintf(h, "%08x", math.Float32bits(v))
		}
	}
	if got := h.Sum64(); got != goldenSum {
		t.Errorf("%#x, not %#x", got, uint64(goldenSum))
	}
}

const goldenSum = 0xe5082efadcfdedac

// TestAModelledModelHasTheClassesOfTheRunbook, so that a runbook for real models runs as it is.
func TestAModelledModelHasTheClassesOfTheRunbook(t *testing.T) {
	i := memo.Modelled()
	m := graph.ModelFile{Model: graph.Model{Name: "timer", Classes: []string{"1_minute", "5_minutes"}}}
	w, err := i.Model(m)
	h, err2 := i.Head(m)
	if err != nil || err2 != nil || w.Classes != 2 || len(w.Labels) != 2 {
		t.Fatal(w, err, err2)
	}
	if scores, masked, err := h.Push(new([96]float32)); len(scores) != 2 || !masked || err != nil {
		t.Error(scores, masked, err)
	}
}

func BenchmarkModelled(b *testing.B) {
	i := memo.Modelled()
	x, _ := i.Extractor()
	g, _ := i.Gate()
	h, _ := i.Head(graph.ModelFile{Model: graph.Model{Name: "alexa"}})
	pcm := hops(sound.Join(sound.Noise{RMS: 100}.Of(8*time.Second), sound.Word("alexa"), sound.Command(2*time.Second, 1)), 130)
	var e [96]float32
	n := 0
	report := realtime(b)
	for b.Loop() {
		x.Push(&pcm[n%len(pcm)], &e)
		h.Push(&e)
		g.Push(&pcm[n%len(pcm)])
		n++
	}
	report(n)
}

// realtime begins to measure, and reports how much faster than real time n hops were since then, by the CPU time of the
// process: what one core could do that has nothing else to do.
func realtime(b *testing.B) (report func(n int)) {
	cpu := func() time.Duration {
		var t unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
			b.Fatal(err)
		}
		return time.Duration(t.Nano())
	}
	began := cpu()
	return func(n int) {
		took := (cpu() - began).Seconds()
		b.ReportMetric(float64(n)*audio.HopTime.Seconds()/took, "x-real-time")
		b.ReportMetric(1e6*took/float64(n), "cpu-us/hop")
	}
}

// hops cuts whole hops out of a sound that repeats until there are so many.
func hops(pcm []int16, n int) [][audio.HopSamples]int16 {
	list := make([][audio.HopSamples]int16, n)
	for i := range n * audio.HopSamples {
		list[i/audio.HopSamples][i%audio.HopSamples] = pcm[i%len(pcm)]
	}
	return list
}
