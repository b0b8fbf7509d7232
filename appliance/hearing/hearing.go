package main

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"orac/models"
	"orac/models/detect"
	"orac/models/wake"
	"orac/runbook"
)

// hearing is what orac detect listens for: the models named on the command line, or those of the
// runbook.
func (a *app) hearing(f detectFlags, rb *runbook.Runbook) (detect.Config, error) {
	c := detect.Config{Store: a.store(rb), BaseDir: "."}
	named := f.models
	if f.runbook && len(named) == 0 {
		for _, m := range rb.Models {
			if m.Enabled {
				named = append(named, m.Name)
			}
		}
	}
	if len(named) == 0 {
		return c, usage("say what to listen for: --model NAME (orac models list shows the names), or -f RUNBOOK for its models")
	}
	seen := map[string]bool{}
	for _, given := range named {
		m, rules, err := f.model(given, rb)
		switch {
		case err != nil:
			return c, err
		case seen[m.Name]:
			return c, usage("--model %s: two models are named %q; give each once", given, m.Name)
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
func (f detectFlags) model(given string, rb *runbook.Runbook) (detect.Model, *runbook.Listener, error) {
	if f.runbook {
		source := models.CatalogPrefix + given
		i := slices.IndexFunc(rb.Models, func(m runbook.Model) bool { return m.Name == given || m.Source == given || m.Source == source })
		if i >= 0 {
			m, l := f.declared(rb, rb.Models[i])
			return m, l, nil
		}
	}
	m := detect.Model{Source: given, Model: wake.Model{
		Name: strings.TrimSuffix(filepath.Base(given), ".onnx"), Threshold: float32(f.threshold), VADThreshold: float32(f.vad), Cooldown: 2 * time.Second,
	}}
	switch {
	case given == "":
		return m, nil, usage("--model: a name is empty")
	case strings.HasSuffix(given, ".onnx") || strings.Contains(given, "://"):
		return m, nil, nil
	}
	e, err := models.Find(strings.TrimPrefix(given, models.CatalogPrefix))
	if err != nil {
		return m, nil, usage("--model: %w", err)
	}
	if e.Kind != models.Head {
		return m, nil, usage("--model %s: it is not a wake word (orac models list shows them)", given)
	}
	m.Name, m.Source = e.Name, models.CatalogPrefix+e.Name
	return m, nil, nil
}

// declared returns a model of the runbook with its rules; flags override them.
func (f detectFlags) declared(rb *runbook.Runbook, m runbook.Model) (detect.Model, *runbook.Listener) {
	d := detect.Model{Source: m.Source, SHA256: m.SHA256, Private: m.PrivateSource, Model: wake.Model{
		Name: m.Name, Threshold: float32(m.Threshold), Cooldown: m.Cooldown, Patience: m.Patience,
	}}
	if !strings.Contains(m.Source, ":") {
		d.Source = rb.Resolve(m.Source)
	}
	if f.ownLevel {
		d.Threshold = float32(f.threshold)
	}
	var rules *runbook.Listener
	if i := slices.IndexFunc(rb.Listeners, func(l runbook.Listener) bool { return slices.Contains(l.Models, m.Address) }); i >= 0 {
		rules = &rb.Listeners[i]
		d.VADThreshold = float32(rules.VADThreshold)
	}
	if f.ownVoice || rules == nil {
		d.VADThreshold = float32(f.vad)
	}
	return d, rules
}
