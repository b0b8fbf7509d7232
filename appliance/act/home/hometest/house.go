package hometest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// House is what there is.
type House struct {
	Floors   []Floor
	Areas    []Area
	Devices  []Device
	Entities []Entity
	Unit     string // of temperatures; "" is °C
}

// Floor is a storey, Area a room, Device what entities belong to.
type (
	Floor struct {
		ID      string   `json:"floor_id"`
		Name    string   `json:"name"`
		Level   int      `json:"level"`
		Aliases []string `json:"aliases"`
	}
	Area struct {
		ID      string   `json:"area_id"`
		Name    string   `json:"name"`
		Floor   *string  `json:"floor_id"`
		Aliases []string `json:"aliases"`
	}
	Device struct {
		ID   string  `json:"id"`
		Name string  `json:"name"`
		Area *string `json:"area_id"`
	}
)

// Entity is a thing with its state.
type Entity struct {
	ID         string
	Name       string // friendly_name; "" has none
	State      string
	Attributes map[string]any
	Area       string // "" for none, or that of the device
	Device     string
	Aliases    []string
	Hidden     bool
	Category   string // "config", "diagnostic"
	Unexposed  bool   // Assist does not see it
	Virtual    bool   // it is in no registry
	changed    time.Time
	updated    time.Time
}

// State is a state as the REST interface has it.
type State struct {
	Entity     string         `json:"entity_id"`
	State      string         `json:"state"`
	Attributes map[string]any `json:"attributes"`
	Changed    time.Time      `json:"last_changed"`
	Updated    time.Time      `json:"last_updated"`
	Context    map[string]any `json:"context"`
}

func (h House) clone() House {
	text, err := json.Marshal(h)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	var c House
	if err := json.Unmarshal(text, &c); err != nil {
		panic("BUG: " + err.Error())
	}
	now := time.Now()
	for i := range c.Entities {
		e := &c.Entities[i]
		if e.Attributes == nil {
			e.Attributes = map[string]any{}
		}
		e.changed, e.updated = now, now
	}
	return c
}

func (e *Entity) domain() string {
	d, _, _ := strings.Cut(e.ID, ".")
	return d
}

func (e *Entity) view() State {
	a := maps.Clone(e.Attributes)
	if e.Name != "" {
		a["friendly_name"] = e.Name
	}
	return State{e.ID, e.State, a, e.changed, e.updated, map[string]any{"id": "01J", "parent_id": nil, "user_id": nil}}
}

// find returns an entity. The lock is held.
func (s *Server) find(id string) *Entity {
	i := slices.IndexFunc(s.home.Entities, func(e Entity) bool { return e.ID == id })
	if i < 0 {
		return nil
	}
	return &s.home.Entities[i]
}

// States are all states.
func (s *Server) States() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]State, 0, len(s.home.Entities))
	for i := range s.home.Entities {
		list = append(list, s.home.Entities[i].view())
	}
	return list
}

// State is the state of an entity.
func (s *Server) State(id string) (State, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.find(id); e != nil {
		return e.view(), true
	}
	return State{}, false
}

// SetState changes a state and tells it. Attributes are added to those that there are; nil removes one.
func (s *Server) SetState(id, state string, attributes map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.become(id, state, attributes)
}

// become is SetState under the lock. It returns the new state if something changed.
func (s *Server) become(id, state string, attributes map[string]any) (State, bool) {
	e := s.find(id)
	if e == nil {
		return State{}, false
	}
	old := e.view()
	next := maps.Clone(e.Attributes)
	for k, v := range attributes {
		if v == nil {
			delete(next, k)
		} else {
			next[k] = v
		}
	}
	if state == e.State && fmt.Sprint(next) == fmt.Sprint(e.Attributes) {
		return State{}, false
	}
	now := time.Now()
	if state != e.State {
		e.changed = now
	}
	e.State, e.Attributes, e.updated = state, next, now
	s.event("state_changed", map[string]any{"entity_id": id, "old_state": old, "new_state": e.view()})
	return e.view(), true
}

// Change changes the house (not its states) and tells who watches the registries.
func (s *Server) Change(f func(*House)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := map[string]bool{}
	for _, e := range s.home.Entities {
		before[e.ID] = true
	}
	f(&s.home)
	for i := range s.home.Entities {
		e := &s.home.Entities[i]
		if e.Attributes == nil {
			e.Attributes = map[string]any{}
		}
		if !before[e.ID] {
			e.changed, e.updated = time.Now(), time.Now()
			s.event("state_changed", map[string]any{"entity_id": e.ID, "old_state": nil, "new_state": e.view()})
		}
		delete(before, e.ID)
	}
	for id := range before {
		s.event("state_changed", map[string]any{"entity_id": id, "old_state": State{Entity: id}, "new_state": nil})
	}
	for _, kind := range []string{"area", "floor", "device", "entity"} {
		s.event(kind+"_registry_updated", map[string]any{"action": "update"})
	}
}

func (s *Server) config() map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	unit := s.home.Unit
	if unit == "" {
		unit = "°C"
	}
	return map[string]any{
		"version": Version, "location_name": "Home", "state": "RUNNING", "language": "en",
		"unit_system": map[string]string{"temperature": unit, "length": "km"},
	}
}
