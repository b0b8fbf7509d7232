package home

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"orac/appliance/act"
)

// step is what is asked of one entity.
type step struct {
	service string
	data    map[string]any
	expect  []act.Expectation // without the entity
}

// subject is an entity, how it is, and what is wanted of it.
type subject struct {
	act.Entity
	state act.State
	known bool // its state is
	c     act.Command
}

// way is how an intent is carried out for the entities of some domains. Its error says what cannot be done.
type way struct {
	intent  string
	domains []string
	feature uint32 // bits of supported_features, of which one is needed; 0: none. An entity that tells no features has them all
	act     func(subject) (step, error)
}

// cannot says for each intent what an entity cannot.
var cannot = map[string]string{
	"turn_on": "be turned on", "turn_off": "be turned off", "toggle": "be switched", "set_brightness": "be dimmed", "change_brightness": "be dimmed",
	"set_colour": "change its colour", "set_colour_temperature": "change the warmth of its light", "open": "be opened", "close": "be closed", "stop": "be stopped",
	"set_position": "be set to a position", "set_temperature": "be set to a temperature", "change_temperature": "be set to a temperature",
	"set_climate_mode": "do that", "set_fan_speed": "change its speed", "play": "play", "pause": "pause", "next": "skip", "previous": "go back",
	"set_volume": "change its volume", "change_volume": "change its volume", "mute": "be muted", "unmute": "be unmuted", "activate": "be activated",
	"lock": "be locked", "unlock": "be unlocked", "vacuum_start": "start", "vacuum_stop": "be stopped", "vacuum_dock": "go home",
}

// Features of entities, as supported_features has them.
const (
	coverOpen, coverClose, coverPosition, coverStop               = 1, 2, 4, 8
	fanSpeed, fanOff, fanOn                                       = 1, 16, 32
	playerPause, playerVolume, playerMute, playerBack, playerNext = 1, 4, 8, 16, 32
	playerOn, playerOff, playerStep, playerPlay                   = 128, 256, 1024, 16384
	climateTemperature, climatePreset                             = 1, 16
	vacuumPause, vacuumStop, vacuumHome, vacuumStart              = 4, 8, 16, 8192
)

var (
	switches = []string{"switch", "input_boolean", "siren", "humidifier", "automation", "remote", "group"}
	presses  = []string{"button", "input_button"}
)

// ways are all that can be done. The first that fits an intent and a domain counts.
var ways = []way{
	{"turn_on", []string{"light"}, 0, to("turn_on", "on")},
	{"turn_on", switches, 0, to("turn_on", "on")},
	{"turn_on", []string{"fan"}, 0, to("turn_on", "on")},
	{"turn_on", []string{"media_player"}, playerOn, to("turn_on", "on", "idle", "playing", "paused", "buffering")},
	{"turn_on", []string{"climate", "water_heater"}, 0, to("turn_on", notOff...)},
	{"turn_on", []string{"scene", "script"}, 0, changes("turn_on")},
	{"turn_on", presses, 0, changes("press")},
	{"turn_on", []string{"cover"}, coverOpen, to("open_cover", "open")},
	{"turn_on", []string{"valve"}, coverOpen, to("open_valve", "open")},
	{"turn_on", []string{"vacuum"}, vacuumStart, to("start", "cleaning")},
	{"turn_off", []string{"light"}, 0, to("turn_off", "off")},
	{"turn_off", append([]string{"script"}, switches...), 0, to("turn_off", "off")},
	{"turn_off", []string{"fan"}, 0, to("turn_off", "off")},
	{"turn_off", []string{"media_player"}, playerOff, to("turn_off", "off", "standby")},
	{"turn_off", []string{"climate", "water_heater"}, 0, to("turn_off", "off")},
	{"turn_off", []string{"cover"}, coverClose, to("close_cover", "closed")},
	{"turn_off", []string{"valve"}, coverClose, to("close_valve", "closed")},
	{"turn_off", []string{"vacuum"}, vacuumHome, to("return_to_base", "returning", "docked")},
	{"toggle", append([]string{"light", "fan", "media_player"}, switches...), 0, toggle},
	{"toggle", []string{"cover", "valve"}, coverOpen | coverClose, toggle},
	{"set_brightness", []string{"light"}, 0, brightness},
	{"change_brightness", []string{"light"}, 0, changeBrightness},
	{"set_colour", []string{"light"}, 0, colour},
	{"set_colour_temperature", []string{"light"}, 0, colourTemperature},
	{"open", []string{"cover"}, coverOpen, to("open_cover", "open")},
	{"open", []string{"valve"}, coverOpen, to("open_valve", "open")},
	{"open", []string{"lock"}, 1, to("open", "open")},
	{"close", []string{"cover"}, coverClose, to("close_cover", "closed")},
	{"close", []string{"valve"}, coverClose, to("close_valve", "closed")},
	{"stop", []string{"cover"}, coverStop, to("stop_cover", "open", "closed", "stopped")},
	{"stop", []string{"media_player"}, 0, to("media_stop", "idle", "off", "standby", "paused")},
	{"stop", []string{"vacuum"}, vacuumStop, to("stop", "idle", "paused", "docked")},
	{"set_position", []string{"cover"}, coverPosition, position("set_cover_position")},
	{"set_position", []string{"valve"}, coverPosition, position("set_valve_position")},
	{"set_temperature", []string{"climate"}, climateTemperature, temperature},
	{"set_temperature", []string{"water_heater"}, 1, temperature},
	{"change_temperature", []string{"climate"}, climateTemperature, changeTemperature},
	{"change_temperature", []string{"water_heater"}, 1, changeTemperature},
	{"set_climate_mode", []string{"climate"}, 0, climateMode},
	{"set_fan_speed", []string{"fan"}, fanSpeed, fanPercentage},
	{"play", []string{"media_player"}, playerPlay, to("media_play", "playing")},
	{"pause", []string{"media_player"}, playerPause, to("media_pause", "paused", "idle")},
	{"pause", []string{"vacuum"}, vacuumPause, to("pause", "paused", "idle")},
	{"next", []string{"media_player"}, playerNext, changes("media_next_track")},
	{"previous", []string{"media_player"}, playerBack, changes("media_previous_track")},
	{"set_volume", []string{"media_player"}, playerVolume, volume},
	{"change_volume", []string{"media_player"}, playerVolume | playerStep, changeVolume},
	{"mute", []string{"media_player"}, playerMute, muted(true)},
	{"unmute", []string{"media_player"}, playerMute, muted(false)},
	{"activate", []string{"scene", "script"}, 0, changes("turn_on")},
	{"activate", presses, 0, changes("press")},
	{"activate", []string{"automation"}, 0, changes("trigger")},
	{"lock", []string{"lock"}, 0, to("lock", "locked")},
	{"unlock", []string{"lock"}, 0, to("unlock", "unlocked")},
	{"vacuum_start", []string{"vacuum"}, vacuumStart, to("start", "cleaning")},
	{"vacuum_start", []string{"lawn_mower"}, 0, to("start_mowing", "mowing")},
	{"vacuum_stop", []string{"vacuum"}, vacuumStop | vacuumPause, stopVacuum},
	{"vacuum_stop", []string{"lawn_mower"}, 0, to("pause", "paused")},
	{"vacuum_dock", []string{"vacuum"}, vacuumHome, to("return_to_base", "returning", "docked")},
	{"vacuum_dock", []string{"lawn_mower"}, 0, to("dock", "returning", "docked")},
}

// notOff are the states of a thermostat that is on.
var notOff = []string{"heat", "cool", "heat_cool", "auto", "dry", "fan_only", "eco", "electric", "gas", "heat_pump", "high_demand", "performance", "on"}

// to is a service that leads to one of some states.
func to(service string, states ...string) func(subject) (step, error) {
	return func(s subject) (step, error) {
		return step{s.service(service), nil, []act.Expectation{{State: states}}}, nil
	}
}

// changes is a service after which the state is another one, whichever it is.
func changes(service string) func(subject) (step, error) {
	return func(s subject) (step, error) { return step{s.service(service), nil, []act.Expectation{{}}}, nil }
}

// service is the name of a service for the domain of the subject.
func (s subject) service(name string) string {
	if s.Domain == "group" {
		return "homeassistant." + name
	}
	return s.Domain + "." + name
}

// number returns the number that was said for a slot.
func (s subject) number(slot string) (float64, string, error) {
	for _, x := range s.c.Slots {
		if x.Name == slot && x.Value.Number != nil {
			if n := *x.Value.Number; !math.IsNaN(n) && math.Abs(n) <= 1e6 {
				return n, x.Value.Unit, nil
			}
		}
	}
	return 0, "", fmt.Errorf("no number was said for %s", slot)
}

func (s subject) text(slot string) (string, error) {
	for _, x := range s.c.Slots {
		if x.Name == slot && x.Value.Text != "" {
			return x.Value.Text, nil
		}
	}
	return "", fmt.Errorf("nothing was said for %s", slot)
}

// now is a number of the present state.
func (s subject) now(name string) (float64, bool) {
	n, ok := s.state.Numbers[name]
	return n, ok && s.known
}

// toggle becomes on or off where the state is known: a call that leads to a state can be proven, and does no harm if it comes twice.
func toggle(s subject) (step, error) {
	on, off := s.service("turn_on"), s.service("turn_off")
	if s.Domain == "cover" || s.Domain == "valve" {
		switch s.state.State {
		case "open", "opening":
			return step{s.service("close_" + s.Domain), nil, []act.Expectation{{State: []string{"closed"}}}}, nil
		case "closed", "closing":
			return step{s.service("open_" + s.Domain), nil, []act.Expectation{{State: []string{"open"}}}}, nil
		}
		return step{s.service("toggle"), nil, []act.Expectation{{}}}, nil
	}
	switch {
	case !s.known || s.state.State == "unavailable" || s.state.State == "unknown":
		return step{s.service("toggle"), nil, []act.Expectation{{}}}, nil
	case s.state.State == "off":
		return step{on, nil, []act.Expectation{{State: []string{"on", "idle", "playing", "paused"}}}}, nil
	}
	return step{off, nil, []act.Expectation{{State: []string{"off", "standby"}}}}, nil
}

func position(service string) func(subject) (step, error) {
	return func(s subject) (step, error) {
		n, _, err := s.number("position")
		if err != nil {
			return step{}, err
		}
		n = percent(n, 0)
		return step{s.service(service), map[string]any{"position": n}, []act.Expectation{{Attribute: "current_position", Value: n, Within: 3}}}, nil
	}
}

func percent(n, least float64) float64 { return math.Round(max(least, min(100, n))) }

// fanPercentage is proven by the step of the fan that Home Assistant makes of it: one with three speeds takes 67 % for half.
func fanPercentage(s subject) (step, error) {
	n, _, err := s.number("speed")
	if err != nil {
		return step{}, err
	}
	n = percent(n, 0)
	e := act.Expectation{State: []string{"on"}, Attribute: "percentage", Value: n, Within: 2}
	if unit, ok := s.now("percentage_step"); ok && unit > 2 && unit <= 100 {
		e.Value, e.Within = math.Round(min(100, math.Ceil(n/unit-1e-6)*unit)), math.Floor(unit/2)
	}
	if n == 0 {
		e = act.Expectation{State: []string{"off"}}
	}
	return step{s.service("set_percentage"), map[string]any{"percentage": n}, []act.Expectation{e}}, nil
}

func volume(s subject) (step, error) {
	n, _, err := s.number("volume")
	if err != nil {
		return step{}, err
	}
	return s.volume(percent(n, 0) / 100)
}

func (s subject) volume(level float64) (step, error) {
	return step{s.service("volume_set"), map[string]any{"volume_level": level}, []act.Expectation{{Attribute: "volume_level", Value: level, Within: 0.02}}}, nil
}

func changeVolume(s subject) (step, error) {
	by, _, err := s.number("by")
	if err != nil {
		return step{}, err
	}
	if now, ok := s.now("volume_level"); ok && (s.Features == 0 || s.Features&playerVolume != 0) {
		return s.volume(percent(100*now+by, 0) / 100)
	}
	if by < 0 {
		return step{s.service("volume_down"), nil, []act.Expectation{{}}}, nil
	}
	return step{s.service("volume_up"), nil, []act.Expectation{{}}}, nil
}

func muted(yes bool) func(subject) (step, error) {
	return func(s subject) (step, error) {
		e := act.Expectation{Attribute: "is_volume_muted", Within: 0.1}
		if yes {
			e.Value = 1
		}
		return step{s.service("volume_mute"), map[string]any{"is_volume_muted": yes}, []act.Expectation{e}}, nil
	}
}

func stopVacuum(s subject) (step, error) {
	if s.Features != 0 && s.Features&vacuumStop == 0 {
		return step{s.service("pause"), nil, []act.Expectation{{State: []string{"paused", "idle", "docked"}}}}, nil
	}
	return step{s.service("stop"), nil, []act.Expectation{{State: []string{"idle", "paused", "docked"}}}}, nil
}

// listed tells whether a list among the texts of the state has a word. A state without that list tells nothing.
func (s subject) listed(list, word string) (has, told bool) {
	text, told := s.state.Texts[list]
	return slices.Contains(strings.Split(text, ","), word), told
}
