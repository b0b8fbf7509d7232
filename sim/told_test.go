//go:build !race

package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"orac/runbook/hook"
)

// schema is as much of a JSON Schema as that of events uses.
type schema struct {
	Type                 string
	Enum                 []any
	MinLength            int
	Minimum              *float64
	Properties           map[string]schema
	Required             []string
	AdditionalProperties json.RawMessage
	Defs                 map[string]schema `json:"$defs"`
}

// misfits says what of a value does not fit.
func (s schema) misfits(at string, v any) (list []string) {
	bad := func(format string, args ...any) { list = append(list, at+": "+fmt.Sprintf(format, args...)) }
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
		bad("%v is none of %v", v, s.Enum)
	}
	switch v := v.(type) {
	case string:
		if s.Type != "string" || len(v) < s.MinLength {
			bad("%q is no %s of at least %d", v, s.Type, s.MinLength)
		}
	case bool:
		if s.Type != "boolean" {
			bad("%v is no %s", v, s.Type)
		}
	case float64:
		if s.Type != "number" && (s.Type != "integer" || v != float64(int64(v))) || s.Minimum != nil && v < *s.Minimum {
			bad("%v is no %s", v, s.Type)
		}
	case map[string]any:
		var rest schema
		closed := string(s.AdditionalProperties) == "false"
		if s.Type != "object" || !closed && json.Unmarshal(s.AdditionalProperties, &rest) != nil {
			bad("it is no %s", s.Type)
			return list
		}
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				bad("%s is missing", name)
			}
		}
		for name, field := range v {
			of, known := s.Properties[name]
			switch {
			case known:
				list = append(list, of.misfits(at+"."+name, field)...)
			case closed:
				bad("%s is not in the schema", name)
			default:
				list = append(list, rest.misfits(at+"."+name, field)...)
			}
		}
	default:
		bad("%v", v)
	}
	return list
}

// TestEveryEventFitsItsSchema: in a run in which much breaks all kinds of events come, and each is what the schema says.
func TestEveryEventFitsItsSchema(t *testing.T) {
	var events schema
	if err := json.Unmarshal(hook.JSONSchema(), &events); err != nil {
		t.Fatal(err)
	}
	m, _ := rehearse(t, scene(t, "5m", `
sound "command" {
  at    = "5s"
  every = "10s"
}
fault "unplug" "it" {
  at  = "40s"
  for = "10s"
}
fault "stt_down" "it" {
  at  = "1m20s"
  for = "40s"
}
fault "kill" "it" {
  at = "2m37s"
}
fault "mute" "it" {
  at  = "2m10s"
  for = "20s"
}
`), 1)
	bodies := m.receiver("light").bodies
	clock := strings.Replace(house, `events = ["wake",`, `events = ["acted", "timer_ended", "wake",`, 1) + "topic \"clock\" { english = true }\n"
	m, _ = rehearse(t, sceneIn(t, clock, "2m", "caller \"phone\" {\n  topic = \"clock\"\n  at = \"5s\"\n  every = \"10s\"\n}\n"), 1)
	bodies = append(bodies, m.receiver("light").bodies...)
	seen := map[string]int{}
	for _, body := range bodies {
		var v map[string]any
		if err := json.Unmarshal(body, &v); err != nil {
			t.Fatal(err)
		}
		kind := fmt.Sprint(v["type"])
		if state, ok := v["state"]; ok {
			seen[kind+" "+fmt.Sprint(state)]++
		}
		seen[kind]++
		def, ok := events.Defs[kind]
		if !ok {
			t.Fatalf("no schema of %s", body)
		}
		for _, bad := range def.misfits(kind, v) {
			t.Errorf("%s in %s", bad, body)
		}
	}
	for _, kind := range append(hook.Names(), "recording started", "recording ended", "delivery waiting", "delivery delivered", "incident opened", "incident closed") {
		if seen[kind] == 0 {
			t.Errorf("no event %s among %v", kind, seen)
		}
	}
	if bad := events.Defs["wake"].misfits("", map[string]any{"schema": "1", "extra": true}); len(bad) < 10 {
		t.Errorf("the check lets through what does not fit: %v", bad)
	}
}
