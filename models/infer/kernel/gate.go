package kernel

// #include "kernel.h"
import "C"

import (
	"errors"
	"unsafe"
)

// Sizes of the voice gate.
const (
	GateHop   = 1280 // samples, in two halves
	GateState = 256  // h, then c, each of two layers of 64
	basis     = 256  // samples of a frame
	voices    = 129  // bins of the spectrum
	hidden    = 64   // of the LSTM
)

// GateBlock is a block of the encoder: ReLU(depthwise x), mixed, plus the projection of x, then ReLU; then a dense layer and ReLU over the
// frames that the stride keeps.
type GateBlock struct {
	Inputs, Outputs, Stride int
	Depth, DepthBias        []float32 // [inputs][5]
	Mix, MixBias            []float32 // [outputs][inputs]
	Project, ProjectBias    []float32 // [outputs][inputs]; nil: x itself
	Point, PointBias        []float32 // [outputs][outputs]
}

// LSTM is a layer of it, as ONNX keeps it: gates in the order input, output, forget, cell.
type LSTM struct{ W, R, B []float32 } // [256][64], [256][64], [512]

// GateSpec is what Silero's network for 16 kHz holds.
type GateSpec struct {
	Basis   []float32 // [258][256]: real parts, then imaginary ones
	Filter  []float32 // [7]
	Blocks  []GateBlock
	LSTM    [2]LSTM
	Decoder []float32 // [64]
	Bias    float32
}

// Gate scores voice. One goroutine at a time owns it.
type Gate struct {
	b *builder
	c *C.struct_orac_gate
}

var (
	gateFrames   = [5]int{10, 5, 3, 2, 2}
	gateChannels = [5]int{2 * voices, 16, 32, 32, 64}
	gateStrides  = [4]int{2, 2, 2, 1}
)

func (g *GateSpec) valid() bool {
	is := func(v []float32, n int) bool { return len(v) == n }
	ok := is(g.Basis, 2*voices*basis) && is(g.Filter, 7) && len(g.Blocks) == 4 && is(g.Decoder, hidden)
	for i, b := range g.Blocks {
		if !ok {
			return false
		}
		in, out := gateChannels[i], gateChannels[i+1]
		ok = b.Inputs == in && b.Outputs == out && b.Stride == gateStrides[i] && is(b.Depth, 5*in) && is(b.DepthBias, in) && is(b.Mix, in*out) &&
			is(b.MixBias, out) && is(b.Point, out*out) && is(b.PointBias, out) &&
			(is(b.Project, in*out) && is(b.ProjectBias, out) || b.Project == nil && b.ProjectBias == nil && in == out)
	}
	for _, l := range g.LSTM {
		ok = ok && is(l.W, 4*hidden*hidden) && is(l.R, 4*hidden*hidden) && is(l.B, 8*hidden)
	}
	return ok
}

// NewGate packs Silero's network. It refuses another one.
func NewGate(s Set, spec GateSpec) (*Gate, error) {
	if !spec.valid() {
		return nil, errors.New("its parts do not have the sizes of Silero's network for 16 kHz")
	}
	b := newBuilder(s)
	g := &Gate{b, one[C.struct_orac_gate](b)}
	g.fill(spec)
	if b.err != nil {
		b.release()
		return nil, b.err
	}
	return g, nil
}

// wideOf is how many values a frame of block i has in its buffer: magnitudes and logarithms each have rows of eights.
func wideOf(i int) int {
	if i == 0 {
		return 2 * C.ORAC_SPECTRUM
	}
	return gateChannels[i]
}

// spread is where channel n of the first block lies in its buffer.
func spread(i, n int) int {
	if i == 0 && n >= voices {
		return C.ORAC_SPECTRUM + n - voices
	}
	return n
}

func (g *Gate) fill(spec GateSpec) {
	b, c := g.b, g.c
	const frames = 20
	c.sound = pointer(b.buffer(2 * (C.ORAC_EDGE + C.ORAC_CHUNK + C.ORAC_EDGE)))
	c.spectrum = pointer(b.buffer(frames * 2 * C.ORAC_SPECTRUM))
	c.sound_at, c.spectrum_to = b.table(soundAt()), b.table(each(frames, 2*C.ORAC_SPECTRUM))
	// Frames could be folded at their middle, which would halve the multiplications. But where a spectrum is nearly 0, its logarithm is
	// that of rounding errors, and these are ONNX Runtime's only if the additions have its order.
	c.basis = b.matrix(basis, 2*C.ORAC_SPECTRUM, frames, func(k, n int) float32 {
		part, bin := n/C.ORAC_SPECTRUM, n%C.ORAC_SPECTRUM
		if bin >= voices {
			return 0
		}
		return spec.Basis[(part*voices+bin)*basis+k]
	}, nil)
	for i, v := range spec.Filter {
		c.filter[i] = C.float(v)
	}
	for i, s := range spec.Blocks {
		c.block[i] = b.block(i, s)
	}
	for i := range spec.Blocks {
		to := each(2*gateFrames[i+1], hidden)
		if i+1 < len(spec.Blocks) {
			to = framesOf(gateFrames[i+1], 2*wideOf(i+1), 2, wideOf(i+1))
		}
		c.block[i].point_to = b.table(to)
	}
	for i, l := range spec.LSTM {
		bias := make([]float32, 4*hidden)
		for n := range bias {
			bias[n] = l.B[n] + l.B[n+4*hidden]
		}
		c.x[i] = b.matrix(hidden, 4*hidden, 4, func(k, n int) float32 { return l.W[n*hidden+k] }, bias)
		c.h[i] = b.matrix(hidden, 4*hidden, 1, func(k, n int) float32 { return l.R[n*hidden+k] }, nil)
	}
	for i, v := range spec.Decoder {
		c.decoder[i] = C.float(v)
	}
	c.bias = C.float(spec.Bias)
	c.out, c.out_at = pointer(b.buffer(4*hidden)), b.table(each(4, hidden))
	c.gates, c.gates_to = pointer(b.buffer(4*4*hidden)), b.table(each(4, 4*hidden))
}

// each is where n rows begin that lie so far apart.
func each(n, apart int) (at []int) {
	for i := range n {
		at = append(at, i*apart)
	}
	return at
}

// soundAt is where the frames of both halves begin: 64 samples apart in each.
func soundAt() (at []int) {
	for half := range 2 {
		for f := range gateFrames[0] {
			at = append(at, half*(C.ORAC_EDGE+C.ORAC_CHUNK+C.ORAC_EDGE)+64*f)
		}
	}
	return at
}

// framesOf is where the frames of both halves of a hop begin in a buffer that has `around` empty ones on both sides of each half.
func framesOf(frames, row, around, offset int) (at []int) {
	for half := range 2 {
		for f := range frames {
			at = append(at, (half*(frames+2*around)+around+f)*row+offset)
		}
	}
	return at
}

func (b *builder) block(i int, s GateBlock) C.struct_orac_block {
	frames, then, n := gateFrames[i], gateFrames[i+1], wideOf(i)
	c := C.struct_orac_block{frames: C.int32_t(frames), channels: C.int32_t(n), wide: C.int32_t(s.Outputs), then: C.int32_t(then), stride: C.int32_t(s.Stride)}
	taps, bias := b.floats(5*n), b.floats(n)
	for ch := range s.Inputs {
		bias[spread(i, ch)] = s.DepthBias[ch]
		for t := range 5 {
			taps[t*n+spread(i, ch)] = s.Depth[ch*5+t]
		}
	}
	c.taps, c.bias = pointer(taps), pointer(bias)
	// The matrix mixes what the depthwise convolution made with its input: 2 n values to the outputs.
	mix := make([]float32, 2*n*s.Outputs)
	sum := make([]float32, s.Outputs)
	for o := range s.Outputs {
		sum[o] = s.MixBias[o]
		for ch := range s.Inputs {
			mix[o*2*n+spread(i, ch)] = s.Mix[o*s.Inputs+ch]
			if s.Project != nil {
				mix[o*2*n+n+spread(i, ch)] = s.Project[o*s.Inputs+ch]
			} else if o == ch {
				mix[o*2*n+n+ch] = 1
			}
		}
		if s.Project != nil {
			sum[o] += s.ProjectBias[o]
		}
	}
	c.mix = b.matrix(2*n, s.Outputs, 2*frames, func(k, o int) float32 { return mix[o*2*n+k] }, sum)
	c.point = b.matrix(s.Outputs, s.Outputs, 2*then, func(k, o int) float32 { return s.Point[o*s.Outputs+k] }, s.PointBias)
	c.x, c.y = pointer(b.buffer(2*(frames+4)*2*n)), pointer(b.buffer(2*frames*s.Outputs))
	c.mix_at, c.mix_to = b.table(framesOf(frames, 2*n, 2, 0)), b.table(each(2*frames, s.Outputs))
	var kept []int
	for half := range 2 {
		for f := range then {
			kept = append(kept, (half*frames+f*s.Stride)*s.Outputs)
		}
	}
	c.point_at = b.table(kept)
	return c
}

// Push adds a hop and returns the voice scores of its halves. Samples are from -1 to 1.
func (g *Gate) Push(pcm *[GateHop]float32) (scores [2]float32) {
	C.orac_gate(C.int(g.b.lanes), g.c, (*C.float)(&pcm[0]), (*C.float)(&scores[0]))
	return scores
}

// State is all that it remembers of the sound so far.
func (g *Gate) State() *[GateState]float32 { return (*[GateState]float32)(unsafe.Pointer(&g.c.state)) }

// Close frees its memory.
func (g *Gate) Close() { g.b.release() }
