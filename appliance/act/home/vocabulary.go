package home

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"

	"orac/appliance/act"
)

// registries are what Home Assistant knows of its entities beside their states.
type registries struct {
	areas    []wireArea
	floors   []wireFloor
	devices  map[string]string // areas by device
	entries  map[string]wireEntry
	exposed  map[string]bool // nil: not known
	services map[string]bool // nil: not known
	unit     string          // of temperatures
}

type wireArea struct {
	ID      string `json:"area_id"`
	Name    string `json:"name"`
	Floor   string `json:"floor_id"`
	Aliases []any  `json:"aliases"`
}

type wireFloor struct {
	ID      string  `json:"floor_id"`
	Name    string  `json:"name"`
	Level   float64 `json:"level"`
	Aliases []any   `json:"aliases"`
}

type wireDevice struct {
	ID   string `json:"id"`
	Area string `json:"area_id"`
}

type wireEntry struct {
	Entity   string `json:"entity_id"`
	Area     string `json:"area_id"`
	Device   string `json:"device_id"`
	Hidden   any    `json:"hidden_by"`
	Category string `json:"entity_category"`
	Class    string `json:"device_class"`
	Original string `json:"original_device_class"`
	Aliases  []any  `json:"aliases"` // texts; null stands for the name of the entity
	Options  struct {
		Conversation struct {
			Expose *bool `json:"should_expose"`
		} `json:"conversation"`
	} `json:"options"`
}

// each reads the elements of a list, and leaves out those that make no sense. At most so many are read.
func each[T any](data []byte, most int) ([]T, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, err
	}
	out := make([]T, 0, min(len(raw), most))
	for _, r := range raw {
		var v T
		if json.Unmarshal(r, &v) == nil && len(out) < most {
			out = append(out, v)
		}
	}
	return out, nil
}

// parseEntries reads entries of the entity registry by their IDs.
func parseEntries(data []byte) (map[string]wireEntry, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, err
	}
	out := map[string]wireEntry{}
	for id, r := range raw {
		var e wireEntry
		if isEntity(id) && json.Unmarshal(r, &e) == nil && e.Entity == id {
			out[id] = e
		}
	}
	return out, nil
}

// parseExposed reads which entities Assist sees.
func parseExposed(data []byte) (map[string]bool, error) {
	var raw struct {
		Exposed map[string]map[string]json.RawMessage `json:"exposed_entities"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for id, by := range raw.Exposed {
		if string(by["conversation"]) == "true" {
			out[id] = true
		}
	}
	return out, nil
}

// parseServices reads which services there are.
func parseServices(data []byte) (map[string]bool, error) {
	var raw map[string]map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for domain, list := range raw {
		for name := range list {
			if isWord(domain) && isWord(name) && len(out) < maxEntities {
				out[domain+"."+name] = true
			}
		}
	}
	return out, nil
}

// shown are the domains that Home Assistant shows to Assist by itself, for a home that does not tell what it shows.
var shown = []string{"climate", "cover", "fan", "humidifier", "input_boolean", "light", "media_player", "scene", "script", "switch", "vacuum", "water_heater"}

// build makes the vocabulary of a home.
func build(c Config, r registries, states map[string]seen) *act.Home {
	h := &act.Home{Backend: c.Name, Services: r.services}
	for _, f := range r.floors {
		if f.ID != "" {
			h.Floors = append(h.Floors, act.Floor{ID: clean(f.ID, act.MaxName), Name: clean(f.Name, act.MaxName), Level: int(f.Level), Aliases: names(f.Aliases)})
		}
	}
	areas := map[string]string{} // names
	for _, a := range r.areas {
		if a.ID = clean(a.ID, act.MaxName); a.ID != "" {
			areas[a.ID] = clean(a.Name, act.MaxName)
			h.Areas = append(h.Areas, act.Area{ID: a.ID, Name: areas[a.ID], Floor: clean(a.Floor, act.MaxName), Aliases: names(a.Aliases)})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(states)) {
		s, entry := states[id], r.entries[id]
		e := act.Entity{
			ID: id, Domain: domainOf(id), Class: s.class, Name: s.name, Aliases: names(entry.Aliases), Area: entry.Area, Members: s.members, Unit: s.unit, Features: s.features,
		}
		for _, class := range []string{entry.Class, entry.Original} {
			if e.Class == "" {
				e.Class = clean(class, 50)
			}
		}
		if e.Name == "" {
			e.Name = plain(id)
		}
		if e.Area == "" {
			e.Area = r.devices[entry.Device]
		}
		if _, ok := areas[e.Area]; !ok {
			e.Area = ""
		}
		if e.Unit == "" && (e.Domain == "climate" || e.Domain == "water_heater") {
			e.Unit = r.unit
		}
		e.Enabled = entry.Hidden == nil && entry.Category == "" && r.exposes(id, entry, len(c.Entities) > 0) && c.admits(e, areas)
		h.Entities = append(h.Entities, e)
	}
	if len(h.Entities) > maxEntities { // those that can be named come first
		slices.SortStableFunc(h.Entities, func(a, b act.Entity) int { return rank(a) - rank(b) })
		h.Entities = h.Entities[:maxEntities]
	}
	slices.SortFunc(h.Entities, func(a, b act.Entity) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(h.Areas, func(a, b act.Area) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(h.Floors, func(a, b act.Floor) int { return strings.Compare(a.ID, b.ID) })
	h.Version = version(h)
	return h
}

func rank(e act.Entity) int {
	if e.Enabled {
		return 0
	}
	return 1
}

// exposes tells whether Home Assistant shows an entity to its Assist. asked: the runbook itself names which entities it wants.
func (r registries) exposes(id string, e wireEntry, asked bool) bool {
	switch {
	case asked:
		return true
	case r.exposed != nil:
		return r.exposed[id]
	case e.Options.Conversation.Expose != nil:
		return *e.Options.Conversation.Expose
	}
	return slices.Contains(shown, domainOf(id))
}

// admits tells whether the runbook admits an entity.
func (c Config) admits(e act.Entity, areas map[string]string) bool {
	match := func(pattern string) bool {
		ok, err := path.Match(pattern, e.ID)
		return ok && err == nil
	}
	if len(c.Entities) > 0 && !slices.ContainsFunc(c.Entities, match) || slices.ContainsFunc(c.Hide, match) {
		return false
	}
	return len(c.Areas) == 0 || e.Area != "" && slices.ContainsFunc(c.Areas, func(a string) bool {
		return a == e.Area || strings.EqualFold(a, areas[e.Area])
	})
}

// names reads aliases.
func names(list []any) (out []string) {
	for _, v := range list {
		if name := clean(textOf(v), act.MaxName); name != "" && len(out) < maxAliases && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// version is the hash of everything that sentences can name.
func version(h *act.Home) string {
	text, err := json.Marshal([]any{h.Entities, h.Areas, h.Floors, slices.Sorted(maps.Keys(h.Services))})
	if err != nil {
		panic("BUG: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
