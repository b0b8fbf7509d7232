package memo

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/models"
	"orac/models/wake"
)

// Limits of a Memo. The zero value means the defaults.
type Limits struct {
	Features int // embeddings; default 131072, which is 2.9 hours of sound without repetition and at most 80 MB
	Scores   int // of all heads; default 262144, at most 50 MB
	Voices   int // states of the voice gate; default 32768, which is 44 minutes and at most 50 MB
	Networks int // real networks of each kind, and of each model; default 4. As many sounds can be new at a time without replaying hops
}

func (l Limits) filled() Limits {
	set := func(v *int, to int) {
		if *v <= 0 {
			*v = to
		}
	}
	set(&l.Features, 1<<17)
	set(&l.Scores, 1<<18)
	set(&l.Voices, 1<<15)
	set(&l.Networks, 4)
	return l
}

// Memo is inference that runs the networks behind it only for unknown input.
type Memo struct {
	real     graph.Inference
	limits   Limits
	features *features
	scores   *scores
	voices   *voices
	bypassed atomic.Uint64

	mu     sync.Mutex // guards everything that follows
	models map[identity]*model
	says   map[identity]wake.Model // what their files say
	closed bool
}

// Wrap adds a memory to real inference, whose functions must be safe for concurrent use, as those of appliance.OpenInference
// are. A file is assumed not to change after it was first opened. A head that does not say how long its window is, and a gate
// whose state is not a value, run for every hop and are counted (Stats.Bypassed).
func Wrap(real graph.Inference, l Limits) *Memo {
	m := &Memo{real: real, limits: l.filled(), models: map[identity]*model{}, says: map[identity]wake.Model{}}
	m.features = &features{table: newTable[*[96]float32](m.limits.Features)}
	m.features.pool = newPool(m.limits.Networks, func() (*stepped, error) {
		x, err := real.Extractor()
		if err != nil {
			return nil, err
		}
		return &stepped{Extractor: x}, nil
	})
	m.scores = &scores{table: newTable[*score](m.limits.Scores)}
	m.voices = &voices{table: newTable[*voice](m.limits.Voices)}
	m.voices.pool = newPool(m.limits.Networks, m.resumable)
	return m
}

// Inference returns what an appliance needs. Many appliances may share it.
func (m *Memo) Inference() graph.Inference {
	return graph.Inference{
		Extractor: m.features.open, Gate: m.gate, Trim: m.real.Trim, Ready: m.real.Ready, Model: m.model, Head: m.head,
	}
}

// Close closes the networks; those in use are closed as soon as they are returned.
func (m *Memo) Close() error {
	m.mu.Lock()
	m.closed = true
	known := slices.Collect(maps.Values(m.models))
	m.mu.Unlock()
	errs := []error{m.features.pool.close(), m.voices.pool.close()}
	for _, x := range known {
		errs = append(errs, x.pool.close())
	}
	return errors.Join(errs...)
}

// errNoState is the pool's error for gates that cannot be shared.
var errNoState = errors.New("the state of this voice gate is no value")

func (m *Memo) resumable() (resumable, error) {
	g, err := m.real.Gate()
	if err != nil {
		return nil, err
	}
	if r, ok := g.(resumable); ok {
		return r, nil
	}
	return nil, errors.Join(errNoState, g.Close())
}

func (m *Memo) gate() (node.Gate, error) {
	g, err := m.voices.open()
	if errors.Is(err, errNoState) {
		m.bypassed.Add(1)
		return m.real.Gate()
	}
	return g, err
}

func (m *Memo) model(f graph.ModelFile) (wake.Model, error) {
	w, err := m.real.Model(f)
	if err == nil {
		m.mu.Lock()
		m.says[identify(f)] = w
		m.mu.Unlock()
	}
	return w, err
}

func (m *Memo) head(f graph.ModelFile) (node.Classifier, error) {
	id := identify(f)
	if known := m.known(id); known != nil {
		return m.scores.open(known, f.Name), nil
	}
	first, err := m.real.Head(f)
	if err != nil {
		return nil, err
	}
	w, ok := first.(windowed)
	if !ok || w.Window() < 1 || w.Window() > maxWindow {
		m.bypassed.Add(1)
		return first, nil
	}
	fresh := &model{key: id.key(), window: w.Window()}
	fresh.pool = newPool(m.limits.Networks, func() (node.Classifier, error) { return m.real.Head(f) })
	fresh.pool.opened = 1
	fresh.pool.put(first)
	known, err := m.add(id, fresh)
	if err != nil {
		return nil, err
	}
	return m.scores.open(known, f.Name), nil
}

func (m *Memo) known(id identity) *model {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.models[id]
}

// add registers a model and returns it. If another goroutine was faster, it returns that one's.
func (m *Memo) add(id identity, fresh *model) (*model, error) {
	m.mu.Lock()
	known := m.models[id]
	closed := m.closed
	if known == nil && !closed {
		m.models[id], known = fresh, fresh
	}
	m.mu.Unlock()
	if closed {
		return nil, errors.Join(errClosed, fresh.pool.close())
	}
	if known != fresh {
		return known, fresh.pool.close()
	}
	return known, nil
}

// identity distinguishes the heads of different models.
type identity struct{ name, source, sha256 string }

// identify names the file of a model: by its checksum if the runbook or the catalogue states it, otherwise by its path.
func identify(m graph.ModelFile) identity {
	id := identity{m.Name, m.Source, strings.ToLower(m.SHA256)}
	if name, ok := strings.CutPrefix(m.Source, models.CatalogPrefix); ok {
		if e, err := models.Find(name); err == nil {
			id.sha256 = e.SHA256
		}
	} else if !strings.Contains(m.Source, "://") && id.sha256 == "" {
		id.source = m.Path
	}
	return id
}

func (id identity) key() Key { return hash(id.bytes()) }
