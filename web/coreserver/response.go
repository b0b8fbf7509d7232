package coreserver

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"orac/appliance/act"
)

// unknown stands for what was not understood, as in the grammar of the existing service.
const unknown = "UNKNOWN"

// deed is a command in the words of the existing service: exactly these fields, in this order.
type deed struct {
	Device   string `json:"device"`
	Action   string `json:"action"`
	Location string `json:"location"`
}

// responseOf is an answer as the existing service words it: the first command as a JSON object, the answer to a question as text, and a
// correction with its result.
func responseOf(a act.Answer) string {
	if a.Reading.Tier == act.Correction {
		result := "nothing_to_remove"
		if a.Executed {
			result = "removed_last_entry"
		}
		return encode(struct {
			Action string `json:"action"`
			Result string `json:"result"`
		}{"error_correction", result})
	}
	if !a.Understood || len(a.Reading.Commands) == 0 {
		return encode(deed{unknown, unknown, unknown})
	}
	for _, o := range a.Outcomes {
		if o.Call.Asks || o.Reply != "" {
			return cmp.Or(o.Reply, a.Speech)
		}
	}
	c := a.Reading.Commands[0]
	if c.Backend == "" { // ORAC has answered it itself: the time, a timer
		return a.Speech
	}
	return encode(deed{deviceOf(c), actionOf(c), locationOf(c)})
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return string(b)
}

// devices are the types of the existing service by the domain of an entity.
var devices = map[string]string{"light": "lights", "climate": "heating", "media_player": "media_player", "cover": "blinds", "switch": "switches"}

// deviceOf is the type of what a command is about.
func deviceOf(c act.Command) string {
	if len(c.Targets) == 0 {
		return unknown
	}
	domain, _, _ := strings.Cut(c.Targets[0], ".")
	return cmp.Or(devices[domain], domain)
}

// actions are the words of the existing service by intent.
var actions = map[string]string{"turn_on": "on", "turn_off": "off", "toggle": "toggle", "open": "open", "close": "close", "stop": "stop", "lock": "lock", "unlock": "unlock", "activate": "on"}

// actionOf is what is done: one of the words, "set 50%", "set 21C", or the name of the intent.
func actionOf(c act.Command) string {
	if word := actions[c.Intent]; word != "" {
		return word
	}
	if strings.HasPrefix(c.Intent, "set_") {
		for _, s := range c.Slots {
			if n := s.Value.Number; n != nil {
				number := strconv.FormatFloat(*n, 'f', -1, 64)
				switch s.Value.Unit {
				case "%":
					return "set " + number + "%"
				case "°C":
					return "set " + number + "C"
				}
			}
		}
	}
	return c.Intent
}

// locationOf is the room that was said, or else the first thing that is meant.
func locationOf(c act.Command) string {
	for _, s := range c.Slots {
		if s.Name == "area" && s.Value.Text != "" {
			return s.Value.Text
		}
	}
	if len(c.Targets) == 0 {
		return unknown
	}
	return c.Targets[0]
}
