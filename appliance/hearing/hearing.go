// Package hearing tells what the appliance would hear in a sound file: with the models and rules of a runbook, or with models that a
// person names.
//
// It guarantees that a file gives the same result however often it is run, whatever was heard before it, and that the rules are those
// that the appliance would use.
package hearing

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"orac/models"
	"orac/models/detect"
	"orac/models/wake"
	"orac/runbook"
)

// Request says what to listen for.
type Request struct {
	Models []string         // names in the catalogue or the runbook, or paths; none: those of the runbook
	Rules  *runbook.Runbook // whose rules apply; nil: only those below
	// Threshold and Voice apply to models that the runbook does not declare, and instead of its rules where OwnThreshold and OwnVoice
	// say so.
	Threshold, Voice       float64
	OwnThreshold, OwnVoice bool
}

// Config is what a detector listens for. Its errors name the flags of orac detect.
func (r Request) Config(store models.Store) (detect.Config, error) {
	c := detect.Config{Store: store, BaseDir: "."}
	named := r.Models
	if r.Rules != nil && len(named) == 0 {
		for _, m := range r.Rules.Models {
			if m.Enabled {
				named = append(named, m.Name)
			}
		}
	}
	if len(named) == 0 {
		return c, errors.New("say what to listen for: --model NAME (orac models list shows the names), or -f RUNBOOK for its models")
	}
	seen := map[string]bool{}
	for _, given := range named {
		m, rules, err := r.model(given)
		switch {
		case err != nil:
			return c, err
		case seen[m.Name]:
			return c, fmt.Errorf("--model %s: two models are named %q; give each once", given, m.Name)
		}
		seen[m.Name] = true
		if rules != nil && len(c.Models) == 0 {
			c.RMSFilter, c.MultiTrigger = rules.RMSFilter, rules.MultiTrigger
		}
		c.Models = append(c.Models, m)
	}
	return c, nil
}

// model finds a model named on the command line, and the listener whose rules apply to it; nil if
// there is none.
func (r Request) model(given string) (detect.Model, *runbook.Listener, error) {
	if rb := r.Rules; rb != nil {
		source := models.CatalogPrefix + given
		i := slices.IndexFunc(rb.Models, func(m runbook.Model) bool { return m.Name == given || m.Source == given || m.Source == source })
		if i >= 0 {
			m, l := r.declared(rb.Models[i])
			return m, l, nil
		}
	}
	m := detect.Model{Source: given, Model: wake.Model{
		Name: strings.TrimSuffix(filepath.Base(given), ".onnx"), Threshold: float32(r.Threshold), VADThreshold: float32(r.Voice), Cooldown: 2 * time.Second,
	}}
	switch {
	case given == "":
		return m, nil, errors.New("--model: a name is empty")
	case strings.HasSuffix(given, ".onnx") || strings.Contains(given, "://"):
		return m, nil, nil
	}
	e, err := models.Find(strings.TrimPrefix(given, models.CatalogPrefix))
	if err != nil {
		return m, nil, fmt.Errorf("--model: %w", err)
	}
	if e.Kind != models.Head {
		return m, nil, fmt.Errorf("--model %s: it is not a wake word (orac models list shows them)", given)
	}
	m.Name, m.Source = e.Name, models.CatalogPrefix+e.Name
	return m, nil, nil
}

// declared returns a model of the runbook with its rules; flags override them.
func (r Request) declared(m runbook.Model) (detect.Model, *runbook.Listener) {
	d := detect.Model{Source: m.Source, SHA256: m.SHA256, Private: m.PrivateSource, Model: wake.Model{
		Name: m.Name, Threshold: float32(m.Threshold), Cooldown: m.Cooldown, Patience: m.Patience,
	}}
	if !strings.Contains(m.Source, ":") {
		d.Source = r.Rules.Resolve(m.Source)
	}
	if r.OwnThreshold {
		d.Threshold = float32(r.Threshold)
	}
	var rules *runbook.Listener
	if i := slices.IndexFunc(r.Rules.Listeners, func(l runbook.Listener) bool { return slices.Contains(l.Models, m.Address) }); i >= 0 {
		rules = &r.Rules.Listeners[i]
		d.VADThreshold = float32(rules.VADThreshold)
	}
	if r.OwnVoice || rules == nil {
		d.VADThreshold = float32(r.Voice)
	}
	return d, rules
}
