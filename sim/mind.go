package sim

import (
	"errors"
	"time"

	"orac/appliance/act"
	"orac/appliance/graph"
	"orac/appliance/rt"
	"orac/runbook/scenario"
	"orac/sim/trial/deeds"
)

// mind is a model of a language model: it finds the number in what was said, and asks for it in the way that it is offered.
type mind struct {
	ailments
	m    *machine
	name string
}

// mindTime is how long a small model on a Pi takes for an answer.
const mindTime = 1200 * time.Millisecond

// mindOf returns the language model of a block by its name.
func (m *machine) mindOf(name string) *mind {
	x, ok := m.minds[name]
	if !ok {
		x = &mind{m: m, name: name}
		m.minds[name] = x
	}
	return x
}

// mind makes the client of a language_model block.
func (m *machine) mind(s graph.ModelService) (act.LanguageModel, error) {
	return m.mindOf(s.Model.Name), nil
}

// Choose implements act.LanguageModel.
func (x *mind) Choose(t *rt.Task, q act.Question) ([]byte, error) {
	if err := x.m.unreached("ask", x.name); err != nil {
		return nil, err
	}
	if x.first(func(x *ailment) bool { return x.Kind.Info().Refuses }) != nil {
		return nil, errors.New("connection refused")
	}
	for x.has(scenario.ModelHangs) {
		if err := t.Sleep(time.Second); err != nil {
			return nil, err
		}
	}
	if err := t.Sleep(mindTime + x.delay()); err != nil {
		return nil, err
	}
	if x.has(scenario.ModelTrash) {
		return []byte(deeds.Trash[len(q.Text)%len(deeds.Trash)]), nil
	}
	return []byte(deeds.Chosen(q.Text)), nil
}
