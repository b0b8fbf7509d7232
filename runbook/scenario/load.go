package scenario

import (
	"time"

	"orac/runbook"
)

// Load reads, evaluates and validates the scenario at path. When there are errors among the Diagnostics the Scenario is nil;
// warnings come beside one. The runbook that it runs is not looked at, see Scenario.Runbook; and a variable that is given may be
// the runbook's.
func Load(path string, opts runbook.Options) (*Scenario, runbook.Diagnostics) {
	s := &Scenario{}
	return s.of(Language.Load(path, spare(opts), s))
}

// Parse is Load for text that has been read already; filename stands in diagnostics, and its directory is what relative paths
// are relative to.
func Parse(src []byte, filename string, opts runbook.Options) (*Scenario, runbook.Diagnostics) {
	s := &Scenario{}
	return s.of(Language.Parse(src, filename, spare(opts), s))
}

// spare lets variables be given that the runbook declares and the scenario does not.
func spare(opts runbook.Options) runbook.Options {
	opts.Spare = func(string) bool { return true }
	return opts
}

// Is tells whether a text is a scenario, by its block of that type; also one that cannot be parsed.
func Is(src []byte) bool { return runbook.HasBlock(src, headBlock.Type) }

// of completes a scenario with the document that it was built from; nil when there is none.
func (s *Scenario) of(d *runbook.Document, found runbook.Diagnostics) (*Scenario, runbook.Diagnostics) {
	if d == nil {
		return nil, found
	}
	s.File, s.Dir, s.Blocks, s.doc = d.File, d.Dir, d.Blocks, d
	return s, found
}

// Problem is a diagnostic about an attribute of a block, or about the whole block when the attribute is "" or not written.
func (s *Scenario) Problem(block runbook.Address, attribute string, severity runbook.Severity, summary, detail string) runbook.Diagnostic {
	return s.doc.Problem(block, attribute, severity, summary, detail)
}

// settling is how long before the end the faults end, unless the scenario says when: there must be time to recover in.
const settling = 2 * time.Minute

// complete fills in the defaults that depend on other attributes.
func complete(value any, d *runbook.Document) {
	s := value.(*Scenario)
	if s.Head.Heal == 0 {
		s.Head.Heal = max(s.Head.For-settling, s.Head.For/2)
	}
	if len(s.Head.Backends) == 0 {
		s.Head.Backends = []string{"sim"}
	}
	for i := range s.Microphones {
		if m := &s.Microphones[i]; m.Identity == "" {
			m.Identity = m.Name
		}
	}
	for i := range s.Sounds {
		p := &s.Sounds[i]
		if b, _ := d.Block(p.Address); b.Attrs["wakes"].Default {
			p.Wakes = p.Play == playSpeech
		}
		if p.File() {
			p.Play = d.Resolve(p.Play)
		}
	}
	if s.Swarm.Every > 0 && len(s.Swarm.Weights) == 0 {
		s.Swarm.Weights = map[string]float64{}
		for _, k := range swarmKinds() {
			s.Swarm.Weights[k] = 1
		}
	}
}

// What a sound may play but a file.
const (
	playSpeech = "speech"
	playNoise  = "noise"
)

// File tells whether the sound is a file.
func (p Sound) File() bool { return p.Play != playSpeech && p.Play != playNoise }
