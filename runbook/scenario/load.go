package scenario

import (
	"time"

	"orac/runbook/language"
)

// Parse evaluates and validates a scenario. If there are errors among the Diagnostics, the Scenario is nil; warnings can come with
// a Scenario. Parse does not read the runbook that the scenario runs, see Scenario.Runbook. It accepts values of variables that the
// scenario does not declare, since they may be the runbook's. Diagnostics name filename, and relative paths start at its directory.
func Parse(src []byte, filename string, opts language.Options) (*Scenario, language.Diagnostics) {
	opts.Spare = func(string) bool { return true }
	s := &Scenario{}
	d, found := Vocabulary.Parse(src, filename, opts, s)
	if d == nil {
		return nil, found
	}
	s.Document = *d
	return s, found
}

// Is tells whether a text is a scenario, by its block of that type, even if the text cannot be
// parsed.
func Is(src []byte) bool { return language.HasBlock(src, headBlock.Type) }

// settling is how long before the end of the run faults end, unless the scenario sets heal: the appliance needs time
// to recover.
const settling = 2 * time.Minute

// complete fills in the defaults that depend on other attributes.
func complete(value any, d *language.Document) {
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
		for _, k := range kindNames(drawn) {
			s.Swarm.Weights[k] = 1
		}
	}
}

// What a sound may play instead of a file.
const (
	playSpeech = "speech"
	playNoise  = "noise"
)

// File tells whether the sound is a file.
func (p Sound) File() bool { return p.Play != playSpeech && p.Play != playNoise }
