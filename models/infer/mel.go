package infer

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Limits of the mel proof in dB. Where a bin lies further than proofDepth below
// the maximum of its call, it may differ by more: there the network's own float32
// sums leave an error of a few thousandths (measured on pure tones, whose quiet
// bins are what remains of large terms that cancel). A hundredth of a dB is a
// thousandth in the embedding's input.
const (
	maxMelDiff     = 1e-3
	proofDepth     = 60
	maxMelDiffDeep = 1e-2
)

// openMel returns the FFT form of the mel network. It returns the network
// itself if there is no FFT form, if the two do not prove equal, or if c asks
// for it.
func (r *Runtime) openMel(c Config, f *Forms) (mel, error) {
	n, err := load(c.Mel)
	if err != nil {
		return nil, err
	}
	m, err := r.openMelNetwork(n)
	if err != nil {
		return nil, err
	}
	f.Mel = "onnx"
	if c.OnnxMel {
		return m, nil
	}
	fast, err := newMelFFT(n.model)
	if err == nil {
		err = proveMel(fast, m)
	}
	if err != nil {
		f.Why = join(f.Why, err)
		return m, nil
	}
	f.Mel = "fft"
	return fast, m.close()
}

// melSignals are the sounds of the proof: each returns sample i of a call of 1760,
// in int16 scale.
var melSignals = []struct {
	name string
	at   func(i int, rng *rand.Rand) float64
}{
	{"silence", func(int, *rand.Rand) float64 { return 0 }},
	{"quiet noise", func(_ int, rng *rand.Rand) float64 { return 2 * rng.NormFloat64() }},
	{"loud noise", func(_ int, rng *rand.Rand) float64 { return 8000 * rng.NormFloat64() }},
	{"clipped noise", func(_ int, rng *rand.Rand) float64 { return 60000 * rng.NormFloat64() }},
	{"low tone", func(i int, _ *rand.Rand) float64 { return 32767 * math.Sin(float64(i)*2*math.Pi*100/SampleRate) }},
	{"high tone", func(i int, _ *rand.Rand) float64 { return 3000 * math.Sin(float64(i)*2*math.Pi*3700/SampleRate) }},
	{"clipped tone", func(i int, _ *rand.Rand) float64 { return 90000 * math.Sin(float64(i)*2*math.Pi*440/SampleRate) }},
	{"speech-like", func(i int, rng *rand.Rand) float64 {
		return 4000*math.Sin(float64(i)*2*math.Pi*140/SampleRate)*math.Sin(float64(i)*2*math.Pi*5/SampleRate) + 100*rng.NormFloat64()
	}},
	{"onset", func(i int, rng *rand.Rand) float64 {
		if i < 900 {
			return 0
		}
		return 5000 * rng.NormFloat64()
	}},
	{"click", func(i int, _ *rand.Rand) float64 {
		if i == 700 {
			return -32768
		}
		return 0
	}},
}

// proveMel compares both forms on every signal.
func proveMel(fast *melFFT, network *melNetwork) error {
	rng := rand.New(rand.NewPCG(1760, 160))
	var pcm [span]float32
	var a, b [melRows]float32
	for _, s := range melSignals {
		for i := range pcm {
			pcm[i] = float32(math.Round(min(max(s.at(i, rng), math.MinInt16), math.MaxInt16)))
		}
		if err := network.decibels(&pcm, &b); err != nil {
			return err
		}
		fast.decibels(&pcm, &a)
		top := b[0]
		for _, v := range b {
			top = max(top, v)
		}
		for i := range a {
			limit := float32(maxMelDiff)
			if b[i] < top-proofDepth {
				limit = maxMelDiffDeep
			}
			if d := a[i] - b[i]; !(d <= limit && d >= -limit) {
				return fmt.Errorf("%w: on %s it differs by %g dB in frame %d, bin %d", errNoFFT, s.name, d, i/MelBins, i%MelBins)
			}
		}
	}
	return nil
}
