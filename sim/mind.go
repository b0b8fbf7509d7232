package sim

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/graph"
	"orac/appliance/rt"
	"orac/runbook/scenario"
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

// trash is what a language model answers that is of no use: prose, half an answer, things that do not exist, things that it may not do.
var trash = []string{
	"Certainly! I have turned it on for you.", `{"commands":[{"intent":"count","slots":{"count":`, `{"commands":[{"intent":"unlock","targets":["lock.front_door"]}]}`,
	`{"commands":[{"intent":"count","slots":{"count":1e99}}]}`, `{"commands":[{"intent":"count","slots":{"count":1,"shell":"rm"}}]}`, "",
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
		return []byte(trash[len(q.Text)%len(trash)]), nil
	}
	for w := range strings.FieldsSeq(q.Text) {
		if n := 0; len(w) > 0 && w[0] >= '0' && w[0] <= '9' {
			if _, err := fmt.Sscan(w, &n); err == nil {
				return fmt.Appendf(nil, `{"commands":[{"intent":"count","slots":{"count":%d}}]}`, n), nil
			}
		}
	}
	return []byte(`{"commands":[]}`), nil
}
