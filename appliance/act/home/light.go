package home

import (
	"fmt"
	"math"
	"strings"

	"orac/appliance/act"
)

// can tells whether a light has one of some colour modes. A light that tells none may have any.
func (s subject) can(modes ...string) bool {
	if _, told := s.state.Texts["supported_color_modes"]; !told {
		return true
	}
	for _, m := range modes {
		if has, _ := s.listed("supported_color_modes", m); has {
			return true
		}
	}
	return false
}

// Colour modes of lights: those with which a light can be dimmed, and those with a colour.
var (
	coloured = []string{"hs", "rgb", "rgbw", "rgbww", "xy"}
	dimmable = append([]string{"brightness", "color_temp", "white"}, coloured...)
)

func brightness(s subject) (step, error) {
	n, _, err := s.number("brightness")
	if err != nil {
		return step{}, err
	}
	return s.dim(n)
}

// dim sets a brightness in percent. 0 turns the light off.
func (s subject) dim(n float64) (step, error) {
	n = percent(n, 0)
	if n == 0 {
		return step{s.service("turn_off"), nil, []act.Expectation{{State: []string{"off"}}}}, nil
	}
	if !s.can(dimmable...) {
		return step{}, fmt.Errorf("%s cannot be dimmed", s.Name)
	}
	e := act.Expectation{State: []string{"on"}, Attribute: "brightness", Value: math.Round(n * 255 / 100), Within: 4}
	return step{s.service("turn_on"), map[string]any{"brightness_pct": n}, []act.Expectation{e}}, nil
}

// changeBrightness sets the brightness that comes of it: a call that comes twice does not dim twice. A light that is on stays on.
func changeBrightness(s subject) (step, error) {
	by, _, err := s.number("by")
	if err != nil {
		return step{}, err
	}
	now, ok := s.now("brightness")
	switch {
	case !s.can(dimmable...):
		return step{}, fmt.Errorf("%s cannot be dimmed", s.Name)
	case !ok && s.known && s.state.State == "off":
		return s.dim(max(0, by))
	case !ok:
		return step{s.service("turn_on"), map[string]any{"brightness_step_pct": percent(by, -100)}, []act.Expectation{{}}}, nil
	}
	return s.dim(max(1, now*100/255+by))
}

func colourTemperature(s subject) (step, error) {
	n, _, err := s.number("kelvin")
	if err != nil {
		return step{}, err
	}
	if !s.can("color_temp") {
		return step{}, fmt.Errorf("%s cannot change the warmth of its light", s.Name)
	}
	if least, ok := s.now("min_color_temp_kelvin"); ok {
		n = max(n, least)
	}
	if most, ok := s.now("max_color_temp_kelvin"); ok {
		n = min(n, most)
	}
	n = math.Round(n)
	e := act.Expectation{State: []string{"on"}, Attribute: "color_temp_kelvin", Value: n, Within: n / 20}
	return step{s.service("turn_on"), map[string]any{"color_temp_kelvin": n}, []act.Expectation{e}}, nil
}

// hues are colours as Home Assistant tells them, in degrees. Home Assistant knows the names of CSS; the others are sent as such a name.
var hues = map[string]struct {
	css string
	hue float64
}{
	"red": {"red", 0}, "orange": {"orange", 39}, "gold": {"gold", 51}, "yellow": {"yellow", 60}, "lime": {"lime", 120}, "green": {"green", 120},
	"turquoise": {"turquoise", 174}, "teal": {"teal", 180}, "cyan": {"cyan", 180}, "blue": {"blue", 240}, "indigo": {"indigo", 275}, "violet": {"violet", 300},
	"purple": {"purple", 300}, "magenta": {"magenta", 300}, "pink": {"pink", 350}, "crimson": {"crimson", 348}, "lavender": {"lavender", 240}, "salmon": {"salmon", 6},
}

func colour(s subject) (step, error) {
	name, err := s.text("colour")
	if err != nil {
		return step{}, err
	}
	name = strings.ToLower(strings.ReplaceAll(name, " ", ""))
	if !s.can(coloured...) {
		return step{}, fmt.Errorf("%s cannot change its colour", s.Name)
	}
	e := act.Expectation{State: []string{"on"}}
	if known, ok := hues[name]; ok {
		name = known.css
		e.Attribute, e.Value, e.Within = "hue", known.hue, 15
	} else if name == "white" {
		e.Attribute, e.Value, e.Within = "saturation", 0, 20
	} else if !isWord(name) {
		return step{}, fmt.Errorf("%q is no colour", name)
	}
	return step{s.service("turn_on"), map[string]any{"color_name": name}, []act.Expectation{e}}, nil
}
