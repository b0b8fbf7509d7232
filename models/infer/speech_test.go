package infer

import (
	"encoding/binary"
	"os/exec"
	"path/filepath"
	"testing"

	"os"

	"orac/models/modelstest"
)

// say lets flite speak and returns whole hops of 16 kHz sound with two
// seconds of silence before and after.
func say(t testing.TB, voice, text string) [][Hop]int16 {
	t.Helper()
	file := filepath.Join(t.TempDir(), "say.wav")
	if out, err := exec.Command("flite", "-voice", voice, "-t", text, "-o", file).CombinedOutput(); err != nil {
		t.Fatalf("run make deps: flite: %v %s", err, out)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// flite writes the canonical 44-byte header: PCM, mono, 16 bit.
	if len(b) < 44 || string(b[36:40]) != "data" || binary.LittleEndian.Uint32(b[24:]) != SampleRate || binary.LittleEndian.Uint16(b[34:]) != 16 {
		t.Fatalf("flite wrote an unexpected header % x", b[:min(len(b), 44)])
	}
	pcm := make([]int16, 2*SampleRate)
	for b = b[44:]; len(b) >= 2; b = b[2:] {
		pcm = append(pcm, int16(binary.LittleEndian.Uint16(b)))
	}
	pcm = append(pcm, make([]int16, 2*SampleRate)...)
	hops := make([][Hop]int16, len(pcm)/Hop)
	for i := range hops {
		copy(hops[i][:], pcm[i*Hop:])
	}
	return hops
}

func open(t testing.TB) *Runtime {
	t.Helper()
	r, err := Open(library(t, modelstest.Path(t, "onnxruntime")))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func openExtractor(t testing.TB, c Config) *Extractor {
	t.Helper()
	c.Mel, c.Embedding = data(t, "melspectrogram"), data(t, "embedding_model")
	x, err := open(t).OpenExtractor(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

func openHead(t testing.TB, name string) *Head {
	t.Helper()
	h, err := open(t).OpenHead(data(t, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// TestRecognisesSpeech: reference maxima of these two sentences with the
// original implementation are 0.997 and 0.999.
func TestRecognisesSpeech(t *testing.T) {
	for _, tc := range []struct{ voice, text, model string }{
		{"kal16", "hey jarvis", "hey_jarvis"},
		{"slt", "alexa", "alexa"},
	} {
		x := openExtractor(t, Config{})
		heads := map[string]*Head{"hey_jarvis": openHead(t, "hey_jarvis"), "alexa": openHead(t, "alexa")}
		top := map[string]float32{}
		var emb [Embedding]float32
		for _, hop := range say(t, tc.voice, tc.text) {
			if err := x.Push(&hop, &emb); err != nil {
				t.Fatal(err)
			}
			for name, h := range heads {
				s, _, err := h.Push(&emb)
				if err != nil {
					t.Fatal(err)
				}
				top[name] = max(top[name], s[0])
			}
		}
		t.Logf("%q by %s: %v", tc.text, tc.voice, top)
		for name, s := range top {
			if want := name == tc.model; want && s < 0.9 || !want && s > 0.3 {
				t.Errorf("%q by %s: %s scores %.3f", tc.text, tc.voice, name, s)
			}
		}
	}
}
