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

// shades are the colours of CSS that people say, in degrees and percent. Home Assistant takes their names, and tells hue and saturation.
var shades = map[string]struct{ hue, saturation float64 }{
	"red": {0, 100}, "orange": {39, 100}, "amber": {39, 100}, "gold": {51, 100}, "yellow": {60, 100}, "lime": {120, 100}, "green": {120, 100}, "turquoise": {174, 71},
	"teal": {180, 100}, "cyan": {180, 100}, "blue": {240, 100}, "indigo": {275, 100}, "violet": {300, 45}, "purple": {300, 100}, "magenta": {300, 100},
	"pink": {350, 25}, "crimson": {348, 91}, "lavender": {240, 8}, "salmon": {6, 54}, "navy": {240, 100}, "lightblue": {195, 25}, "skyblue": {197, 43},
	"darkgreen": {120, 100}, "lightgreen": {120, 39}, "darkred": {0, 100}, "coral": {16, 69}, "olive": {60, 100}, "maroon": {0, 100},
	"hotpink": {330, 59}, "brown": {0, 75}, "beige": {60, 10}, "ivory": {60, 6}, "royalblue": {225, 71}, "white": {0, 0},
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
	switch shade, known := shades[name]; {
	case known && shade.saturation > 20:
		e.Attribute, e.Value, e.Within = "hue", shade.hue, 15
	case known: // nearly white: the hue says nothing
		e.Attribute, e.Value, e.Within = "saturation", shade.saturation, 20
	case !isWord(name):
		return step{}, fmt.Errorf("%q is no colour", name)
	}
	if name == "amber" { // which CSS does not know
		name = "orange"
	}
	return step{s.service("turn_on"), map[string]any{"color_name": name}, []act.Expectation{e}}, nil
}
