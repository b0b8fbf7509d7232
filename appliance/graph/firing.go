package graph

import (
	"fmt"
	"slices"
	"time"

	"orac/models/wake"
	"orac/runbook"
)

// firingModel is when a model fires, for a listener and for the clients of a service. The file says which classes it has.
type firingModel struct {
	Address       runbook.Address
	Name          string
	Source        string        `hcl:"source"`
	SHA256        string        `hcl:"sha256"`
	PrivateSource bool          `hcl:"private_source"`
	Threshold     float64       `hcl:"threshold"`
	Cooldown      time.Duration `hcl:"cooldown"`
	Patience      int           `hcl:"patience"`
	WakeWord      string        `hcl:"wake_word"`
	Classes       []string      `hcl:"classes"`
	Enabled       bool          `hcl:"enabled"`
}

// rules are those of a model that is enabled, and its file. ok is false if the file must be fetched first: its classes are known then, and
// until then this graph does not run.
func (a *Assembly) rules(m firingModel) (rules wake.Model, file ModelFile, ok bool, err error) {
	file = a.file(see[Model](m))
	file.Private = m.PrivateSource
	rules, err = a.Model(file)
	if a.lacks(m.Address, file, err) {
		return rules, file, false, nil
	}
	if err == nil {
		err = choose(&rules, m.Address, m.Classes)
	}
	rules.Name, rules.Threshold, rules.Patience, rules.Cooldown = m.Name, float32(m.Threshold), m.Patience, m.Cooldown
	return rules, file, err == nil, err
}

// choose lets only those classes fire that the runbook names, if it names any.
func choose(rules *wake.Model, model runbook.Address, classes []string) error {
	if len(classes) == 0 {
		return nil
	}
	for _, class := range classes {
		if !slices.Contains(rules.Labels, class) {
			return fmt.Errorf("%s: classes: the model has no class %q; it has %q", model, class, rules.Labels)
		}
	}
	rules.Ignored = nil
	for i, label := range rules.Labels {
		if !slices.Contains(classes, label) {
			rules.Ignored = append(rules.Ignored, i)
		}
	}
	return nil
}
