package infer

import (
	"fmt"

	"orac/models/onnx"
)

// Head is a classifier over the newest Window embeddings: a wake word. It keeps
// its own window, so heads of different lengths can share one extractor.
type Head struct {
	s      *session
	in     []float32 // Window*Embedding, oldest first
	out    []float32 // Classes
	window int
	seen   int // embeddings since reset, at most window
}

// OpenHead loads a head. Its window and its number of classes are read from
// the network, whose input must be [1, window, 96] and whose output [1, classes].
func (r *Runtime) OpenHead(d onnx.Data) (*Head, error) {
	n, err := load(d)
	if err != nil {
		return nil, err
	}
	window, classes, err := onnx.Head(n.model, Embedding)
	if err != nil {
		return nil, n.wrong("wake word head", "%v", err)
	}
	g := n.model.Graph
	in, inMem, err := tensor(1, window, Embedding)
	if err != nil {
		return nil, err
	}
	out, outMem, err := tensor(1, classes)
	if err != nil {
		return nil, err
	}
	h := &Head{in: inMem, out: outMem, window: int(window)}
	h.s, err = r.session("model file "+n.file, n.bytes, []io{{g.Inputs[0].Name, in}}, []io{{g.Outputs[0].Name, out}})
	if err != nil {
		return nil, err
	}
	if err := h.s.run(); err != nil { // a network may load and still not run
		h.Close()
		return nil, n.wrong("wake word head", "it does not run on a window of zeros: %v", err)
	}
	return h, nil
}

// Window returns the number of embeddings (hops) that a score looks at.
func (h *Head) Window() int { return h.window }

// Classes returns the number of scores of a hop.
func (h *Head) Classes() int { return len(h.out) }

// Push adds the embedding of one hop and returns one score in [0, 1] per class,
// valid until the next Push. masked is true until the window holds only real
// embeddings (Window hops after Reset); until then, the scores are 0 and mean
// nothing.
func (h *Head) Push(emb *[Embedding]float32) (scores []float32, masked bool, err error) {
	copy(h.in, h.in[Embedding:])
	copy(h.in[len(h.in)-Embedding:], emb[:])
	if h.seen < h.window {
		h.seen++
	}
	if h.seen < h.window {
		clear(h.out)
		return h.out, true, nil
	}
	if err := h.s.run(); err != nil {
		return nil, true, fmt.Errorf("wake word head: %w", err)
	}
	return h.out, false, nil
}

// Reset forgets all sound: the next Window-1 hops are masked.
func (h *Head) Reset() {
	h.seen = 0
	clear(h.in)
}

// Close frees the session.
func (h *Head) Close() error { return h.s.close() }
