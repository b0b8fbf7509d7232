//go:build cgo

package appliance

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"orac/appliance/audio"
	"orac/appliance/graph"
	"orac/appliance/memory"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/models"
	"orac/models/infer"
	"orac/models/wake"
)

// OpenInference returns the networks of a model store. They are looked for when a graph asks for them: one that hears nothing needs none.
// ONNX Runtime is loaded only if a network needs it (infer.Engine). The end of ctx interrupts downloads. If copies names a folder, models that are
// named by path are copied into it.
func OpenInference(ctx context.Context, store models.Store, copies string) (graph.Inference, error) {
	engine, err := infer.New(store.Library)
	if err != nil {
		return graph.Inference{}, err
	}
	e := &inference{ctx: ctx, store: store, copies: copies, engine: engine, ready: map[string]*infer.Head{}, known: map[string]wake.Model{}}
	return graph.Inference{Extractor: e.extractor, Gate: e.gate, Ready: e.gateReady, Trim: e.trim, Model: e.model, Head: e.head, Fetch: e.fetch}, nil
}

// inference opens networks of one store.
type inference struct {
	ctx    context.Context // ends with the process
	store  models.Store
	copies string // folder of model files as they were loaded; empty: no copies are kept
	engine *infer.Engine

	mu    sync.Mutex             // guards the fields below
	ready map[string]*infer.Head // opened and not yet used, by the SHA-256 of the file
	known map[string]wake.Model  // by the same hash

	trimmed bool // once before
}

// shared reads the networks that all models of a device share.
func (e *inference) shared() (infer.Config, error) {
	mel, err := e.store.Load("melspectrogram")
	if err != nil {
		return infer.Config{}, err
	}
	embedding, err := e.store.Load("embedding_model")
	return infer.Config{Mel: mel.Data, Embedding: embedding.Data}, err
}

func (e *inference) extractor() (node.Extractor, error) {
	c, err := e.shared()
	if err != nil {
		return nil, err
	}
	x, err := e.engine.OpenExtractor(c)
	if err != nil {
		return nil, err
	}
	e.spare()
	return x, nil
}

// spare releases memory that loading needed and listening does not. While the appliance starts it leaves that to trim: what is released
// before the rest of the start has run comes back at once.
func (e *inference) spare() {
	e.mu.Lock()
	started := e.trimmed
	e.mu.Unlock()
	if started {
		memory.Trim()
	}
}

// trim releases what loading needed: heads that were opened for a plan that nobody applied, and memory.
func (e *inference) trim() {
	e.mu.Lock()
	for sum, h := range e.ready {
		_ = h.Close() // it was never used
		delete(e.ready, sum)
	}
	first := !e.trimmed
	e.trimmed = true
	e.mu.Unlock()
	if first {
		memory.Trim()
	} else {
		memory.Release()
	}
}

// model returns what the file of a model says. The first time it opens the head, and keeps it for the first node that asks: a
// model that cannot be loaded is found before anything runs.
func (e *inference) model(m graph.ModelFile) (wake.Model, error) {
	f, err := e.file(m)
	if err != nil {
		return wake.Model{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if w, ok := e.known[f.SHA256]; ok {
		_ = e.keep(m, f) // a full disk must not prevent loading a model; a later rollback may then be impossible
		return w, nil
	}
	if _, err := e.shared(); err != nil { // without them a head hears nothing
		return wake.Model{}, err
	}
	h, err := e.engine.OpenHead(f.Data)
	if err != nil {
		return wake.Model{}, fmt.Errorf("%s: %w", m.Address, err)
	}
	_ = e.keep(m, f) // as above
	e.ready[f.SHA256] = h
	e.known[f.SHA256] = wake.Model{Classes: h.Classes(), Labels: f.Labels, Ignored: f.Ignored}
	return e.known[f.SHA256], nil
}

// fetch downloads models into the store.
func (e *inference) fetch(t *rt.Task, list []graph.Lacking, within time.Duration) error {
	ctx, cancel := context.WithTimeout(e.ctx, within)
	defer cancel()
	if t != nil {
		defer t.OnStop(cancel)()
	}
	for _, l := range list {
		var err error
		if len(l.Names) > 0 {
			err = e.store.Pull(ctx, l.Names, nil)
		} else {
			err = e.store.Fetch(ctx, models.Wanted{Source: l.File.Source, SHA256: l.SHA256, Private: l.File.Private})
		}
		if err != nil {
			return fmt.Errorf("%s: %w", l.Block, err)
		}
	}
	return nil
}

func (e *inference) head(m graph.ModelFile) (node.Classifier, error) {
	f, err := e.file(m)
	if err != nil && !errors.Is(err, errReplaced) { // a replaced file is loaded all the same: the appliance still hears
		return nil, err
	}
	e.mu.Lock()
	h := e.ready[f.SHA256]
	delete(e.ready, f.SHA256)
	e.mu.Unlock()
	if h != nil {
		return h, nil
	}
	h, err = e.engine.OpenHead(f.Data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Address, err)
	}
	return h, nil
}

func (e *inference) gateReady() error {
	return e.store.Verify("silero_vad")
}

// gate is Silero's voice detection with openWakeWord's delay.
func (e *inference) gate() (node.Gate, error) {
	file, err := e.store.Load("silero_vad")
	if err != nil {
		return nil, err
	}
	v, err := e.engine.OpenVAD(file.Data)
	if err != nil {
		return nil, err
	}
	e.spare()
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

// AppendState and SetState handle the state of the network followed by that of the delay. A simulator can continue from a
// state that it has seen before.
func (v *voice) AppendState(b []byte) []byte { return v.gate.AppendState(v.VAD.AppendState(b)) }

func (v *voice) SetState(b []byte) error {
	network := len(v.VAD.AppendState(nil))
	if len(b) < network {
		return fmt.Errorf("voice gate: a state of %d bytes", len(b))
	}
	return errors.Join(v.VAD.SetState(b[:network]), v.gate.SetState(b[network:]))
}
