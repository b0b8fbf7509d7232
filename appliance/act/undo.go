package act

import (
	"fmt"
	"math"
	"strings"
)

// Undo returns the commands that restore what a call has changed, entity by entity, from the states before it. seen are entities that a
// later call has been taken back for already; those of this call are added. cannot says what cannot be restored, in plain words.
func Undo(o Outcome, seen map[string]bool) (commands []Command, cannot []string) {
	for _, e := range o.Entities {
		if e.Verdict == Already || seen[e.Entity] {
			continue
		}
		seen[e.Entity] = true
		domain, _, _ := strings.Cut(e.Entity, ".")
		was := e.Before
		if was.State == "" || was.State == "unknown" || was.State == "unavailable" {
			cannot = append(cannot, fmt.Sprintf("nobody knows how %s was before", e.Entity))
			continue
		}
		back := func(intent string, slots ...Slot) {
			commands = append(commands, Command{Intent: intent, Backend: o.Call.Backend, Targets: []string{e.Entity}, Slots: slots})
		}
		switch domain {
		case "light":
			level, dimmed := was.Numbers["brightness"]
			switch {
			case was.State != "on":
				back("turn_off")
			case dimmed:
				back("set_brightness", slotOfNumber("brightness", math.Round(level/255*100), "%"))
			default:
				back("turn_on")
			}
			if kelvin, ok := was.Numbers["color_temp_kelvin"]; ok && was.State == "on" {
				back("set_colour_temperature", slotOfNumber("kelvin", kelvin, "K"))
			}
		case "switch", "input_boolean", "fan", "siren", "humidifier":
			speed, ok := was.Numbers["percentage"]
			switch {
			case was.State != "on":
				back("turn_off")
			case domain == "fan" && ok && speed > 0:
				back("set_fan_speed", slotOfNumber("speed", speed, "%"))
			default:
				back("turn_on")
			}
		case "cover", "valve":
			position, ok := was.Numbers["current_position"]
			switch {
			case ok && position > 0 && position < 100:
				back("set_position", slotOfNumber("position", position, "%"))
			case was.State == "open" || was.State == "opening":
				back("open")
			default:
				back("close")
			}
		case "climate":
			if mode := was.State; mode != e.After.State {
				back("set_climate_mode", Slot{Name: "mode", Value: Value{Text: mode}})
			}
			if degrees, ok := was.Numbers["temperature"]; ok && degrees != e.After.Numbers["temperature"] {
				back("set_temperature", slotOfNumber("temperature", degrees, ""))
			}
		case "media_player":
			if volume, ok := was.Numbers["volume_level"]; ok && volume != e.After.Numbers["volume_level"] {
				back("set_volume", slotOfNumber("volume", math.Round(volume*100), "%"))
			}
			switch {
			case was.State == e.After.State:
			case was.State == "playing":
				back("play")
			case was.State == "paused":
				back("pause")
			case was.State == "off":
				back("turn_off")
			default:
				back("turn_on")
			}
		case "lock":
			if was.State == "locked" {
				back("lock")
			} else {
				cannot = append(cannot, fmt.Sprintf("%s is not unlocked for having been locked by mistake: say it", e.Entity))
			}
		case "vacuum":
			if was.State == "cleaning" {
				back("vacuum_start")
			} else {
				back("vacuum_dock")
			}
		default:
			cannot = append(cannot, fmt.Sprintf("what %s did cannot be taken back", e.Entity))
		}
	}
	if len(o.Entities) == 0 && o.Verdict != NotTried && o.Verdict != Failed && !o.Call.Asks {
		cannot = append(cannot, fmt.Sprintf("what %s of backend.%s did cannot be taken back", o.Call.Service, o.Call.Backend))
	}
	return commands, cannot
}

func slotOfNumber(name string, n float64, unit string) Slot {
	return Slot{Name: name, Value: Value{Number: &n, Unit: unit}}
}
