package infer

import (
	_ "embed"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"orac/models/atomicfile"
	"orac/models/infer/kernel"
)

// A network runs in our kernels only if they compute what ONNX Runtime computes. That is proved on a built-in sound, every time that a
// network is opened, which takes milliseconds:
//
//   - A network of the catalogue is compared with the numbers that ONNX Runtime gave for it on that sound (numbers.txt, by the
//     SHA-256 of the file). So it needs no ONNX Runtime.
//   - Any other is compared with ONNX Runtime itself the first time. The result is kept beside the model, so that ONNX Runtime is not
//     loaded again for it, until the model, the kernels or the instruction set change.
//
// What is compared are scores, within maxScoreDiff. Embeddings have values up to 80, and the heads that an extractor will serve are not
// known when it is opened: they may differ by maxEmbeddingDiff of the largest value. (Measured on speech, noise and tones: 1e-5 of it,
// which changes no score by more than 6e-6.)
const (
	maxScoreDiff     = 1e-4
	maxEmbeddingDiff = 3e-5
)

var errDiffers = errors.New("our kernels and ONNX Runtime differ")

//go:embed numbers.txt
var numbersText string

// extractorName is the line of numbers.txt that has embeddings.
const extractorName = "embedding_model+melspectrogram"

// numbers are what ONNX Runtime computes on the built-in sound, by the key of a network and by its name.
var numbers = sync.OnceValue(func() map[string][]float32 {
	all := map[string][]float32{}
	for line := range strings.Lines(numbersText) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] == "#" {
			continue
		}
		for _, w := range words[2:] {
			v, err := strconv.ParseFloat(w, 32)
			if err != nil {
				panic("BUG: numbers.txt: " + err.Error())
			}
			all[words[1]] = append(all[words[1]], float32(v))
		}
		all[words[0]] = all[words[1]]
	}
	return all
})

// proofHops is the length of the built-in sound, 4.8 s.
const proofHops = 60

// proofSound is made of everything that makes networks differ: voice-like sound, noise that swells, clipped and pure tones, quiet noise,
// silence, and a sweep in noise.
func proofSound() []int16 {
	rng := rand.New(rand.NewPCG(18, 4))
	pcm := make([]int16, proofHops*Hop)
	for i := range pcm {
		t := float64(i) / SampleRate
		tone := func(hz float64) float64 { return math.Sin(2 * math.Pi * hz * t) }
		var v float64
		switch part := i / (len(pcm) / 6); part {
		case 0:
			v = 5000 * (0.6 + 0.4*tone(4)) * (tone(130) + 0.7*tone(520+60*tone(3)) + 0.5*tone(1600+200*tone(2)) + 0.1*rng.NormFloat64())
		case 1:
			v = rng.NormFloat64() * math.Exp(float64(i%6400)/800)
		case 2:
			v = 60000 * tone(440)
		case 3:
			v = 3 * rng.NormFloat64()
		case 4:
			if i%6400 < 3200 {
				v = 12000 * tone(1000)
			}
		case 5:
			v = 9000*math.Sin(2*math.Pi*(100+900*math.Mod(t, 0.8))*t) + 20*rng.NormFloat64()
		}
		pcm[i] = int16(math.Round(min(max(v, math.MinInt16), math.MaxInt16)))
	}
	return pcm
}

// hopsOf calls f with each hop of the built-in sound.
func hopsOf(f func(hop int, pcm *[Hop]int16) error) error {
	pcm := proofSound()
	for hop := range proofHops {
		if err := f(hop, (*[Hop]int16)(pcm[hop*Hop:])); err != nil {
			return err
		}
	}
	return nil
}

// numbersOf are what an extractor computes on the built-in sound: every tenth embedding.
func (x *Extractor) numbersOf() (v []float32, err error) {
	var emb [Embedding]float32
	err = hopsOf(func(hop int, pcm *[Hop]int16) error {
		err := x.Push(pcm, &emb)
		if hop%10 == 9 {
			v = append(v, emb[:]...)
		}
		return err
	})
	return v, errors.Join(err, x.Reset())
}

// numbersOf are the scores of a head on embeddings of the built-in sound and of noise, and on what lies between: so that hardly any head
// is always certain.
func (h *Head) numbersOf() (v []float32, err error) {
	h.Reset()
	defer h.Reset()
	rng := rand.New(rand.NewPCG(96, 16))
	real := numbers()[extractorName]
	var emb [Embedding]float32
	hops := h.window + 63
	for hop := range hops {
		size, share := []float64{0.05, 0.5, 3, 12}[hop/5%4], 0.5*float32(hop)/float32(hops)
		at := hop / 2 % (len(real) / Embedding) * Embedding
		for i := range emb {
			emb[i] = float32(size*rng.NormFloat64())*(1-share) + real[at+i]*share
		}
		scores, masked, err := h.Push(&emb)
		if err != nil {
			return nil, err
		}
		if !masked {
			v = append(v, scores...)
		}
	}
	return v, nil
}

// numbersOf are the scores of both halves of each hop of the built-in sound.
func (v *VAD) numbersOf() (scores []float32, err error) {
	v.Reset()
	defer v.Reset()
	err = hopsOf(func(_ int, pcm *[Hop]int16) error {
		two, err := v.Push(pcm)
		scores = append(scores, two[:]...)
		return err
	})
	return scores, err
}

// differ compares the numbers of kernels with those of ONNX Runtime.
func differ(ours, theirs []float32, limit float64) error {
	if len(ours) != len(theirs) {
		return fmt.Errorf("%w: %d and %d numbers", errDiffers, len(ours), len(theirs))
	}
	for i := range ours {
		if d := math.Abs(float64(ours[i]) - float64(theirs[i])); !(d <= limit) {
			return fmt.Errorf("%w by %.3g on the built-in sound", errDiffers, d)
		}
	}
	return nil
}

// proof is what a proof needs to know of a network in our kernels.
type proof struct {
	networks []*network                // its files
	ours     func() ([]float32, error) // its numbers
	theirs   func(*Runtime) ([]float32, error)
	limit    func(theirs []float32) float64
}

func scoreLimit([]float32) float64 { return maxScoreDiff }

// prove compares. It asks ONNX Runtime only about networks that are not in the catalogue and were not proved before.
func (e *Engine) prove(p proof) error {
	key := keyOf(p.networks)
	theirs, ok := numbers()[key]
	if !ok {
		if e.proved(p.networks[0], key) {
			return nil
		}
		r, err := e.Runtime()
		if err != nil {
			return fmt.Errorf("model file %s: our kernels compute it, but nothing has proved that they do so correctly: "+
				"it is not in the catalogue, and needs ONNX Runtime the first time: %w", p.networks[0].file, err)
		}
		if theirs, err = p.theirs(r); err != nil {
			return err
		}
	}
	ours, err := p.ours()
	if err != nil {
		return err
	}
	if err := differ(ours, theirs, p.limit(theirs)); err != nil || ok {
		return err
	}
	e.remember(p.networks[0], key)
	return nil
}

func keyOf(networks []*network) string {
	if len(networks) == 1 {
		return sum(networks[0].bytes)
	}
	var sums strings.Builder
	for _, n := range networks {
		sums.WriteString(sum(n.bytes))
	}
	return sum([]byte(sums.String()))
}

func (e *Engine) proveExtractor(x *Extractor, mel, emb *network) error {
	return e.prove(proof{[]*network{emb, mel}, x.numbersOf, func(r *Runtime) (v []float32, err error) {
		full, err := r.OpenExtractor(originals(mel, emb))
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, full.Close()) }()
		return full.numbersOf()
	}, func(theirs []float32) float64 {
		return maxEmbeddingDiff * float64(max(slices.Max(theirs), -slices.Min(theirs)))
	}})
}

func (e *Engine) proveHead(h *Head, n *network) error {
	return e.prove(proof{[]*network{n}, h.numbersOf, func(r *Runtime) (v []float32, err error) {
		other, err := r.openHead(n)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, other.Close()) }()
		return other.numbersOf()
	}, scoreLimit})
}

func (e *Engine) proveVAD(v *VAD, n *network) error {
	return e.prove(proof{[]*network{n}, v.numbersOf, func(r *Runtime) (s []float32, err error) {
		other, err := r.openVAD(n)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, other.Close()) }()
		return other.numbersOf()
	}, scoreLimit})
}

// A proof is kept beside its model as NAME.kernel-KEY.proof. KEY and text are made of the model's bytes, the version of the kernels, the
// instruction set and the processor's architecture: if one of them changes, it is proved again.

func (e *Engine) proofOf(n *network, key string) (file, text string) {
	text = fmt.Sprintf("%s %s %s %s\n", kernel.Version, runtime.GOARCH, e.set, key)
	return strings.TrimSuffix(n.file, filepath.Ext(n.file)) + ".kernel-" + sum([]byte(text))[:12] + ".proof", text
}

func (e *Engine) proved(n *network, key string) bool {
	file, text := e.proofOf(n, key)
	info, err := os.Stat(file)
	if err != nil || info.Size() != int64(len(text)) {
		return false
	}
	b, err := os.ReadFile(file)
	return err == nil && string(b) == text
}

// remember keeps a proof. It reports no failure, because a failure only costs another proof at the next start.
func (e *Engine) remember(n *network, key string) {
	file, text := e.proofOf(n, key)
	_ = atomicfile.WriteFile(file, []byte(text), 0o644)
}

// originals are the networks of an extractor as they are in their files.
func originals(mel, emb *network) Config {
	return Config{Mel: mel.data(), Embedding: emb.data(), Full: true, OnnxMel: true}
}
