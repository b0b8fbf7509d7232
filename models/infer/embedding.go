package infer

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"orac/models/onnx"
)

// maxProofDiff is how far the streaming embedding may be from that of the full
// window. (On amd64, ONNX Runtime 1.30 gives a difference of exactly 0; other
// machines may add in another order.)
const maxProofDiff = 1e-5

// openEmbedding returns the streaming form of the embedding network. It returns
// the network itself, on full windows, if there is no streaming form, if the
// two do not prove equal, or if c asks for it.
func (r *Runtime) openEmbedding(c Config, f *Forms) (embedder, error) {
	n, err := load(c.Embedding)
	if err != nil {
		return nil, err
	}
	if !c.Full {
		e, err := r.tryStreaming(n)
		if err == nil {
			f.Embedding = "streaming"
			return e, nil
		}
		f.Why = join(f.Why, err)
	}
	f.Embedding = "full"
	return r.openFullWindows(n)
}

// tryStreaming derives the streaming form and proves it against the network,
// unless it was proved before.
func (r *Runtime) tryStreaming(n *network) (*streaming, error) {
	form, err := onnx.Stream(n.model, window, melFrames)
	if err != nil {
		return nil, err
	}
	e, err := r.openStreaming("streaming form of "+n.file, form)
	if err != nil {
		return nil, err
	}
	if r.proved(n, form) {
		return e, nil
	}
	full, err := r.openFullWindows(n)
	if err != nil {
		return nil, errors.Join(err, e.close())
	}
	if err := errors.Join(prove(e, full), full.close()); err != nil {
		return nil, errors.Join(err, e.close())
	}
	r.remember(n, form)
	return e, nil
}

// prove compares both forms, starting from the initial state, over three
// windows of noise of changing level, then again after a reset. Both are left
// in an undefined state.
func prove(part *streaming, full *fullWindows) error {
	rng := rand.New(rand.NewPCG(76, 32)) // the same noise every time
	var rows [melRows]float32
	var a, b [Embedding]float32
	for range 2 {
		if err := errors.Join(part.reset(), full.reset()); err != nil {
			return err
		}
		for hop := range 3 * (window + melFrames - 1) / melFrames {
			for i := range rows { // the range of real rows is about -4 to 8
				rows[i] = float32(2 + rng.NormFloat64()*float64(hop%5))
			}
			if err := errors.Join(part.push(&rows, &a), full.push(&rows, &b)); err != nil {
				return err
			}
			for i := range a {
				if d := a[i] - b[i]; !(d <= maxProofDiff && d >= -maxProofDiff) {
					return fmt.Errorf("%w: its streaming form differs by %g in hop %d from the full window", onnx.ErrNotStreamable, d, hop)
				}
			}
		}
	}
	return nil
}

// join adds a reason to earlier ones.
func join(why string, err error) string {
	if why == "" {
		return err.Error()
	}
	return why + "; " + err.Error()
}
