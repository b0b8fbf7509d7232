package kernel

// #include "kernel.h"
import "C"

import (
	"fmt"
	"slices"
)

// Conv is a convolution of the embedding network over the newest rows, with what follows it.
type Conv struct {
	Inputs, Outputs int       // channels
	Time, Width     int       // the kernel: 1 or 3 each, not both 1. Width is padded, time is not.
	Weights         []float32 // [outputs][inputs][time][width]
	Bias            []float32 // [outputs], or nil
	Leaky           bool      // max(max(x, 0.2 x), -0.4)
	PoolTime        int       // 0: none; else the maximum of so many rows ...
	PoolWidth       int       // ... and columns
}

// Embedder computes the embedding of the newest 76 mel frames, hop by hop. One goroutine at a time owns it.
type Embedder struct {
	b     *builder
	c     *C.struct_orac_embedding
	convs []C.struct_orac_conv
	start [][]float32 // what each convolution keeps after a past of ones; nil: it keeps nothing
}

// layout is where the values of a tensor [time][width][channels] lie in a buffer: behind `history` older rows, between columns of zeros.
type layout struct {
	time, width, channels int
	history, pad          int
	data                  []float32
}

func (l layout) row() int                 { return (l.width + 2*l.pad) * l.channels }
func (l layout) at(time, width int) int   { return time*l.row() + width*l.channels } // where a kernel over it begins
func (l layout) into(time, width int) int { return l.at(time+l.history, width+l.pad) }

// NewEmbedder packs an embedding network. It refuses shapes that the kernels do not compute.
func NewEmbedder(s Set, spec []Conv) (*Embedder, error) {
	b := newBuilder(s)
	e, err := newEmbedder(b, spec)
	if err != nil {
		b.release()
		return nil, err
	}
	e.settle()
	return e, nil
}

func newEmbedder(b *builder, spec []Conv) (*Embedder, error) {
	if len(spec) == 0 || len(spec) > 64 {
		return nil, fmt.Errorf("%d convolutions", len(spec))
	}
	e := &Embedder{b: b, c: one[C.struct_orac_embedding](b), convs: slice[C.struct_orac_conv](b, len(spec))}
	in := layout{time: Rows, width: Bins, channels: 1}
	in.around(b, spec[0])
	first := in
	channels := 0
	for i, c := range spec {
		out, err := in.after(c)
		if err != nil {
			return nil, fmt.Errorf("convolution %d: %w", i, err)
		}
		next := out
		if c.PoolTime > 0 {
			next = layout{time: out.time / c.PoolTime, width: out.width / c.PoolWidth, channels: out.channels}
		}
		if i+1 < len(spec) {
			next.around(b, spec[i+1])
		} else if next.time != 1 || next.width != 1 || next.channels != Embedding {
			return nil, fmt.Errorf("it ends with [%d %d %d], not [1 1 %d]", next.time, next.width, next.channels, Embedding)
		} else {
			next.data = b.buffer(Embedding)
		}
		to := next
		if c.PoolTime > 0 {
			to = out
			to.data = b.buffer(out.time * out.row())
		}
		e.convs[i] = b.conv(c, in, to)
		if c.PoolTime > 0 {
			e.convs[i].pooled, e.convs[i].pooled_row = pointer(next.data[next.into(0, 0):]), C.int32_t(next.row())
		}
		channels = max(channels, c.Inputs, c.Outputs)
		in = next
	}
	vectors := (channels + b.lanes - 1) / b.lanes * b.lanes
	e.c.convs, e.c.conv, e.c.out = C.int32_t(len(spec)), &e.convs[0], pointer(in.data)
	e.c.rows, e.c.row = pointer(first.data[first.into(0, 0):]), C.int32_t(first.row())
	e.c.v, e.c.m = pointer(b.buffer(6*C.ORAC_TILES*vectors)), pointer(b.buffer(6*C.ORAC_TILES*vectors))
	return e, b.err
}

// around makes the buffer of a tensor such that a convolution can read it.
func (l *layout) around(b *builder, c Conv) {
	l.history, l.pad = c.Time-1, (c.Width-1)/2
	l.data = b.buffer((l.history + l.time) * l.row())
}

// after returns the tensor after a convolution, before its pooling.
func (l layout) after(c Conv) (layout, error) {
	small := func(v, most int) bool { return v >= 1 && v <= most }
	switch {
	case c.Time != 1 && c.Time != 3 || c.Width != 1 && c.Width != 3 || c.Time == 1 && c.Width == 1:
		return l, fmt.Errorf("a kernel of %d by %d", c.Time, c.Width)
	case c.Inputs != l.channels || !small(c.Inputs, 512) || !small(c.Outputs, 512) || c.Outputs%8 != 0 || c.Inputs%8 != 0 && c.Inputs != 1:
		return l, fmt.Errorf("%d channels become %d, from %d", c.Inputs, c.Outputs, l.channels)
	case len(c.Weights) != c.Inputs*c.Outputs*c.Time*c.Width || c.Bias != nil && len(c.Bias) != c.Outputs:
		return l, fmt.Errorf("%d weights and %d biases", len(c.Weights), len(c.Bias))
	case c.Time == 3 && c.Width == 3 && c.Inputs != 1:
		return l, fmt.Errorf("a kernel of 3 by 3 on %d channels", c.Inputs)
	case c.PoolTime != 0 && (!small(c.PoolTime, l.time) || !small(c.PoolWidth, l.width) || l.time%c.PoolTime != 0 || l.width%c.PoolWidth != 0):
		return l, fmt.Errorf("a pooling of %d by %d on %d by %d", c.PoolTime, c.PoolWidth, l.time, l.width)
	}
	return layout{time: l.time, width: l.width, channels: c.Outputs}, nil
}

// conv fills the table of a convolution.
func (b *builder) conv(c Conv, in, to layout) C.struct_orac_conv {
	k := C.struct_orac_conv{in: pointer(in.data), out: pointer(to.data), keep: C.int32_t(in.history * in.row()), from: C.int32_t(in.time * in.row())}
	if c.Leaky {
		k.activation = C.ORAC_LEAKY
	}
	if c.PoolTime > 0 {
		k.pool_t, k.pool_w, k.pool_h, k.pool_len = C.int32_t(c.PoolTime), C.int32_t(c.PoolWidth), C.int32_t(in.time), C.int32_t(in.width)
	}
	var at, out []int
	weight := func(n, i, t, w int) float32 { return c.Weights[((n*c.Inputs+i)*c.Time+t)*c.Width+w] }
	tiled := func(t, w int) {
		for y := 0; y < in.time; y += t {
			for x := 0; x < in.width; x += w {
				at, out = append(at, in.at(y, x)), append(out, to.into(y, x))
			}
		}
	}
	if along := c.along(in); along != [2]int{} {
		tiled(along[0], along[1])
		k.winograd = 1
		k.in_step, k.out_step = C.int32_t(in.channels), C.int32_t(to.channels)
		if c.Time == 3 {
			k.in_step, k.out_step = C.int32_t(in.row()), C.int32_t(to.row())
		}
		k.m = b.matrices(6, c.Inputs, c.Outputs, min(len(at), C.ORAC_TILES), func(i, k, n int) float32 {
			if c.Time == 3 {
				return sixth(i, weight(n, k, 0, 0), weight(n, k, 1, 0), weight(n, k, 2, 0))
			}
			return sixth(i, weight(n, k, 0, 0), weight(n, k, 0, 1), weight(n, k, 0, 2))
		}, c.Bias)
	} else {
		tiled(1, 1)
		k.run = C.struct_orac_run{parts: C.int32_t(c.Time), length: C.int32_t(c.Width * c.Inputs), apart: C.int32_t(in.row())}
		k.m = b.matrix(c.Time*c.Width*c.Inputs, c.Outputs, len(at), func(k, n int) float32 {
			return weight(n, k%c.Inputs, k/c.Inputs/c.Width, k/c.Inputs%c.Width)
		}, c.Bias)
	}
	k.count, k.at, k.to = C.int32_t(len(at)), b.table(at), b.table(out)
	return k
}

// along returns by how many rows and columns the tiles of Winograd lie apart, or zeros: a direct convolution. Winograd halves the
// multiplications, and needs twice the weights, so that it does not pay with fewer than eight tiles.
func (c Conv) along(in layout) [2]int {
	switch {
	case !c.Leaky || c.Inputs == 1 || in.time*in.width < 32:
	case c.Width == 3 && c.Time == 1 && in.width%4 == 0:
		return [2]int{1, 4}
	case c.Time == 3 && c.Width == 1 && in.time%4 == 0:
		return [2]int{4, 1}
	}
	return [2]int{}
}

// sixth is row i of G g: the weights of Winograd's F(4,3) for three weights.
func sixth(i int, g0, g1, g2 float32) float32 {
	a, b, c := float64(g0), float64(g1), float64(g2)
	return float32([...]float64{a / 4, -(a + b + c) / 6, -(a - b + c) / 6, a/24 + b/12 + c/6, a/24 - b/12 + c/6, c}[i])
}

// kept is the memory that convolution i keeps from hop to hop.
func (e *Embedder) kept(i int) []float32 { return floatsAt(e.convs[i].in, int(e.convs[i].keep)) }

// settle computes what the convolutions keep after a past of ones. That depends on the newest 76 frames, so that as many ones after zeros
// give it exactly.
func (e *Embedder) settle() {
	var ones [Rows * Bins]float32
	var out [Embedding]float32
	for i := range ones {
		ones[i] = 1
	}
	for range 10 {
		e.Push(&ones, &out)
	}
	for i := range e.convs {
		e.start = append(e.start, slices.Clone(e.kept(i)))
	}
}

// Push adds 8 mel frames and writes the embedding of the newest 76.
func (e *Embedder) Push(rows *[Rows * Bins]float32, out *[Embedding]float32) {
	C.orac_embed(C.int(e.b.lanes), e.c, (*C.float)(&rows[0]), (*C.float)(&out[0]))
}

// Reset returns to a past of 76 frames of ones, as openWakeWord starts.
func (e *Embedder) Reset() {
	for i, s := range e.start {
		copy(e.kept(i), s)
	}
}

// Close frees its memory.
func (e *Embedder) Close() { e.b.release() }
