package sim

import (
	"orac/appliance/core"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
)

// evaluator evaluates runbooks in the world of a machine.
type evaluator struct{ m *machine }

// Read implements core.Language. The file is the text that the machine started with or applied
// last.
func (l evaluator) Read(string) ([]byte, error) { return l.m.text, nil }

// Evaluate implements core.Language.
func (l evaluator) Evaluate(_ *rt.Task, e core.Evaluation) (*runbook.Runbook, language.Diagnostics) {
	world := l.m.options()
	if e.Kept != nil {
		return e.Kept.Parse(world)
	}
	if e.Within != nil {
		world.Within = &e.Within.Document
	}
	return runbook.Parse(e.Text, l.m.file, world)
}

// Check implements core.Language. It checks nothing: the files of this machine are not those
// of the simulated one.
func (evaluator) Check(*runbook.Runbook) language.Diagnostics { return nil }

var _ core.Language = evaluator{}

// asTheOwner is the origin of a runbook change in a simulation.
var asTheOwner = status.OnMachine("world")
