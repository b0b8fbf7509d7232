package infer

import (
	"fmt"

	"orac/models/onnx"
)

// Head is a classifier over the newest Window embeddings: a wake word. It keeps
// its own window, so heads of different lengths can share one extractor.
type Head struct {
	net    classifier
	out    []float32 // Classes
	window int
	seen   int // embeddings since reset, at most window
}

// classifier adds an embedding to its window. With score it writes the scores
// of the window.
type classifier interface {
	push(emb *[Embedding]float32, scores []float32, score bool) error
	reset()
	close() error
}

const headKind = "wake word head"

// headNetwork runs a head in ONNX Runtime.
type headNetwork struct {
	s   *session
	in  []float32 // window*Embedding, oldest first
	out []float32
}

// OpenHead loads a head into ONNX Runtime. Its window and its number of classes
// are read from the network, whose input must be [1, window, 96] and whose output
// [1, classes].
func (r *Runtime) OpenHead(d onnx.Data) (*Head, error) {
	n, err := load(d)
	if err != nil {
		return nil, err
	}
	return r.openHead(n)
}

func (r *Runtime) openHead(n *network) (*Head, error) {
	window, classes, err := onnx.Head(n.model, Embedding)
	if err != nil {
		return nil, n.wrong(headKind, "%v", err)
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
	s, err := r.session("model file "+n.file, n.bytes, []io{{g.Inputs[0].Name, in}}, []io{{g.Outputs[0].Name, out}})
	if err != nil {
		return nil, err
	}
	h := &Head{net: &headNetwork{s, inMem, outMem}, out: make([]float32, classes), window: int(window)}
	if err := s.run(); err != nil { // a network may load and still not run
		h.Close()
		return nil, n.wrong(headKind, "it does not run on a window of zeros: %v", err)
	}
	return h, nil
}

func (h *headNetwork) push(emb *[Embedding]float32, scores []float32, score bool) error {
	copy(h.in, h.in[Embedding:])
	copy(h.in[len(h.in)-Embedding:], emb[:])
	if !score {
		return nil
	}
	err := h.s.run()
	copy(scores, h.out)
	return err
}

func (h *headNetwork) reset()       { clear(h.in) }
func (h *headNetwork) close() error { return h.s.close() }

// Window returns the number of embeddings (hops) that a score looks at.
func (h *Head) Window() int { return h.window }

// Classes returns the number of scores of a hop.
func (h *Head) Classes() int { return len(h.out) }

// Push adds the embedding of one hop and returns one score in [0, 1] per class,
// valid until the next Push. masked is true until the window holds only real
// embeddings (Window hops after Reset); until then, the scores are 0 and mean
// nothing.
func (h *Head) Push(emb *[Embedding]float32) (scores []float32, masked bool, err error) {
	if h.seen < h.window {
		h.seen++
	}
	masked = h.seen < h.window
	if masked {
		clear(h.out)
	}
	if err := h.net.push(emb, h.out, !masked); err != nil {
		return nil, true, fmt.Errorf("wake word head: %w", err)
	}
	return h.out, masked, nil
}

// Reset forgets all sound: the next Window-1 hops are masked.
func (h *Head) Reset() {
	h.seen = 0
	h.net.reset()
}

// Close frees its network.
func (h *Head) Close() error { return h.net.close() }
