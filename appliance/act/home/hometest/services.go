package hometest

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"orac/appliance/unruly"
)

// work is what a service does with an entity: its next state, and attributes that change. An error refuses the data.
type work func(e *Entity, data map[string]any) (state string, attributes map[string]any, err error)

// services are those that the server knows.
var services = map[string]work{
	"turn_on":            turnOn,
	"turn_off":           to("off", nil),
	"toggle":             toggle,
	"open_cover":         to("open", map[string]any{"current_position": 100.0}),
	"close_cover":        to("closed", map[string]any{"current_position": 0.0}),
	"stop_cover":         keep(""),
	"set_cover_position": position,
	"open_valve":         to("open", nil),
	"close_valve":        to("closed", nil),
	"lock":               to("locked", nil),
	"unlock":             to("unlocked", nil),
	"open":               to("open", nil),
	"set_temperature":    keep("temperature", "hvac_mode"),
	"set_hvac_mode": func(_ *Entity, d map[string]any) (string, map[string]any, error) {
		return text(d, "hvac_mode"), nil, nil
	},
	"set_preset_mode":      keep("preset_mode"),
	"set_percentage":       percentage,
	"media_play":           to("playing", nil),
	"media_pause":          to("paused", nil),
	"media_stop":           to("idle", nil),
	"media_next_track":     track(1),
	"media_previous_track": track(-1),
	"volume_set":           keep("volume_level"),
	"volume_up":            step(0.1),
	"volume_down":          step(-0.1),
	"volume_mute":          keep("is_volume_muted"),
	"start":                to("cleaning", nil),
	"pause":                to("paused", nil),
	"stop":                 to("idle", nil),
	"return_to_base":       to("returning", nil),
	"start_mowing":         to("mowing", nil),
	"dock":                 to("docked", nil),
	"press":                func(*Entity, map[string]any) (string, map[string]any, error) { return stamp(), nil, nil },
	"trigger":              to("on", map[string]any{"last_triggered": "now"}),
	"set_value": func(_ *Entity, d map[string]any) (string, map[string]any, error) {
		return fmt.Sprint(d["value"]), nil, nil
	},
	"set_humidity":          keep("humidity"),
	"homeassistant_turn_on": to("on", nil),
	"select_option":         func(_ *Entity, d map[string]any) (string, map[string]any, error) { return text(d, "option"), nil, nil },
	"set_operation_mode": func(_ *Entity, d map[string]any) (string, map[string]any, error) {
		return text(d, "operation_mode"), nil, nil
	},
	"set_fan_mode":            keep("fan_mode"),
	"set_valve_position":      position,
	"media_play_pause":        to("playing", nil),
	"alarm_arm_away":          to("armed_away", nil),
	"alarm_disarm":            to("disarmed", nil),
	"turn_away_mode_on":       keep("away_mode"),
	"increase_speed":          keep(""),
	"decrease_speed":          keep(""),
	"set_cover_tilt_position": keep("tilt_position"),
}

// domains are the services that each domain has.
var domains = map[string][]string{
	"light": {"turn_on", "turn_off", "toggle"}, "switch": {"turn_on", "turn_off", "toggle"}, "input_boolean": {"turn_on", "turn_off", "toggle"},
	"fan": {"turn_on", "turn_off", "toggle", "set_percentage", "increase_speed", "decrease_speed", "set_preset_mode"}, "scene": {"turn_on"}, "script": {"turn_on", "turn_off", "toggle"},
	"automation": {"turn_on", "turn_off", "toggle", "trigger"}, "siren": {"turn_on", "turn_off", "toggle"}, "humidifier": {"turn_on", "turn_off", "toggle", "set_humidity"},
	"cover":   {"open_cover", "close_cover", "stop_cover", "set_cover_position", "set_cover_tilt_position", "toggle"},
	"valve":   {"open_valve", "close_valve", "set_valve_position"},
	"lock":    {"lock", "unlock", "open"},
	"climate": {"turn_on", "turn_off", "set_temperature", "set_hvac_mode", "set_preset_mode", "set_fan_mode"}, "water_heater": {"turn_on", "turn_off", "set_temperature", "set_operation_mode"},
	"media_player": {"turn_on", "turn_off", "toggle", "media_play", "media_pause", "media_stop", "media_next_track", "media_previous_track", "volume_set", "volume_up", "volume_down", "volume_mute"},
	"vacuum":       {"start", "pause", "stop", "return_to_base"}, "lawn_mower": {"start_mowing", "pause", "dock"},
	"button": {"press"}, "input_button": {"press"}, "homeassistant": {"turn_on", "turn_off", "toggle"},
	"number": {"set_value"}, "input_number": {"set_value"}, "select": {"select_option"}, "input_select": {"select_option"},
}

// Known are the services as get_services lists them.
func known() map[string]any {
	out := map[string]any{}
	for d, list := range domains {
		of := map[string]any{}
		for _, name := range list {
			of[name] = map[string]any{"name": name, "fields": map[string]any{}}
		}
		out[d] = of
	}
	return out
}

func (s *Server) service(w http.ResponseWriter, r *http.Request, b Behaviour) {
	domain, name := r.PathValue("domain"), r.PathValue("service")
	data, err := body(r)
	if err != nil || !slices.Contains(domains[domain], name) || services[name] == nil {
		http.Error(w, "400: Bad Request", http.StatusBadRequest)
		return
	}
	targets := list(data["entity_id"])
	delete(data, "entity_id")
	call := Call{domain + "." + name, targets, data, r.Header.Get("X-Request-ID"), b.Do != Ignores, time.Now(), r.Header.Get("Traceparent")}
	if b.Do == Lags {
		s.record(call)
		unruly.Answer(w, []State{})
		time.AfterFunc(b.Wait, func() { _, _ = s.perform(call, 0) })
		return
	}
	var changed []State
	most := len(targets)
	if b.Do == Fails {
		most = 1
	}
	if b.Do != Ignores {
		changed, err = s.perform(call, most)
	}
	if err != nil {
		http.Error(w, "400: Bad Request", http.StatusBadRequest)
		return
	}
	s.record(call)
	switch b.Do {
	case Dies:
		unruly.Reset(w)
	case Cut:
		unruly.Cut(w, append(changed, State{Entity: "light.padding", State: strings.Repeat("x", 200)}))
	case Fails:
		http.Error(w, "500 Internal Server Error", http.StatusInternalServerError)
	default:
		unruly.Answer(w, changed)
	}
}

func (s *Server) record(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
	s.tell()
}

// perform changes the states of at most so many targets; 0 is all. An entity that does not exist or is unavailable is passed over, as
// Home Assistant does.
func (s *Server) perform(c Call, most int) ([]State, error) {
	_, name, _ := strings.Cut(c.Service, ".")
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := []State{}
	done := 0
	for _, id := range c.Targets {
		e := s.find(id)
		if e == nil || e.State == "unavailable" {
			continue
		}
		if done++; most > 0 && done > most {
			break
		}
		state, attributes, err := services[name](e, c.Data)
		if err != nil {
			return nil, err
		}
		if now, ok := s.become(id, state, attributes); ok {
			changed = append(changed, now)
		}
	}
	return changed, nil
}

func list(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, x := range v {
			out = append(out, fmt.Sprint(x))
		}
		return out
	}
	return nil
}

func to(state string, attributes map[string]any) work {
	return func(e *Entity, _ map[string]any) (string, map[string]any, error) {
		return state, maps.Clone(attributes), nil
	}
}

// keep takes attributes from the data of the call.
func keep(names ...string) work {
	return func(e *Entity, data map[string]any) (string, map[string]any, error) {
		a, state := map[string]any{}, e.State
		for _, n := range names {
			if v, ok := data[n]; ok && n == "hvac_mode" {
				state = fmt.Sprint(v)
			} else if ok {
				a[n] = v
			}
		}
		return state, a, nil
	}
}

func turnOn(e *Entity, d map[string]any) (string, map[string]any, error) {
	if e.domain() == "scene" {
		return stamp(), nil, nil
	}
	a := map[string]any{}
	if e.domain() != "light" {
		return "on", a, nil
	}
	modes := list(e.Attributes["supported_color_modes"])
	dim := len(modes) > 0 && !slices.Contains(modes, "onoff")
	if v, ok := number(d, "brightness_pct"); ok && dim {
		if v < 0 || v > 100 {
			return "", nil, fmt.Errorf("brightness_pct %v", v)
		}
		if v == 0 {
			return "off", map[string]any{"brightness": nil}, nil
		}
		a["brightness"] = math.Round(v * 255 / 100)
	} else if _, ok := e.Attributes["brightness"]; !ok && dim {
		a["brightness"] = 255.0
	}
	if v, ok := number(d, "color_temp_kelvin"); ok {
		a["color_temp_kelvin"], a["color_mode"] = v, "color_temp"
	}
	if name := text(d, "color_name"); name != "" {
		hs, ok := map[string][]any{"red": {0.0, 100.0}, "blue": {240.0, 100.0}, "green": {120.0, 100.0}, "white": {0.0, 0.0}, "purple": {300.0, 100.0}}[name]
		if !ok {
			return "", nil, fmt.Errorf("color_name %q", name)
		}
		a["hs_color"], a["color_mode"] = hs, "hs"
	}
	return "on", a, nil
}

func toggle(e *Entity, _ map[string]any) (string, map[string]any, error) {
	next := map[string]string{"on": "off", "off": "on", "open": "closed", "closed": "open"}[e.State]
	if next == "" {
		next = "on"
	}
	return next, nil, nil
}

func position(_ *Entity, d map[string]any) (string, map[string]any, error) {
	v, ok := number(d, "position")
	if !ok || v < 0 || v > 100 {
		return "", nil, fmt.Errorf("position %v", d["position"])
	}
	state := "open"
	if v == 0 {
		state = "closed"
	}
	return state, map[string]any{"current_position": v}, nil
}

func percentage(e *Entity, d map[string]any) (string, map[string]any, error) {
	v, ok := number(d, "percentage")
	if !ok || v < 0 || v > 100 {
		return "", nil, fmt.Errorf("percentage %v", d["percentage"])
	}
	if unit, ok := e.Attributes["percentage_step"].(float64); ok && unit > 0 { // a fan has steps
		v = math.Min(100, math.Ceil(v/unit)*unit)
	}
	state := "on"
	if v == 0 {
		state = "off"
	}
	return state, map[string]any{"percentage": v}, nil
}

func track(by int) work {
	return func(e *Entity, _ map[string]any) (string, map[string]any, error) {
		return e.State, map[string]any{"media_title": fmt.Sprintf("%v%+d", e.Attributes["media_title"], by)}, nil
	}
}

func step(by float64) work {
	return func(e *Entity, _ map[string]any) (string, map[string]any, error) {
		v, _ := e.Attributes["volume_level"].(float64)
		return e.State, map[string]any{"volume_level": math.Max(0, math.Min(1, v+by))}, nil
	}
}

func number(d map[string]any, name string) (float64, bool) {
	v, ok := d[name].(float64)
	return v, ok
}

func text(d map[string]any, name string) string {
	v, _ := d[name].(string)
	return v
}

func stamp() string { return time.Now().UTC().Format(time.RFC3339Nano) }
