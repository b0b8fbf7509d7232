package home

import (
	"fmt"
	"math"
	"strings"

	"orac/appliance/act"
)

// converted converts a temperature into the unit of the subject. A difference has no zero.
func (s subject) converted(n float64, unit string, difference bool) float64 {
	zero := 32.0
	if difference {
		zero = 0
	}
	switch {
	case unit == "°F" && s.Unit == "°C":
		n = (n - zero) * 5 / 9
	case unit == "°C" && s.Unit == "°F":
		n = n*9/5 + zero
	}
	return math.Round(n*10) / 10
}

func temperature(s subject) (step, error) {
	n, unit, err := s.number("temperature")
	if err != nil {
		return step{}, err
	}
	return s.warm(s.converted(n, unit, false))
}

func changeTemperature(s subject) (step, error) {
	by, unit, err := s.number("by")
	if err != nil {
		return step{}, err
	}
	now, ok := s.now("temperature")
	if !ok {
		return step{}, fmt.Errorf("%s does not tell its temperature, so it cannot be changed by degrees", s.Name)
	}
	return s.warm(math.Round((now+s.converted(by, unit, true))*10) / 10)
}

// warm sets a temperature that the device can have. With a mode beside it, the mode is set in the same call.
func (s subject) warm(n float64) (step, error) {
	least, has := s.now("min_temp")
	if has && n < least-0.01 {
		return step{}, fmt.Errorf("%s cannot be set below %v %s", s.Name, least, s.Unit)
	}
	if most, has := s.now("max_temp"); has && n > most+0.01 {
		return step{}, fmt.Errorf("%s cannot be set above %v %s", s.Name, most, s.Unit)
	}
	data := map[string]any{"temperature": n}
	e := act.Expectation{Attribute: "temperature", Value: n, Within: 0.3}
	if mode, err := s.text("mode"); err == nil && s.Domain == "climate" {
		if has, told := s.listed("hvac_modes", mode); !has && told {
			return step{}, fmt.Errorf("%s has no mode %q", s.Name, mode)
		}
		data["hvac_mode"], e.State = mode, []string{mode}
	}
	return step{s.service("set_temperature"), data, []act.Expectation{e}}, nil
}

// modes are other words for the modes of Home Assistant.
var modes = map[string]string{
	"heating": "heat", "cooling": "cool", "automatic": "auto", "fan": "fan_only", "fan only": "fan_only", "heat cool": "heat_cool", "heat and cool": "heat_cool", "drying": "dry",
}

// climateMode sets a mode, or a preset of that name.
func climateMode(s subject) (step, error) {
	mode, err := s.text("mode")
	if err != nil {
		return step{}, err
	}
	mode = strings.ToLower(mode)
	if other, ok := modes[mode]; ok {
		mode = other
	}
	has, told := s.listed("hvac_modes", mode)
	if preset, _ := s.listed("preset_modes", mode); preset && !has {
		return step{s.service("set_preset_mode"), map[string]any{"preset_mode": mode}, []act.Expectation{{Attribute: "preset_mode", Text: mode}}}, nil
	}
	if told && !has {
		return step{}, fmt.Errorf("%s has no mode %q", s.Name, mode)
	}
	return step{s.service("set_hvac_mode"), map[string]any{"hvac_mode": mode}, []act.Expectation{{State: []string{mode}}}}, nil
}
