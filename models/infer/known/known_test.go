package known

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"orac/models/modelstest"
	"orac/models/onnx"
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(modelstest.Path(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parsed(t testing.TB, b []byte) *onnx.Model {
	t.Helper()
	m, err := onnx.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// recognise tries everything.
func recognise(m *onnx.Model) (kinds []string, errs []error) {
	for _, k := range []struct {
		name string
		try  func() error
	}{
		{"mel", func() error { _, err := Mel(m); return err }},
		{"embedding", func() error { _, err := Embedding(m); return err }},
		{"head", func() error { _, err := Head(m); return err }},
		{"gate", func() error { _, err := Gate(m); return err }},
	} {
		if err := k.try(); err == nil {
			kinds = append(kinds, k.name)
		} else {
			errs = append(errs, err)
		}
	}
	return kinds, errs
}

// TestTheCatalogueIsKnown: each network as what it is, and as nothing else.
func TestTheCatalogueIsKnown(t *testing.T) {
	for name, want := range map[string]string{"melspectrogram": "mel", "embedding_model": "embedding", "silero_vad": "gate", "alexa": "head", "hey_jarvis": "head",
		"hey_mycroft": "head", "hey_rhasspy": "head", "timer": "head", "weather": "head"} {
		kinds, errs := recognise(parsed(t, file(t, name)))
		if strings.Join(kinds, " ") != want {
			t.Errorf("%s is known as %q, not %s: %v", name, kinds, want, errs)
		}
		for _, err := range errs {
			if !errors.Is(err, ErrUnknown) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	s, err := Head(parsed(t, file(t, "hey_jarvis")))
	if err != nil || len(s.Layers) != 3 || len(s.Second) != 3 || s.Doubt != 0.5 || s.Window != 16 || s.Classes != 1 || s.Layers[0].Gain == nil || !s.Layers[1].ReLU || s.Layers[2].ReLU {
		t.Errorf("hey_jarvis: %d and %d layers, %v, %v", len(s.Layers), len(s.Second), s.Doubt, err)
	}
	if s, err := Head(parsed(t, file(t, "timer"))); err != nil || !s.Softmax || !s.Layers[2].ReLU || s.Classes != 7 || s.Window != 34 {
		t.Errorf("timer: %d classes, softmax %v, %v", s.Classes, s.Softmax, err)
	}
}

// TestWhatDiffersIsUnknown: one change of what is computed, and the network is not known any more.
func TestWhatDiffersIsUnknown(t *testing.T) {
	f32 := func(v float32) []byte { return binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)) }
	for _, tc := range []struct {
		name, change string
		old, new     []byte
	}{
		{"alexa", "another activation", []byte("\x22\x04Relu"), []byte("\x22\x04Tanh")},
		{"alexa", "a bias that is no number", f32(-0.016854526), f32(float32(math.NaN()))},
		{"alexa", "a bias without an end", f32(-0.016854526), f32(float32(math.Inf(1)))},
		{"alexa", "weights that are not transposed", []byte("transB\x18\x01"), []byte("transB\x18\x00")},
		{"hey_jarvis", "the other way of deciding", []byte("then_branch"), []byte("THEN_BRANCH")},
		{"hey_mycroft", "another root", []byte("\x22\x04Sqrt"), []byte("\x22\x04Ceil")},
		{"timer", "another end", []byte("\x22\x07Softmax"), []byte("\x22\x07Hardmax")},
		{"embedding_model", "another slope", f32(0.2), f32(0.25)},
		{"embedding_model", "another least value", f32(-0.4), f32(-0.5)},
		{"embedding_model", "another pooling", []byte("MaxPool"), []byte("MinPool")},
		{"melspectrogram", "another floor", f32(1e-10), f32(1e-9)},
		{"melspectrogram", "another depth", f32(80), f32(70)},
		{"silero_vad", "another padding", []byte("reflect"), []byte("REFLECT")},
		{"silero_vad", "another scale", f32(1048576), f32(1048577)},
	} {
		b := file(t, tc.name)
		if !bytes.Contains(b, tc.old) {
			t.Errorf("%s: it has no %q to change", tc.name, tc.old)
			continue
		}
		m, err := onnx.Parse(bytes.ReplaceAll(b, tc.old, tc.new))
		if err != nil {
			t.Errorf("%s with %s cannot be parsed: %v", tc.name, tc.change, err)
			continue
		}
		if kinds, _ := recognise(m); len(kinds) != 0 {
			t.Errorf("%s with %s is known as %q", tc.name, tc.change, kinds)
		}
	}
}

// TestNamesDoNotMatter: the same network with other names is the same.
func TestNamesDoNotMatter(t *testing.T) {
	for name, old := range map[string]string{"silero_vad": "feature_extractor", "melspectrogram": "conv_real", "alexa": "onnx::Gemm_7", "embedding_model": "conv2d_9"} {
		b := bytes.ReplaceAll(file(t, name), []byte(old), bytes.Repeat([]byte("x"), len(old)))
		if kinds, errs := recognise(parsed(t, b)); len(kinds) != 1 {
			t.Errorf("%s is not known with another name: %v", name, errs)
		}
	}
}

// FuzzRecognise: a model is known or it is not, and nothing else happens.
func FuzzRecognise(f *testing.F) {
	small := file(f, "hey_rhasspy")
	f.Add(small, 100, byte(1))
	f.Add(small, len(small)-200, byte(7))
	f.Fuzz(func(t *testing.T, b []byte, at int, change byte) {
		b = bytes.Clone(b)
		if len(b) > 0 && at >= 0 {
			b[at%len(b)] ^= change
		}
		m, err := onnx.Parse(b)
		if err != nil {
			return
		}
		if _, errs := recognise(m); len(errs) > 0 {
			for _, err := range errs {
				if !errors.Is(err, ErrUnknown) {
					t.Error(err)
				}
			}
		}
	})
}
