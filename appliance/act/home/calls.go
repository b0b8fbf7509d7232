package home

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"orac/appliance/act"
	"orac/appliance/amount"
)

// Calls implements act.Backend. Entities that are asked the same with the same data are one call. Of several entities, those that can do
// nothing of the kind are left out; if none can, the error says so of the first.
func (h *Home) Calls(c act.Command, home *act.Home, states map[string]act.State) ([]act.Call, error) {
	if home == nil {
		return nil, errors.New("what there is in the house is not known yet")
	}
	if strings.HasPrefix(c.Intent, "ask_") {
		return h.asks(c)
	}
	if len(c.Targets) == 0 {
		return nil, errors.New("nothing was named that could do it")
	}
	if len(c.Targets) > act.MaxTargets {
		return nil, &amount.TooMuchError{What: "things at once", Is: len(c.Targets), Most: act.MaxTargets}
	}
	var calls []act.Call
	var unable error
	index := map[string]int{} // by service and data
	for _, id := range c.Targets {
		e, ok := entity(home, id)
		if !ok {
			unable = first(unable, fmt.Errorf("%s is not there any more", plain(id)))
			continue
		}
		state, known := states[id]
		s, err := stepOf(subject{e, state, known, c})
		if err != nil {
			unable = first(unable, err)
			continue
		}
		if home.Services != nil && !home.Services[s.service] {
			unable = first(unable, fmt.Errorf("Home Assistant has no service %s", s.service)) //nolint:staticcheck // a name
			continue
		}
		data, err := json.Marshal(s.data)
		if err != nil {
			return nil, err
		}
		key := s.service + " " + string(data)
		i, ok := index[key]
		if !ok {
			i = len(calls)
			index[key] = i
			calls = append(calls, act.Call{Backend: h.config.Name, Intent: c.Intent, Service: s.service, Data: s.data})
		}
		calls[i].Targets = append(calls[i].Targets, id)
		for _, x := range s.expect {
			x.Entity = id
			calls[i].Expect = append(calls[i].Expect, x)
		}
	}
	if len(calls) == 0 {
		return nil, unable
	}
	return calls, nil
}

// stepOf returns what is asked of one entity.
func stepOf(s subject) (step, error) {
	for _, w := range ways {
		if w.intent != s.c.Intent || !slices.Contains(w.domains, s.Domain) {
			continue
		}
		if w.feature != 0 && s.Features != 0 && s.Features&w.feature == 0 {
			break
		}
		return w.act(s)
	}
	what, ok := cannot[s.c.Intent]
	if !ok {
		return step{}, fmt.Errorf("Home Assistant cannot carry out %q", s.c.Intent) //nolint:staticcheck // a name
	}
	return step{}, fmt.Errorf("%s cannot %s", s.Name, what)
}

func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// entity finds an entity of a vocabulary.
func entity(h *act.Home, id string) (act.Entity, bool) {
	i, ok := slices.BinarySearchFunc(h.Entities, id, func(e act.Entity, id string) int { return strings.Compare(e.ID, id) })
	if !ok {
		return act.Entity{}, false
	}
	return h.Entities[i], true
}
