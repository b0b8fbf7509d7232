package infer

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"orac/models/onnx"
)

// Constants of the mel network (a torchlibrosa LogmelFilterBank with top_db =
// 80). melFFT uses the same ones, and the proof confirms them.
const (
	frameStep = 160   // samples from one mel frame to the next
	powerMin  = 1e-10 // smallest power before the logarithm
	topDB     = 80    // values further below the maximum of the call are raised to it
)

// melFFT computes the same as the mel network, but with an FFT in place of two
// dense Fourier matrices of 257 x 512, and without the zeros of the mel matrix.
type melFFT struct {
	fft    *realFFT
	window [fftSize]float64
	bands  [MelBins]band
	frame  [fftSize]float64
	power  []float64 // up to the highest frequency of any band
}

// band is one column of the mel matrix without the zeros around it.
type band struct {
	first   int
	weights []float64
}

var errNoFFT = errors.New("the mel network has no FFT form")

// newMelFFT reads the window and the mel matrix from the network: the window is
// the Fourier kernel of frequency 0 (whose cosine is 1), the matrix is 257 x
// 32.
func newMelFFT(m *onnx.Model) (*melFFT, error) {
	f := &melFFT{fft: newRealFFT()}
	var kernels, matrices []*onnx.Tensor
	for _, t := range m.Graph.Initializers {
		switch {
		case t.Type != onnx.Float32:
		case slices.Equal(t.Dims, []int64{fftHalf + 1, 1, fftSize}):
			kernels = append(kernels, t)
		case slices.Equal(t.Dims, []int64{fftHalf + 1, MelBins}):
			matrices = append(matrices, t)
		}
	}
	if len(kernels) != 2 || len(matrices) != 1 {
		return nil, fmt.Errorf("%w: it holds %d Fourier kernels and %d mel matrices, not 2 and 1", errNoFFT, len(kernels), len(matrices))
	}
	// The sine kernel of frequency 0 is all zeros.
	for _, k := range kernels {
		for i, v := range k.Float32s()[:fftSize] {
			f.window[i] += float64(v)
		}
	}
	w, top := matrices[0].Float32s(), 0
	for b := range f.bands {
		first, last := fftSize, -1
		for k := range fftHalf + 1 {
			if w[k*MelBins+b] != 0 {
				first, last = min(first, k), k
			}
		}
		for k := first; k <= last; k++ {
			f.bands[b].weights = append(f.bands[b].weights, float64(w[k*MelBins+b]))
		}
		f.bands[b].first, top = first, max(top, last)
		if first < 1 || last >= fftHalf { // an empty band has first above the spectrum and last below it
			return nil, fmt.Errorf("%w: mel band %d is empty or reaches the ends of the spectrum", errNoFFT, b)
		}
	}
	f.power = make([]float64, top+1)
	return f, nil
}

// decibels writes the same output as the network, before scaling, to out.
func (f *melFFT) decibels(pcm *[span]float32, out *[melRows]float32) {
	top := float32(math.Inf(-1))
	for t := range melFrames {
		for i, v := range pcm[t*frameStep : t*frameStep+fftSize] {
			f.frame[i] = float64(v) * f.window[i]
		}
		f.fft.power(&f.frame, f.power)
		for b := range f.bands {
			band, sum := &f.bands[b], 0.0
			p := f.power[band.first:][:len(band.weights)]
			for i, w := range band.weights {
				sum += w * p[i]
			}
			db := float32(10 / math.Ln10 * math.Log(max(sum, powerMin)))
			out[t*MelBins+b] = db
			top = max(top, db)
		}
	}
	for i, v := range out {
		out[i] = max(v, top-topDB)
	}
}

func (f *melFFT) run(pcm *[span]float32, out *[melRows]float32) error {
	f.decibels(pcm, out)
	scale(out)
	return nil
}

func (f *melFFT) close() error { return nil }
