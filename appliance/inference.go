package appliance

import (
	"context"
	"fmt"
	"sync"

	"orac/appliance/audio"
	"orac/appliance/memory"
	"orac/appliance/node"
	"orac/models"
	"orac/models/infer"
	"orac/models/wake"
	"orac/runbook"
)

// OpenInference loads the inference library and gives the networks of a model store. Relative paths of models start from
// dir.
func OpenInference(store models.Store, dir string) (Inference, error) {
	e := &engine{store: store, dir: dir, ready: map[runbook.Address]*infer.Head{}}
	if err := e.load(); err != nil {
		return Inference{}, err
	}
	return Inference{Extractor: e.extractor, Gate: e.gate, Model: e.model, Head: e.head}, nil
}

// engine opens networks of one inference library.
type engine struct {
	store   models.Store
	dir     string // that relative paths start from
	runtime *infer.Runtime
	files   struct{ mel, embedding, vad string }

	mu    sync.Mutex // guards everything that follows
	ready map[runbook.Address]*infer.Head
}

func (e *engine) load() error {
	library, err := e.store.Path("onnxruntime")
	if err != nil {
		return err
	}
	if e.files.mel, err = e.store.Path("melspectrogram"); err != nil {
		return err
	}
	if e.files.embedding, err = e.store.Path("embedding_model"); err != nil {
		return err
	}
	e.runtime, err = infer.Open(library)
	return err
}

func (e *engine) extractor() (node.Extractor, error) {
	x, err := e.runtime.OpenExtractor(infer.Config{Mel: e.files.mel, Embedding: e.files.embedding})
	if err != nil {
		return nil, err
	}
	memory.Trim() // what loading needed, listening does not
	return x, nil
}

// model opens a head to learn its classes, and keeps it for the node that asks first: a model that cannot be loaded is
// known before anything runs.
func (e *engine) model(m runbook.Model) (wake.Model, error) {
	f, h, err := e.open(m)
	if err != nil {
		return wake.Model{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if old := e.ready[m.Address]; old != nil {
		_ = old.Close() // another listener has asked before
	}
	e.ready[m.Address] = h
	return wake.Model{Classes: h.Classes(), Labels: f.Labels, Ignored: f.Ignored}, nil
}

func (e *engine) head(m runbook.Model) (node.Classifier, error) {
	e.mu.Lock()
	h := e.ready[m.Address]
	delete(e.ready, m.Address)
	e.mu.Unlock()
	if h != nil {
		return h, nil
	}
	_, h, err := e.open(m)
	return h, err
}

func (e *engine) open(m runbook.Model) (models.File, *infer.Head, error) {
	f, err := e.store.Resolve(context.Background(), m.Source, m.SHA256, e.dir)
	if err != nil {
		return f, nil, fmt.Errorf("%s: %w", m.Address, err)
	}
	h, err := e.runtime.OpenHead(f.Path)
	if err != nil {
		return f, nil, fmt.Errorf("%s: %w", m.Address, err)
	}
	return f, h, nil
}

// gate is Silero's voice detection with openWakeWord's delay.
func (e *engine) gate() (node.Gate, error) {
	file, err := e.store.Path("silero_vad")
	if err != nil {
		return nil, err
	}
	v, err := e.runtime.OpenVAD(file)
	if err != nil {
		return nil, err
	}
	memory.Trim()
	return &voice{VAD: v}, nil
}

type voice struct {
	*infer.VAD
	gate wake.Gate
}

func (v *voice) Push(pcm *[audio.HopSamples]int16) (float32, error) {
	chunks, err := v.VAD.Push(pcm)
	if err != nil {
		return 0, err
	}
	return v.gate.Push(chunks), nil
}

func (v *voice) Reset() {
	v.VAD.Reset()
	v.gate.Reset()
}
