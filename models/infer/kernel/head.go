package kernel

// #include "kernel.h"
import "C"

import (
	"fmt"
	"slices"
)

// Dense is a layer of a head.
type Dense struct {
	Inputs, Outputs int
	Weights         []float32 // [outputs][inputs]
	Bias            []float32 // [outputs]
	Gain, Shift     []float32 // of the normalisation over all outputs; nil: none
	Epsilon         float32
	ReLU            bool // after the normalisation
}

// HeadSpec is what a head holds.
type HeadSpec struct {
	Window, Classes int
	Softmax         bool // over the classes; else each has its own sigmoid
	Layers          []Dense
	Second          []Dense // nil, or what says the score where that of Layers is at least Doubt
	Doubt           float32
}

// Least is the shortest window that the kernels compute.
const Least = 4

// Head scores the newest embeddings. One goroutine at a time owns it.
type Head struct {
	b       *builder
	c       *C.struct_orac_head
	classes int
}

// NewHead packs a head. It refuses shapes that the kernels do not compute.
func NewHead(s Set, spec HeadSpec) (*Head, error) {
	b := newBuilder(s)
	h := &Head{b: b, c: one[C.struct_orac_head](b), classes: spec.Classes}
	err := h.fill(spec)
	if err == nil {
		err = b.err
	}
	if err != nil {
		b.release()
		return nil, err
	}
	return h, nil
}

func (h *Head) fill(spec HeadSpec) error {
	b, c := h.b, h.c
	if spec.Window < Least || spec.Window > 512 || spec.Classes < 1 || spec.Classes > 1000 || len(spec.Second) > 0 && spec.Classes != 1 {
		return fmt.Errorf("a window of %d embeddings, and %d classes", spec.Window, spec.Classes)
	}
	widest := 0
	for stack, layers := range [2][]Dense{spec.Layers, spec.Second} {
		if stack == 1 && len(layers) == 0 {
			break
		}
		if len(layers) < 2 || len(layers) > C.ORAC_LAYERS {
			return fmt.Errorf("%d layers", len(layers))
		}
		table := slice[C.struct_orac_dense](b, len(layers))
		inputs := spec.Window * Embedding
		for i, l := range layers {
			if l.Inputs != inputs || l.Outputs < 1 || l.Outputs > 4096 || len(l.Weights) != l.Inputs*l.Outputs || len(l.Bias) != l.Outputs ||
				len(l.Gain) != len(l.Shift) || l.Gain != nil && len(l.Gain) != l.Outputs {
				return fmt.Errorf("layer %d maps %d to %d values, with %d weights", i, l.Inputs, l.Outputs, len(l.Weights))
			}
			if i == 0 && stack == 0 {
				table[i] = b.staged(c, l, spec.Window)
			} else {
				table[i] = b.dense(l, b.matrix(l.Inputs, l.Outputs, 1, func(k, n int) float32 { return l.Weights[n*l.Inputs+k] }, l.Bias))
			}
			inputs = l.Outputs
			vectors, _ := b.shape(l.Outputs, 1)
			widest = max(widest, vectors*b.lanes)
		}
		if inputs != spec.Classes {
			return fmt.Errorf("%d outputs for %d classes", inputs, spec.Classes)
		}
		c.layers[stack], c.layer[stack] = C.int32_t(len(layers)), &table[0]
	}
	c.window, c.classes, c.doubt, c.last = C.int32_t(spec.Window), C.int32_t(spec.Classes), C.float(spec.Doubt), C.ORAC_SIGMOID
	if spec.Softmax {
		c.last = C.ORAC_SOFTMAX
	}
	c.x = pointer(b.buffer(held(c)))
	c.ahead, c.width = pointer(b.buffer(int(c.together)*widest)), C.int32_t(widest)
	c.y[0], c.y[1] = pointer(b.buffer(widest)), pointer(b.buffer(widest))
	return nil
}

func (b *builder) dense(l Dense, m C.struct_orac_matrix) C.struct_orac_dense {
	d := C.struct_orac_dense{epsilon: C.float(l.Epsilon), m: m}
	if l.Gain != nil {
		d.norm, d.gain, d.shift = 1, pointer(b.row(l.Outputs, l.Gain)), pointer(b.row(l.Outputs, l.Shift))
	}
	if l.ReLU {
		d.relu = 1
	}
	return d
}

// staged packs the first layer, cut by the age of the embeddings: the newest, the two before it, the four before those, and so on. Each
// stage is twice as long as the one after it and serves twice as many hops; the oldest has what is left.
func (b *builder) staged(h *C.struct_orac_head, l Dense, window int) C.struct_orac_dense {
	var stages []C.struct_orac_stage
	for youngest, hops := 0, 1; youngest < window; hops *= 2 {
		oldest := min(youngest+hops, window)
		if 2*hops > C.ORAC_TOGETHER || window-oldest < hops/2 { // too little is left for another stage
			oldest = window
		}
		first := (window - oldest) * Embedding
		m := b.matrix((oldest-youngest)*Embedding, l.Outputs, hops, func(k, n int) float32 { return l.Weights[n*l.Inputs+first+k] }, nil)
		stages = append(stages, C.struct_orac_stage{m: m, first: C.int32_t(window - oldest), hops: C.int32_t(hops)})
		youngest = oldest
	}
	slices.Reverse(stages)
	table := slice[C.struct_orac_stage](b, len(stages))
	copy(table, stages)
	h.stage, h.stages, h.together = &table[0], C.int32_t(len(stages)), stages[0].hops
	vectors, wide := b.shape(l.Outputs, 1)
	return b.dense(l, C.struct_orac_matrix{n: C.int32_t(l.Outputs), vectors: C.int32_t(vectors), wide: C.int32_t(wide), bias: pointer(b.row(l.Outputs, l.Bias))})
}

// Push adds an embedding. With score it writes a score for each class; without, only the window moves on.
func (h *Head) Push(embedding *[Embedding]float32, scores []float32, score bool) {
	n := C.int(0)
	if score {
		n = 1
	}
	scores = scores[:h.classes] // the kernel writes them all
	C.orac_head(C.int(h.b.lanes), h.c, (*C.float)(&embedding[0]), (*C.float)(&scores[0]), n)
}

// held is how many floats of embeddings a head keeps: its window, and what comes before that moves to the front.
func held(h *C.struct_orac_head) int { return int(h.window+h.together-1) * Embedding }

// Reset forgets all embeddings.
func (h *Head) Reset() {
	clear(floatsAt(h.c.x, held(h.c)))
	h.c.running, h.c.phase = 0, 0
}

// Close frees its memory.
func (h *Head) Close() { h.b.release() }
