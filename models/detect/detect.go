// Package detect puts the parts of models together for one stream of sound:
// extractor, heads, voice gate and trigger.
//
// It guarantees that `orac detect` and the tests hear exactly what the
// appliance hears: the appliance's nodes use the same parts in the same order,
// only spread over a graph.
package detect

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"orac/models"
	"orac/models/infer"
	"orac/models/wake"
)

// HopTime is the length of one hop, 80 ms.
const HopTime = infer.Hop * time.Second / infer.SampleRate

// Model is a model with its rules. Name may be left empty; Classes, Labels and
// Ignored always come from the file and the catalogue.
type Model struct {
	wake.Model
	Source  string // as in models.Store.Resolve: "catalog:NAME", a path, an https address, which Open fetches
	SHA256  string // needed for an https address, optional for a path
	Private bool   // as in models.Wanted
}

// Config says what to listen for.
type Config struct {
	Store        models.Store
	Models       []Model
	BaseDir      string // that relative paths start from
	MultiTrigger bool
	RMSFilter    float64
	Full         bool // original networks instead of the fast forms
}

// Detector hears one stream. Not safe for concurrent use.
type Detector struct {
	extractor *infer.Extractor
	heads     []*infer.Head
	vad       *infer.VAD // nil when no model has a voice threshold
	gate      wake.Gate
	trigger   *wake.Trigger
	emb       [infer.Embedding]float32
	scores    []wake.Scores
	hop       int64
}

// Result is what one hop gave. Its slices are valid until the next Push.
type Result struct {
	Hop        int64         // counted from 0
	At         time.Duration // end of the hop
	RMS        float64       // int16 scale
	Voice      float32       // of the gate; 0 without VAD
	Scores     []wake.Scores // one per model, in the order of Config.Models
	Detections []wake.Detection
}

// Open loads everything that c names. The caller closes the detector.
func Open(ctx context.Context, c Config) (*Detector, error) {
	if len(c.Models) == 0 {
		return nil, errors.New("nothing to listen for: no model is named (see: orac models list)")
	}
	if err := models.Missing(c.Store, c.needs()); err != nil {
		return nil, err
	}
	engine, err := infer.New(c.Store.Library)
	if err != nil {
		return nil, err
	}
	d := &Detector{}
	if err := d.open(ctx, engine, c); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// needs names what Open takes from the catalogue.
func (c Config) needs() []string {
	sources := make([]string, len(c.Models))
	for i, m := range c.Models {
		sources[i] = m.Source
	}
	names := models.Required(c.Full || infer.NeedsRuntime() || models.Foreign(sources...))
	names = slices.DeleteFunc(names, func(name string) bool { return name == "silero_vad" })
	for _, m := range c.Models {
		if m.VADThreshold > 0 {
			names = append(names, "silero_vad")
		}
		if name, ok := strings.CutPrefix(m.Source, models.CatalogPrefix); ok {
			names = append(names, name)
		}
	}
	return names
}

func (d *Detector) open(ctx context.Context, engine *infer.Engine, c Config) error {
	mel, err := c.Store.Load("melspectrogram")
	if err != nil {
		return err
	}
	embedding, err := c.Store.Load("embedding_model")
	if err != nil {
		return err
	}
	d.extractor, err = engine.OpenExtractor(infer.Config{Mel: mel.Data, Embedding: embedding.Data, Full: c.Full, OnnxMel: c.Full})
	if err != nil {
		return err
	}
	rules := wake.Rules{MultiTrigger: c.MultiTrigger, RMSFilter: c.RMSFilter}
	for _, m := range c.Models {
		if strings.HasPrefix(m.Source, "https://") {
			if err := c.Store.Fetch(ctx, models.Wanted{Source: m.Source, SHA256: m.SHA256, Private: m.Private}); err != nil {
				return err
			}
		}
		file, err := c.Store.Resolve(m.Source, m.SHA256, c.BaseDir)
		if err != nil {
			return err
		}
		h, err := engine.OpenHead(file.Data)
		if err != nil {
			return err
		}
		d.heads = append(d.heads, h)
		if m.Name == "" {
			m.Name = file.Name
		}
		m.Classes, m.Labels, m.Ignored = h.Classes(), file.Labels, file.Ignored
		rules.Models = append(rules.Models, m.Model)
		if m.VADThreshold > 0 && d.vad == nil {
			vad, err := c.Store.Load("silero_vad")
			if err != nil {
				return fmt.Errorf("model %s has a vad_threshold: %w", m.Name, err)
			}
			if d.vad, err = engine.OpenVAD(vad.Data); err != nil {
				return err
			}
		}
	}
	d.scores = make([]wake.Scores, len(d.heads))
	d.trigger, err = wake.New(rules)
	return err
}

// Models returns the rules in force, one per model, in order.
func (d *Detector) Models() []wake.Model { return d.trigger.Rules().Models }

// Forms reports which implementations run.
func (d *Detector) Forms() infer.Forms { return d.extractor.Forms() }

// Push takes one hop. It does not allocate unless something fires.
func (d *Detector) Push(pcm *[infer.Hop]int16) (Result, error) {
	r := Result{Hop: d.hop, At: time.Duration(d.hop+1) * HopTime, RMS: RMS(pcm[:]), Scores: d.scores}
	if err := d.extractor.Push(pcm, &d.emb); err != nil {
		return r, err
	}
	for i, h := range d.heads {
		values, masked, err := h.Push(&d.emb)
		if err != nil {
			return r, fmt.Errorf("model %s: %w", d.trigger.Rules().Models[i].Name, err)
		}
		d.scores[i] = wake.Scores{Values: values, Masked: masked}
	}
	if d.vad != nil {
		chunks, err := d.vad.Push(pcm)
		if err != nil {
			return r, err
		}
		r.Voice = d.gate.Push(chunks)
	}
	d.hop++
	r.Detections = d.trigger.Step(r.Hop, r.At, r.RMS, r.Voice, d.scores)
	return r, nil
}

// Reset returns to the state before any sound, for the next stream.
func (d *Detector) Reset() error {
	d.hop = 0
	d.gate.Reset()
	d.trigger.Reset()
	for _, h := range d.heads {
		h.Reset()
	}
	if d.vad != nil {
		d.vad.Reset()
	}
	return d.extractor.Reset()
}

// Close frees all networks.
func (d *Detector) Close() error {
	var errs []error
	for _, h := range d.heads {
		errs = append(errs, h.Close())
	}
	if d.vad != nil {
		errs = append(errs, d.vad.Close())
	}
	if d.extractor != nil {
		errs = append(errs, d.extractor.Close())
	}
	return errors.Join(errs...)
}

// RMS is the root mean square of samples, int16 scale; 0 for none.
func RMS(pcm []int16) float64 {
	if len(pcm) == 0 {
		return 0
	}
	var sum int64 // at most 2^30 a sample: no overflow below 2^33 samples
	for _, s := range pcm {
		sum += int64(s) * int64(s)
	}
	return math.Sqrt(float64(sum) / float64(len(pcm)))
}
