package infer

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/models/onnx"
)

// private keeps what is proved of the embedding network in a directory of the test's own.
func private(t *testing.T) (dir string, c Config) {
	t.Helper()
	dir = t.TempDir()
	embedding := data(t, "embedding_model")
	embedding.Path = filepath.Join(dir, "embedding_model.onnx")
	return dir, Config{Mel: data(t, "melspectrogram"), Embedding: embedding}
}

func cached(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "embedding_model.streaming-*.onnx"))
	if err != nil || len(found) != 1 {
		t.Fatalf("cache: %v, %v", found, err)
	}
	return found[0]
}

func opens(t *testing.T, c Config, embedding string) Forms {
	t.Helper()
	x, err := open(t).OpenExtractor(c)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if f := x.Forms(); f.Embedding != embedding {
		t.Fatalf("%+v, want the %s embedding", f, embedding)
	}
	return x.Forms()
}

func TestStreamingFormIsCached(t *testing.T) {
	dir, c := private(t)
	opens(t, c, "streaming")
	file := cached(t, dir)
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := onnx.Parse(good); err != nil || len(m.Graph.Inputs) != 12 {
		t.Fatalf("the cache is no streaming form: %v", err)
	}
	past, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	opens(t, c, "streaming")
	if now, err := os.Stat(file); err != nil || !os.SameFile(past, now) {
		t.Error("a good cache was written again")
	}
	damaged := bytes.Clone(good)
	damaged[len(damaged)/2] ^= 1
	for _, b := range [][]byte{damaged, good[:100], {}} {
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		opens(t, c, "streaming")
		if again, err := os.ReadFile(file); err != nil || !bytes.Equal(again, good) {
			t.Errorf("a damaged cache of %d bytes was not replaced (%v)", len(b), err)
		}
	}
}

// TestStreamingWithoutCache: the directory is gone by the time the form is kept.
func TestStreamingWithoutCache(t *testing.T) {
	dir, c := private(t)
	n, err := load(c.Embedding)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	e, err := open(t).tryStreaming(n)
	if err != nil {
		t.Fatal(err)
	}
	e.close()
}

// TestFallsBackToFullWindows: an embedding network that cannot be rewritten (here because its
// operator set is too old for the Slice that is needed) still runs.
func TestFallsBackToFullWindows(t *testing.T) {
	_, c := private(t)
	c.Embedding.Bytes = withOpset(t, c.Embedding.Bytes, 9)
	if f := opens(t, c, "full"); !strings.Contains(f.Why, "no streaming form") {
		t.Errorf("no reason is given: %+v", f)
	}
}

// withOpset changes the version of the default operator set. The embedding
// network's import is the four bytes "", version 13.
func withOpset(t *testing.T, b []byte, v byte) []byte {
	t.Helper()
	old := []byte{0x42, 0x04, 0x0a, 0x00, 0x10, 13}
	if bytes.Count(b, old) != 1 {
		t.Fatal("the opset import is not where it was")
	}
	return bytes.Replace(b, old, []byte{0x42, 0x04, 0x0a, 0x00, 0x10, v}, 1)
}

// TestProofFindsADifference: a form with other weights is not accepted.
func TestProofFindsADifference(t *testing.T) {
	r := open(t)
	n, err := load(data(t, "embedding_model"))
	if err != nil {
		t.Fatal(err)
	}
	form, err := onnx.Stream(n.model, window, melFrames)
	if err != nil {
		t.Fatal(err)
	}
	w, _ := n.model.Graph.Initializer("model/conv2d_9/Conv2D_bias_fused_bn")
	if w == nil {
		t.Fatal("no such weights")
	}
	at := bytes.Index(form.Model, rawFloats(w.Float32s()))
	form.Model[at+3] ^= 0x80 // the sign of one bias
	part, err := r.openStreaming("changed", form)
	if err != nil {
		t.Fatal(err)
	}
	defer part.close()
	full, err := r.openFullWindows(n)
	if err != nil {
		t.Fatal(err)
	}
	defer full.close()
	if err := prove(part, full); err == nil || !strings.Contains(err.Error(), "differs by") {
		t.Errorf("the proof says %v", err)
	}
}

func rawFloats(v []float32) (b []byte) {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// TestMelProofFindsADifference: a window that is off by a thousandth is not accepted.
func TestMelProofFindsADifference(t *testing.T) {
	n, err := load(data(t, "melspectrogram"))
	if err != nil {
		t.Fatal(err)
	}
	network, err := open(t).openMelNetwork(n)
	if err != nil {
		t.Fatal(err)
	}
	defer network.close()
	fast, err := newMelFFT(n.model)
	if err != nil {
		t.Fatal(err)
	}
	if err := proveMel(fast, network); err != nil {
		t.Fatal(err)
	}
	for i := range fast.window {
		fast.window[i] *= 1.001
	}
	if err := proveMel(fast, network); err == nil || !strings.Contains(err.Error(), "differs by") {
		t.Errorf("the proof says %v", err)
	}
}
