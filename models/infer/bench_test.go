package infer

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"orac/models/infer/kernel"
)

func BenchmarkHop(b *testing.B) {
	for _, c := range []struct {
		name string
		Config
	}{{"streaming", Config{}}, {"full", Config{Full: true, OnnxMel: true}}} {
		b.Run(c.name, func(b *testing.B) {
			p := pipeline{x: openExtractor(b, c.Config), heads: []*Head{openHead(b, "hey_jarvis")}}
			pcm := noise()
			b.ReportAllocs()
			for b.Loop() {
				if err := p.push(pcm); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAgreement hears an hour of made sound with our kernels and with ONNX Runtime: silence, tones, clipping, noise, and speech. All scores
// must agree within 1e-4 and decide the same. It does so in parts of ten minutes, each with sound of its own: -bench Agreement/part=3 runs one.
func BenchmarkAgreement(b *testing.B) {
	for part := range uint64(6) {
		b.Run(fmt.Sprintf("part=%d", part+1), func(b *testing.B) { agrees(b, part, 600*SampleRate/Hop) })
	}
}

// agrees hears so many hops of made sound, at the least.
func agrees(b *testing.B, seed uint64, hops int) {
	a := agreement{ours: ears(b, engine(b, first(b), withLibrary(b)), Config{}), theirs: ears(b, open(b), Config{})}
	parts := sounds(b)
	for name, hops := range examples(b) {
		parts[name] = hops
	}
	names := slices.Sorted(maps.Keys(parts))
	rng := rand.New(rand.NewPCG(60, seed))
	for b.Loop() {
		a.reset(b)
		for heard := 0; heard < hops; {
			gain := math.Exp(2 * rng.NormFloat64()) // from hardly to be heard to clipped
			noise := rng.Float64() * 200
			for _, pcm := range parts[names[rng.IntN(len(names))]] {
				for i, v := range pcm {
					pcm[i] = int16(min(max(gain*float64(v)+noise*rng.NormFloat64(), math.MinInt16), math.MaxInt16))
				}
				a.hear(b, &pcm)
				heard++
			}
		}
	}
	b.ReportMetric(a.scores, "score-apart")
	b.ReportMetric(a.gate, "gate-apart")
	b.ReportMetric(float64(a.apart), "decided-otherwise")
	b.ReportMetric(float64(a.decided)/1000, "k-decisions")
	if a.scores > maxScoreDiff || a.gate > maxScoreDiff || a.apart > 0 || a.decided < 200 {
		b.Errorf("scores differ by up to %g, the gate by %g; %d of %d decisions", a.scores, a.gate, a.apart, a.decided)
	}
}

func BenchmarkMel(b *testing.B) {
	for _, c := range []struct {
		name string
		Config
	}{{"fft", Config{}}, {"onnx", Config{OnnxMel: true}}} {
		b.Run(c.name, func(b *testing.B) {
			x := openExtractor(b, c.Config)
			for i, v := range noise() {
				x.pcm[i] = float32(v)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := x.mel.run(&x.pcm, &x.rows); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkHead(b *testing.B) {
	for _, model := range []string{"hey_jarvis", "alexa", "hey_mycroft", "hey_rhasspy", "timer", "weather"} {
		b.Run(model, func(b *testing.B) {
			p := pipeline{heads: []*Head{openHead(b, model)}}
			for range p.heads[0].Window() {
				p.score()
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := p.score(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkKernels measures what a hop costs in our kernels: with one head, with six, and the voice gate.
func BenchmarkKernels(b *testing.B) {
	for _, set := range kernel.Supported() {
		p, pcm := ears(b, engine(b, set.String(), noLibrary), Config{}), noise()
		one := pipeline{x: p.x, heads: p.heads[:1]}
		for name, hear := range map[string]func() error{
			"one":  func() error { return one.push(pcm) },
			"six":  func() error { return p.push(pcm) },
			"gate": func() error { _, err := p.gate.Push(pcm); return err },
		} {
			b.Run(set.String()+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := hear(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkVAD(b *testing.B) {
	v := openVAD(b)
	pcm := noise()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Push(pcm); err != nil {
			b.Fatal(err)
		}
	}
}

func openVAD(t testing.TB) *VAD {
	t.Helper()
	v, err := open(t).OpenVAD(data(t, "silero_vad"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func TestAHopDoesNotAllocate(t *testing.T) {
	vad, pcm := openVAD(t), noise()
	for _, c := range []Config{{}, {Full: true, OnnxMel: true}} {
		p := pipeline{x: openExtractor(t, c), heads: []*Head{openHead(t, "hey_jarvis"), openHead(t, "timer")}}
		for range 40 {
			p.push(pcm)
		}
		if n := testing.AllocsPerRun(50, func() { p.push(pcm); vad.Push(pcm) }); n != 0 {
			t.Errorf("%+v: %v allocations a hop", p.x.Forms(), n)
		}
	}
}
