package infer

import (
	"math"
	"math/rand/v2"
	"testing"
)

// sounds are what both forms are compared on: speech, noise of changing level,
// tones, silence and clipping.
func sounds(t testing.TB) map[string][][Hop]int16 {
	rng := rand.New(rand.NewPCG(3, 4))
	made := func(n int, f func(i int) float64) [][Hop]int16 {
		hops := make([][Hop]int16, n)
		for i := range n * Hop {
			hops[i/Hop][i%Hop] = int16(min(max(f(i), -32768), 32767))
		}
		return hops
	}
	return map[string][][Hop]int16{
		"hey jarvis": say(t, "kal16", "hey jarvis"),
		"alexa":      say(t, "slt", "alexa, what time is it"),
		"noise":      made(60, func(i int) float64 { return rng.NormFloat64() * math.Exp(float64(i%16000)/1600) }),
		"tones":      made(40, func(i int) float64 { return 20000 * math.Sin(float64(i)*float64(i/8000+1)*0.02) }),
		"silence":    made(40, func(int) float64 { return 0 }),
		"clipping":   made(40, func(i int) float64 { return 90000 * math.Sin(float64(i)*0.05) * rng.Float64() }),
	}
}

// TestFastFormsScoreLikeTheNetworks: streaming embedding and FFT mel against
// the original networks on full windows, hop by hop, within 1e-4.
func TestFastFormsScoreLikeTheNetworks(t *testing.T) {
	fast, slow := openExtractor(t, Config{}), openExtractor(t, Config{Full: true, OnnxMel: true})
	if f := fast.Forms(); f != (Forms{Mel: "fft", Embedding: "streaming"}) {
		t.Fatalf("the fast forms are not in use: %+v", f)
	}
	if f := slow.Forms(); f != (Forms{Mel: "onnx", Embedding: "full"}) {
		t.Fatalf("the original networks are not in use: %+v", f)
	}
	for name, hops := range sounds(t) {
		for _, model := range []string{"hey_jarvis", "alexa", "hey_mycroft", "hey_rhasspy", "timer", "weather"} {
			a, b := openHead(t, model), openHead(t, model)
			fast.Reset()
			slow.Reset()
			var ea, eb [Embedding]float32
			worst := 0.0
			for i := range hops {
				if err := fast.Push(&hops[i], &ea); err != nil {
					t.Fatal(err)
				}
				if err := slow.Push(&hops[i], &eb); err != nil {
					t.Fatal(err)
				}
				sa, ma, _ := a.Push(&ea)
				sb, mb, _ := b.Push(&eb)
				if ma != mb {
					t.Fatalf("%s, hop %d: masked %v and %v", name, i, ma, mb)
				}
				for c := range sa {
					worst = max(worst, math.Abs(float64(sa[c]-sb[c])))
				}
			}
			if !(worst <= 1e-4) {
				t.Errorf("%s on %s: scores differ by %g", model, name, worst)
			}
		}
	}
}

// TestResetForgetsEverything: after a reset the same sound gives the same
// embeddings, bit for bit.
func TestResetForgetsEverything(t *testing.T) {
	ours, err := engine(t, first(t), noLibrary).OpenExtractor(Config{Mel: data(t, "melspectrogram"), Embedding: data(t, "embedding_model")})
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	for full, x := range map[string]*Extractor{"kernels": ours, "streaming": openExtractor(t, Config{}), "full": openExtractor(t, Config{Full: true})} {
		hops := sounds(t)["noise"]
		var first [][Embedding]float32
		for round := range 2 {
			if err := x.Reset(); err != nil {
				t.Fatal(err)
			}
			for i := range hops[:30] {
				var e [Embedding]float32
				if err := x.Push(&hops[i], &e); err != nil {
					t.Fatal(err)
				}
				if round == 0 {
					first = append(first, e)
				} else if e != first[i] {
					t.Fatalf("%s: hop %d differs after a reset", full, i)
				}
			}
		}
	}
}

func TestMaskUntilTheWindowIsReal(t *testing.T) {
	for model, window := range map[string]int{"hey_jarvis": 16, "weather": 22, "timer": 34} {
		h := openHead(t, model)
		if h.Window() != window {
			t.Fatalf("%s: window %d, want %d", model, h.Window(), window)
		}
		var e [Embedding]float32
		for round := range 2 {
			for hop := 1; hop <= window+2; hop++ {
				scores, masked, err := h.Push(&e)
				if err != nil {
					t.Fatal(err)
				}
				if masked != (hop < window) {
					t.Errorf("%s, round %d, hop %d: masked %v", model, round, hop, masked)
				}
				if masked && scores[0] != 0 {
					t.Errorf("%s, hop %d: a masked score is %v", model, hop, scores[0])
				}
			}
			h.Reset()
		}
	}
}

func TestTimerHasSevenClasses(t *testing.T) {
	h := openHead(t, "timer")
	var e [Embedding]float32
	for range 34 {
		scores, masked, err := h.Push(&e)
		if err != nil || len(scores) != 7 {
			t.Fatalf("%d scores, %v", len(scores), err)
		}
		sum := float32(0)
		for _, s := range scores {
			sum += s
		}
		if !masked && (sum < 0.999 || sum > 1.001) {
			t.Errorf("the classes sum to %v", sum)
		}
	}
}
