package infer

import (
	"errors"
	"fmt"

	"orac/models/onnx"
)

// mel turns the newest 1760 samples into 8 frames of 32 bins, already scaled
// for the embedding (dB/10 + 2).
type mel interface {
	run(pcm *[span]float32, out *[melRows]float32) error
	close() error
}

// embedder turns 8 more mel frames into the embedding of the newest 76.
type embedder interface {
	push(rows *[melRows]float32, out *[Embedding]float32) error
	reset() error // back to a past of 76 frames of ones, as openWakeWord starts
	close() error
}

// Extractor turns hops of sound into embeddings, which all heads of a device
// share.
type Extractor struct {
	mel   mel
	emb   embedder
	pcm   [span]float32 // the newest samples, not normalised
	rows  [melRows]float32
	notes Forms
}

// Forms says which implementations an extractor runs and, where it fell back to
// an original network, why.
type Forms struct {
	Mel       string `json:"mel"`              // "kernel", "fft" or "onnx"
	Embedding string `json:"embedding"`        // "kernel", "streaming" or "full"
	Kernel    string `json:"kernel,omitempty"` // the instruction set of the kernels
	Why       string `json:"why,omitempty"`
}

// Config names the two networks of an extractor. The zero values of the
// switches select the fast forms; with one of them set, ONNX Runtime computes.
type Config struct {
	Mel       onnx.Data // the mel spectrogram network
	Embedding onnx.Data // the embedding network
	OnnxMel   bool      // run the mel network instead of the FFT
	Full      bool      // embed full windows instead of streaming
}

// OpenExtractor loads both networks into ONNX Runtime. If a network cannot be
// used in its fast form, the original is used, and Forms says why; a file that is
// not such a network is an error.
func (r *Runtime) OpenExtractor(c Config) (*Extractor, error) {
	x := &Extractor{}
	var err error
	if x.mel, err = r.openMel(c, &x.notes); err != nil {
		return nil, err
	}
	if x.emb, err = r.openEmbedding(c, &x.notes); err != nil {
		x.mel.close()
		return nil, err
	}
	if err := x.Reset(); err != nil {
		x.Close()
		return nil, err
	}
	return x, nil
}

// Forms reports what runs.
func (x *Extractor) Forms() Forms { return x.notes }

// Push adds one hop and returns the embedding of the 76 mel frames (775 ms)
// that end with it. It does not allocate.
func (x *Extractor) Push(pcm *[Hop]int16, out *[Embedding]float32) error {
	copy(x.pcm[:lead], x.pcm[Hop:])
	for i, v := range pcm {
		x.pcm[lead+i] = float32(v)
	}
	if err := x.mel.run(&x.pcm, &x.rows); err != nil {
		return fmt.Errorf("mel spectrogram: %w", err)
	}
	if err := x.emb.push(&x.rows, out); err != nil {
		return fmt.Errorf("embedding: %w", err)
	}
	return nil
}

// Reset returns to the state before any sound: 480 samples of silence and a
// past of 76 mel frames of ones.
func (x *Extractor) Reset() error {
	clear(x.pcm[:])
	if err := x.emb.reset(); err != nil {
		return fmt.Errorf("embedding: %w", err)
	}
	return nil
}

// Close frees both networks.
func (x *Extractor) Close() error { return errors.Join(x.mel.close(), x.emb.close()) }
