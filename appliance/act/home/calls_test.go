package home

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"orac/appliance/act"
	"orac/runbook/testkit"
)

// samples are the slots with which the table of intents is made.
var samples = []act.Slot{
	number("brightness", 50, "%"), number("by", 10, "%"), word("colour", "blue"), number("kelvin", 2700, "K"), number("position", 50, "%"),
	number("temperature", 21, "°C"), word("mode", "heat"), number("speed", 50, "%"), number("volume", 30, "%"),
}

// sampleState is a state that tells everything.
var sampleState = act.State{State: "off", Numbers: map[string]float64{"temperature": 20, "volume_level": 0.3, "percentage_step": 100.0 / 3, "brightness": 128}}

// table is what each intent becomes.
func table() string {
	var b strings.Builder
	b.WriteString("| intent | for | service | data | proof |\n|---|---|---|---|---|\n")
	for _, w := range ways {
		slots := samples
		if strings.HasSuffix(w.intent, "_temperature") { // without a mode beside it
			slots = slices.DeleteFunc(slices.Clone(samples), func(s act.Slot) bool { return s.Name == "mode" })
		}
		s, err := w.act(subject{act.Entity{Domain: w.domains[0], Name: "it", Features: w.feature}, sampleState, true, act.Command{Intent: w.intent, Slots: slots}})
		if err != nil {
			panic(err)
		}
		_, service, _ := strings.Cut(s.service, ".")
		data, _ := json.Marshal(s.data)
		if s.data == nil {
			data = nil
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", w.intent, strings.Join(w.domains, ", "), service, code(string(data)), proof(s.expect))
	}
	return b.String()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func proof(list []act.Expectation) string {
	var out []string
	for _, x := range list {
		if x.State == nil && x.Attribute == "" {
			out = append(out, "any change")
			continue
		}
		var parts []string
		if x.State != nil {
			states := x.State
			if len(states) > 5 {
				states = append(slices.Clone(states[:3]), "…")
			}
			parts = append(parts, strings.Join(states, " or "))
		}
		switch {
		case x.Text != "":
			parts = append(parts, x.Attribute+" = "+x.Text)
		case x.Attribute != "":
			parts = append(parts, fmt.Sprintf("%s = %v ± %v", x.Attribute, x.Value, x.Within))
		}
		out = append(out, strings.Join(parts, ", "))
	}
	return strings.Join(out, "; ")
}

// TestTheTableOfIntents is what the documentation shows.
func TestTheTableOfIntents(t *testing.T) {
	text, err := os.ReadFile("README.md")
	testkit.Must(t, err)
	const open, end = "<!-- intents -->\n", "<!-- /intents -->"
	before, rest, ok := strings.Cut(string(text), open)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatal("README.md has no place for the table")
	}
	testkit.Golden(t, "README.md", before+open+table()+end+after)
}

// flat is the vocabulary and the states of the stand-in's home.
func flat(t *testing.T) (*act.Home, map[string]act.State) {
	h := &act.Home{Entities: []act.Entity{
		{ID: "climate.a", Domain: "climate", Name: "Thermostat", Unit: "°C", Features: 401},
		{ID: "cover.a", Domain: "cover", Name: "Garage door", Features: 11},
		{ID: "fan.a", Domain: "fan", Name: "Fan"},
		{ID: "light.a", Domain: "light", Name: "A"},
		{ID: "light.b", Domain: "light", Name: "B"},
		{ID: "light.plain", Domain: "light", Name: "Hood"},
		{ID: "media_player.a", Domain: "media_player", Name: "Radio", Features: 1024},
		{ID: "switch.a", Domain: "switch", Name: "Kettle"},
	}}
	return h, map[string]act.State{
		"climate.a":      {Entity: "climate.a", State: "heat", Numbers: map[string]float64{"temperature": 20, "min_temp": 7, "max_temp": 30}, Texts: map[string]string{"hvac_modes": "off,heat", "preset_modes": "eco"}},
		"light.a":        {Entity: "light.a", State: "on", Numbers: map[string]float64{"brightness": 51}, Texts: map[string]string{"supported_color_modes": "brightness"}},
		"light.b":        {Entity: "light.b", State: "off", Texts: map[string]string{"supported_color_modes": "hs,color_temp"}, Numbers: map[string]float64{"min_color_temp_kelvin": 2200, "max_color_temp_kelvin": 6500}},
		"light.plain":    {Entity: "light.plain", State: "on", Texts: map[string]string{"supported_color_modes": "onoff"}},
		"media_player.a": {Entity: "media_player.a", State: "playing"},
		"switch.a":       {Entity: "switch.a", State: "on"},
	}
}

// TestCalls are the calls of commands: one line a call, or the error.
func TestCalls(t *testing.T) {
	for _, c := range []struct {
		command act.Command
		want    string
	}{
		{command("turn_on", []string{"light.a", "light.b", "switch.a"}), "light.turn_on [light.a light.b] null; switch.turn_on [switch.a] null"},
		{command("toggle", []string{"light.a", "light.b"}), "light.turn_off [light.a] null; light.turn_on [light.b] null"},
		{command("toggle", []string{"fan.a"}), "fan.toggle [fan.a] null"},
		{command("set_brightness", []string{"light.a", "light.plain"}, number("brightness", 33.4, "%")), `light.turn_on [light.a] {"brightness_pct":33}`},
		{command("set_brightness", []string{"light.plain"}, number("brightness", 33, "%")), "Hood cannot be dimmed"},
		{command("set_brightness", []string{"switch.a"}, number("brightness", 33, "%")), "Kettle cannot be dimmed"},
		{command("set_brightness", []string{"light.a"}, number("brightness", 0, "%")), "light.turn_off [light.a] null"},
		{command("set_brightness", []string{"light.a"}), "no number was said for brightness"},
		{command("change_brightness", []string{"light.a", "light.b"}, number("by", 10, "%")), `light.turn_on [light.a] {"brightness_pct":30}; light.turn_on [light.b] {"brightness_pct":10}`},
		{command("change_brightness", []string{"light.a"}, number("by", -90, "%")), `light.turn_on [light.a] {"brightness_pct":1}`},
		{command("change_brightness", []string{"light.b"}, number("by", -10, "%")), "light.turn_off [light.b] null"},
		{command("set_colour", []string{"light.a"}, word("colour", "red")), "A cannot change its colour"},
		{command("set_colour", []string{"light.b"}, word("colour", "Light Blue")), `light.turn_on [light.b] {"color_name":"lightblue"}`},
		{command("set_colour", []string{"light.b"}, word("colour", `red"}`)), `"red\"}" is no colour`},
		{command("set_colour_temperature", []string{"light.b"}, number("kelvin", 1000, "K")), `light.turn_on [light.b] {"color_temp_kelvin":2200}`},
		{command("open", []string{"cover.a"}), "cover.open_cover [cover.a] null"},
		{command("set_position", []string{"cover.a"}, number("position", 50, "%")), "Garage door cannot be set to a position"},
		{command("set_temperature", []string{"climate.a"}, number("temperature", 68, "°F")), `climate.set_temperature [climate.a] {"temperature":20}`},
		{command("set_temperature", []string{"climate.a"}, number("temperature", 45, "°")), "Thermostat cannot be set above 30 °C"},
		{command("set_temperature", []string{"climate.a"}, number("temperature", 22, "°C"), word("mode", "heat")), `climate.set_temperature [climate.a] {"hvac_mode":"heat","temperature":22}`},
		{command("change_temperature", []string{"climate.a"}, number("by", 1, "°")), `climate.set_temperature [climate.a] {"temperature":21}`},
		{command("set_climate_mode", []string{"climate.a"}, word("mode", "eco")), `climate.set_preset_mode [climate.a] {"preset_mode":"eco"}`},
		{command("set_climate_mode", []string{"climate.a"}, word("mode", "cool")), `Thermostat has no mode "cool"`},
		{command("change_volume", []string{"media_player.a"}, number("by", 10, "%")), "media_player.volume_up [media_player.a] null"},
		{command("set_volume", []string{"media_player.a"}, number("volume", 10, "%")), "Radio cannot change its volume"},
		{command("turn_on", []string{"light.none"}), "none is not there any more"},
		{command("turn_on", nil), "nothing was named that could do it"},
		{command("make_coffee", []string{"switch.a"}), `Home Assistant cannot carry out "make_coffee"`},
		{command("ask_state", []string{"switch.a"}, word("state", "on")), `ask_state [switch.a] {"state":"on"}`},
	} {
		home, states := flat(t)
		calls, err := (&Home{}).Calls(c.command, home, states)
		var got []string
		for _, call := range calls {
			data, _ := json.Marshal(call.Data)
			got = append(got, fmt.Sprintf("%s %v %s", call.Service, call.Targets, data))
			for _, id := range call.Targets {
				if !call.Asks && !slices.ContainsFunc(call.Expect, func(x act.Expectation) bool { return x.Entity == id }) {
					t.Errorf("nothing proves %v for %s", call, id)
				}
			}
		}
		if err != nil {
			got = []string{err.Error()}
		}
		if text := strings.Join(got, "; "); text != c.want {
			t.Errorf("%s %v:\n got %s\nwant %s", c.command.Intent, c.command.Targets, text, c.want)
		}
	}
	if _, err := (&Home{}).Calls(command("turn_on", []string{"light.a"}), nil, nil); err == nil {
		t.Error("a home that nobody knows")
	}
}
