package home

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"orac/appliance/act"
	"orac/appliance/stt/wire"
)

// seen is what is known of an entity from its state.
type seen struct {
	act.State
	name, class, unit string
	features          uint32
	members           []string
	updated           time.Time
}

// wireState is a state on the wire.
type wireState struct {
	Entity     string         `json:"entity_id"`
	State      string         `json:"state"`
	Attributes map[string]any `json:"attributes"`
	Changed    time.Time      `json:"last_changed"`
	Updated    time.Time      `json:"last_updated"`
}

// The attributes that are kept: what commands set, what questions ask, and what says whether a command is possible.
var (
	keptNumbers = []string{
		"brightness", "color_temp_kelvin", "min_color_temp_kelvin", "max_color_temp_kelvin", "current_position", "current_tilt_position", "temperature",
		"current_temperature", "target_temp_high", "target_temp_low", "min_temp", "max_temp", "humidity", "current_humidity", "volume_level",
		"percentage", "percentage_step", "battery_level", "is_volume_muted", "assumed_state",
	}
	keptTexts = []string{
		"hvac_action", "preset_mode", "fan_mode", "source", "media_title", "media_artist", "effect", "hvac_modes", "preset_modes", "supported_color_modes", "last_triggered",
	}
)

// parseState reads one state. It returns false for what is none.
func parseState(data []byte) (seen, bool) {
	var w wireState
	if json.Unmarshal(data, &w) != nil || !isEntity(w.Entity) {
		return seen{}, false
	}
	s := seen{State: act.State{Entity: w.Entity, State: stateOf(w.State), Changed: w.Changed}, updated: w.Updated}
	if s.updated.IsZero() {
		s.updated = w.Changed
	}
	a := w.Attributes
	s.name, s.class, s.unit = clean(textOf(a["friendly_name"]), act.MaxName), clean(textOf(a["device_class"]), 50), clean(textOf(a["unit_of_measurement"]), 20)
	if f, ok := a["supported_features"].(float64); ok && f >= 0 && f <= math.MaxUint32 {
		s.features = uint32(f)
	}
	s.members = entityList(a["entity_id"])
	for _, name := range keptNumbers {
		if n, ok := numberOf(a[name]); ok {
			s.number(name, n)
		}
	}
	if hs, ok := a["hs_color"].([]any); ok && len(hs) == 2 {
		for i, name := range []string{"hue", "saturation"} {
			if n, ok := numberOf(hs[i]); ok {
				s.number(name, n)
			}
		}
	}
	for _, name := range keptTexts {
		text := textOf(a[name])
		if list, ok := a[name].([]any); ok {
			var words []string
			for _, x := range list[:min(len(list), 50)] {
				words = append(words, textOf(x))
			}
			text = strings.Join(words, ",")
		}
		if text = clean(text, 1000); text != "" {
			if s.Texts == nil {
				s.Texts = map[string]string{}
			}
			s.Texts[name] = text
		}
	}
	return s, true
}

// keep keeps what an entity that cannot be reached tells no more: it is still the same thing, and the vocabulary need not change.
func (s *seen) keep(old seen) {
	if s.State.State != "unavailable" || old.Entity != s.Entity {
		return
	}
	s.name, s.class, s.unit = cmp.Or(s.name, old.name), cmp.Or(s.class, old.class), cmp.Or(s.unit, old.unit)
	s.features = cmp.Or(s.features, old.features)
	if s.members == nil {
		s.members = old.members
	}
}

func (s *seen) number(name string, n float64) {
	if s.Numbers == nil {
		s.Numbers = map[string]float64{}
	}
	s.Numbers[name] = n
}

// parseStates reads a list of states, and leaves out what is none.
func parseStates(data []byte) ([]seen, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, err
	}
	var out []seen
	for _, r := range raw {
		if s, ok := parseState(r); ok {
			out = append(out, s)
		}
	}
	return out, nil
}

// isEntity tells whether a text is the ID of an entity: a domain, a dot and a name of lower-case letters, digits and underscores.
func isEntity(id string) bool {
	domain, name, ok := strings.Cut(id, ".")
	return ok && len(id) <= maxText && isWord(domain) && isWord(name)
}

func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' })
}

func domainOf(id string) string {
	d, _, _ := strings.Cut(id, ".")
	return d
}

// plain is the ID of an entity as people would say it.
func plain(id string) string {
	_, name, _ := strings.Cut(id, ".")
	return strings.ReplaceAll(name, "_", " ")
}

// stateOf is a state as it is shown and compared. One that is not clean text is quoted, so that it equals no other: " on" is not "on".
func stateOf(raw string) string {
	if s := clean(raw, maxText); s != raw {
		return "“" + s + "”"
	}
	return raw
}

// clean makes a foreign text one line of at most so many bytes.
func clean(s string, most int) string {
	if len(s) > 4*most {
		s = s[:4*most]
	}
	s = strings.Join(strings.Fields(wire.CleanText(s)), " ")
	for len(s) > most {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return strings.TrimSpace(s)
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}

func numberOf(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// entityList reads a list of entity IDs: sorted, each once.
func entityList(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, x := range list {
		if id := textOf(x); isEntity(id) && len(out) < maxMembers {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
