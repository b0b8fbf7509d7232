package kernel

// #include "kernel.h"
import "C"

import (
	"fmt"
	"math"
)

// Sizes of the sound and of the features.
const (
	Span      = 1760 // samples that the mel frames of a hop look at
	Rows      = 8    // new mel frames of a hop
	Bins      = 32   // of a frame
	Embedding = 96   // floats
	spectrum  = 257  // bins of the Fourier transform
	points    = 512  // samples of it
)

// MelSpec is what the mel spectrogram network holds.
type MelSpec struct {
	Window []float32 // [512]
	Matrix []float32 // [257][32]
	Floor  float32   // the smallest power
	Depth  float32   // dB below the loudest value of a call that are kept
}

// Mel computes the mel spectrogram of a hop. One goroutine at a time owns it.
type Mel struct {
	b     *builder
	c     *C.struct_orac_mel
	lanes int
}

// NewMel packs a mel spectrogram network. It refuses bands that the kernel does not compute: empty ones, and those that reach the ends of the
// spectrum.
func NewMel(s Set, spec MelSpec) (*Mel, error) {
	if len(spec.Window) != points || len(spec.Matrix) != spectrum*Bins {
		return nil, fmt.Errorf("a window of %d and a mel matrix of %d values, not %d and %d", len(spec.Window), len(spec.Matrix), points, spectrum*Bins)
	}
	b := newBuilder(s)
	m := &Mel{b, one[C.struct_orac_mel](b), s.lanes}
	if b.err != nil {
		return nil, b.err
	}
	for i, v := range spec.Window {
		m.c.window[i] = C.double(v)
	}
	const half = points / 2
	for k := range half {
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / points)
		m.c.sine[k], m.c.cosine[k] = C.double(sin), C.double(cos)
		m.c.order[k] = C.int32_t(k&3<<6 | k>>2&3<<4 | k>>4&3<<2 | k>>6)
	}
	next := 0
	for span := 4; span < half; span *= 4 {
		for k := range span {
			for step := range 3 {
				sin, cos := math.Sincos(2 * math.Pi * float64((step+1)*k) / float64(4*span))
				m.c.twiddle[next][2*step], m.c.twiddle[next][2*step+1] = C.double(cos), C.double(sin)
			}
			next++
		}
	}
	used := 0
	for band := range Bins {
		first, last := points, -1
		for k := range spectrum {
			if spec.Matrix[k*Bins+band] != 0 {
				first, last = min(first, k), k
			}
		}
		if first < 1 || last < first || last >= half || used+last-first+1 > len(m.c.weight) {
			m.Close()
			return nil, fmt.Errorf("mel band %d is empty, too wide, or reaches the ends of the spectrum", band)
		}
		m.c.first[band], m.c.bins[band], m.c.weights[band] = C.int32_t(first), C.int32_t(last-first+1), C.int32_t(used)
		for k := first; k <= last; k++ {
			m.c.weight[used] = C.double(spec.Matrix[k*Bins+band])
			used++
		}
		m.c.top = max(m.c.top, C.int32_t(last))
	}
	m.c.floor, m.c.depth = C.float(spec.Floor), C.float(spec.Depth)
	return m, nil
}

// Run writes 8 frames of 32 bins, scaled for the embedding (dB/10 + 2).
func (m *Mel) Run(pcm *[Span]float32, out *[Rows * Bins]float32) {
	C.orac_mel(C.int(m.lanes), m.c, (*C.float)(&pcm[0]), (*C.float)(&out[0]))
}

// Close frees its memory.
func (m *Mel) Close() { m.b.release() }
