//go:build !race

// The race detector makes the FFT, which is Go, thirty times slower and leaves
// the networks, which are not, alone; a ratio measured with it means nothing.

package infer

import (
	"testing"

	"orac/models/onnx"
)

// TestStreamingCostsAQuarter is the promise of a quarter of the CPU per hop,
// measured in one run, for one model. Neighbours on the machine take caches
// and so cost the smaller form more; the best of three runs counts.
func TestStreamingCostsAQuarter(t *testing.T) {
	c := Config{Mel: data(t, "melspectrogram"), Embedding: data(t, "embedding_model")}
	best := 1.0
	for range 3 {
		res, err := open(t).Bench(c, []onnx.Data{data(t, "hey_jarvis")}, 30)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v", res)
		if best = min(best, res.Ratio); best <= 0.25 {
			return
		}
	}
	t.Errorf("streaming costs %.3f of full windows, more than 1/4", best)
}
