package infer

import (
	"errors"
	"fmt"

	"orac/models/infer/kernel"
	"orac/models/infer/known"
	"orac/models/onnx"
)

// errNoKernel is wrapped by the reasons why our kernels do not compute a network, which ONNX Runtime may.
var errNoKernel = errors.New("it runs in ONNX Runtime")

// noKernel says why. A network that is not known, or whose results differ, is nothing wrong; what is wrong stays what it is.
func noKernel(n *network, err error) error {
	if errors.Is(err, known.ErrUnknown) || errors.Is(err, errDiffers) {
		return fmt.Errorf("model file %s: %w: %w", n.file, err, errNoKernel)
	}
	return err
}

// packed wraps an error of packing a network that was recognised: its shapes are beyond the kernels.
func packed(err error) error {
	if err != nil {
		return fmt.Errorf("%w: %w", known.ErrUnknown, err)
	}
	return nil
}

// compute opens an extractor in our kernels.
func (e *Engine) compute(c Config) (_ *Extractor, err error) {
	m, err := load(c.Mel)
	if err != nil {
		return nil, err
	}
	n, err := load(c.Embedding)
	if err != nil {
		return nil, err
	}
	melSpec, err := known.Mel(m.model)
	if err != nil {
		return nil, noKernel(m, err)
	}
	convs, err := known.Embedding(n.model)
	if err != nil {
		return nil, noKernel(n, err)
	}
	mel, err := kernel.NewMel(e.set, melSpec)
	if err != nil {
		return nil, noKernel(m, packed(err))
	}
	emb, err := kernel.NewEmbedder(e.set, convs)
	if err != nil {
		mel.Close()
		return nil, noKernel(n, packed(err))
	}
	x := &Extractor{mel: computedMel{mel}, emb: computedEmbedding{emb}, notes: Forms{Mel: "kernel", Embedding: "kernel", Kernel: e.set.String()}}
	if err = x.Reset(); err == nil {
		err = e.proveExtractor(x, m, n)
	}
	if err != nil {
		return nil, errors.Join(noKernel(n, err), x.Close())
	}
	return x, x.Reset()
}

type computedMel struct{ *kernel.Mel }

func (m computedMel) run(pcm *[span]float32, out *[melRows]float32) error {
	m.Run(pcm, out)
	return nil
}

func (m computedMel) close() error { m.Close(); return nil }

type computedEmbedding struct{ *kernel.Embedder }

func (e computedEmbedding) push(rows *[melRows]float32, out *[Embedding]float32) error {
	e.Push(rows, out)
	return nil
}

func (e computedEmbedding) reset() error { e.Reset(); return nil }
func (e computedEmbedding) close() error { e.Close(); return nil }

// computeHead opens a head in our kernels.
func (e *Engine) computeHead(d onnx.Data) (*Head, error) {
	n, err := load(d)
	if err != nil {
		return nil, err
	}
	if _, _, err := onnx.Head(n.model, Embedding); err != nil {
		return nil, n.wrong(headKind, "%v", err)
	}
	spec, err := known.Head(n.model)
	if err != nil {
		return nil, noKernel(n, err)
	}
	k, err := kernel.NewHead(e.set, spec)
	if err != nil {
		return nil, noKernel(n, packed(err))
	}
	h := &Head{net: computedHead{k}, out: make([]float32, spec.Classes), window: spec.Window}
	if err := e.proveHead(h, n); err != nil {
		return nil, errors.Join(noKernel(n, err), h.Close())
	}
	h.Reset()
	return h, nil
}

type computedHead struct{ *kernel.Head }

func (h computedHead) push(emb *[Embedding]float32, scores []float32, score bool) error {
	h.Push(emb, scores, score)
	return nil
}

func (h computedHead) reset()       { h.Reset() }
func (h computedHead) close() error { h.Close(); return nil }

// computeVAD opens a voice gate in our kernels.
func (e *Engine) computeVAD(d onnx.Data) (*VAD, error) {
	n, err := load(d)
	if err != nil {
		return nil, err
	}
	if err := isSilero(n); err != nil {
		return nil, err
	}
	spec, err := known.Gate(n.model)
	if err != nil {
		return nil, noKernel(n, err)
	}
	k, err := kernel.NewGate(e.set, spec)
	if err != nil {
		return nil, noKernel(n, packed(err))
	}
	s := k.State()
	v := &VAD{net: computedGate{k}, state: [2][]float32{s[:len(s)/2], s[len(s)/2:]}}
	if err := e.proveVAD(v, n); err != nil {
		return nil, errors.Join(noKernel(n, err), v.Close())
	}
	v.Reset()
	return v, nil
}

type computedGate struct{ *kernel.Gate }

func (g computedGate) push(pcm *[Hop]float32) ([2]float32, error) { return g.Push(pcm), nil }
func (g computedGate) close() error                               { g.Close(); return nil }
