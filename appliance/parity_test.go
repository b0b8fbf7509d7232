//go:build !race

package appliance_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"orac/appliance/audio"
	"orac/appliance/audio/wav"
	"orac/models"
	"orac/models/detect"
	"orac/models/modelstest"
)

// TestStreamingScoresAreThoseOfFullWindows compares the fast forms with the original networks on every example sound.
func TestStreamingScoresAreThoseOfFullWindows(t *testing.T) {
	files, err := filepath.Glob("../.orac/sounds/*.wav")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d example sounds, %v: run make deps", len(files), err)
	}
	var heads []detect.Model
	for _, e := range models.Catalogue() {
		if e.Kind == models.Head {
			m := detect.Model{Source: models.CatalogPrefix + e.Name}
			m.Threshold = 0.5
			heads = append(heads, m)
		}
	}
	open := func(full bool) *detect.Detector {
		d, err := detect.Open(context.Background(), detect.Config{Store: models.Store{Dir: modelstest.Dir(t)}, Models: heads, Full: full})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		return d
	}
	fast, full := open(false), open(true)
	var worst float64
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pcm, _, err := wav.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if fast.Reset() != nil || full.Reset() != nil {
			t.Fatal("a detector cannot be reset")
		}
		for hop := range slices.Chunk(pcm, audio.HopSamples) {
			if len(hop) < audio.HopSamples {
				break
			}
			a, b := push(t, fast, hop), push(t, full, hop)
			for i := range a {
				worst = max(worst, math.Abs(a[i]-b[i]))
			}
		}
	}
	t.Logf("largest difference of a score: %.2g", worst)
	if worst > 1e-4 {
		t.Errorf("scores differ by up to %g; 1e-4 is promised", worst)
	}
}

func push(t *testing.T, d *detect.Detector, hop []int16) (scores []float64) {
	t.Helper()
	r, err := d.Push((*[audio.HopSamples]int16)(hop))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Scores {
		for _, v := range s.Values {
			scores = append(scores, float64(v))
		}
	}
	return scores
}
