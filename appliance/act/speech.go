package act

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"orac/runbook/pattern"
)

// done is what people are told of an intent that is proven to be done.
var done = map[string]string{
	"turn_on": "Turned on", "turn_off": "Turned off", "toggle": "Switched", "set_brightness": "Brightness set", "change_brightness": "Brightness changed",
	"set_colour": "Colour set", "set_colour_temperature": "Colour set", "open": "Opened", "close": "Closed", "stop": "Stopped", "set_position": "Position set",
	"set_temperature": "Temperature set", "change_temperature": "Temperature changed", "set_climate_mode": "Mode set", "set_fan_speed": "Fan speed set",
	"play": "Playing", "pause": "Paused", "next": "Next one", "previous": "Previous one", "set_volume": "Volume set", "change_volume": "Volume changed",
	"mute": "Muted", "unmute": "Sound on", "activate": "Activated", "lock": "Locked", "unlock": "Unlocked", "vacuum_start": "Vacuuming", "vacuum_stop": "Vacuum stopped",
	"vacuum_dock": "The vacuum goes home", "timer_cancel": "Timer cancelled",
}

// Speech is one or two sentences for people: what became of a request. It never says more than is verified.
func Speech(a Answer) string {
	switch {
	case a.Refused:
		return sentence("I did nothing", a.Reason)
	case !a.Understood:
		return notUnderstood(a)
	case a.Reading.Tier == Correction:
		return takenBack(a)
	case len(a.Outcomes) == 0:
		return sentence("I could not do that", a.Reason)
	case !slices.ContainsFunc(a.Outcomes, func(o Outcome) bool { return o.Verdict != NotTried }):
		return sentence("I did nothing", a.Outcomes[0].Reason)
	}
	var said []string
	good := 0
	for _, o := range a.Outcomes {
		if !o.Verdict.Good() {
			continue
		}
		good++
		text := o.Reply
		switch {
		case text != "":
		case o.Call.Intent == "timer_start":
			text = timerStarted(o.Call)
		case o.Verdict == Already:
			text = "It is so already"
		default:
			text = or(done[o.Call.Intent], "Done")
		}
		if text = stop(text); !slices.Contains(said, text) {
			said = append(said, text)
		}
	}
	bad := worst(a.Outcomes)
	if good == len(a.Outcomes) {
		return strings.Join(said, " ")
	}
	if good > 0 {
		said = append(said, "But not all of it:")
	}
	return strings.Join(append(said, trouble(bad)), " ")
}

func notUnderstood(a Answer) string {
	text := "Sorry, I did not understand that."
	if len(a.Reading.Near) > 0 {
		text += " Did you mean " + Listed(a.Reading.Near, "or") + "?"
	}
	return text
}

// Listed is a list as people say it: "the lamp, the fan or the radio".
func Listed(names []string, word string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " " + word + " " + names[last]
}

func takenBack(a Answer) string {
	switch {
	case len(a.Undone) == 0:
		return sentence("There is nothing to take back", a.Reason)
	case a.Verified && a.Reason == "":
		return "Sorry. It is as it was before."
	case a.Verified:
		return sentence("Sorry. I took back what I could", a.Reason)
	}
	return "Sorry. I could not take all of it back: " + lower(trouble(worst(a.Undone)))
}

// worst is the outcome that people must hear of.
func worst(list []Outcome) Outcome {
	rank := map[Verdict]int{Unknown: 4, Failed: 3, NotTried: 2, Unproven: 1}
	at := slices.IndexFunc(list, func(o Outcome) bool { return !o.Verdict.Good() })
	for i, o := range list {
		if at >= 0 && rank[o.Verdict] > rank[list[at].Verdict] {
			at = i
		}
	}
	if at < 0 {
		return Outcome{}
	}
	return list[at]
}

// trouble is what people hear of an outcome that is no success.
func trouble(o Outcome) string {
	switch o.Verdict {
	case Unknown:
		return sentence("I do not know whether it was done", o.Reason)
	case Unproven:
		return sentence("I sent it, but nothing shows that it was done", o.Reason)
	case NotTried:
		return sentence("I did not try it", o.Reason)
	}
	return sentence("That did not work", or(o.Reply, o.Reason))
}

func timerStarted(c Call) string {
	seconds, _ := c.Data["seconds"].(float64)
	name, _ := c.Data["name"].(string)
	for_ := ""
	if name != "" {
		for_ = " for " + name
	}
	return fmt.Sprintf("The timer%s is set to %s", for_, DurationInWords(time.Duration(seconds*float64(time.Second))))
}

func sentence(text, why string) string {
	if why = strings.TrimRight(strings.TrimSpace(why), "."); why != "" {
		text += ": " + why
	}
	return text + "."
}

// stop ends a sentence.
func stop(text string) string {
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") || strings.HasSuffix(text, "!") {
		return text
	}
	return text + "."
}

func lower(text string) string {
	if strings.HasPrefix(text, "I ") || text == "" {
		return text
	}
	return strings.ToLower(text[:1]) + text[1:]
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// TimeInWords is a time of day for people.
func TimeInWords(t time.Time) string { return t.Format("15:04") }

// DateInWords is a date for people.
func DateInWords(t time.Time) string { return t.Format("Monday, 2 January 2006") }

// DurationInWords is a duration for people, to the second: "1 hour and 5 minutes".
func DurationInWords(d time.Duration) string {
	seconds := int64(math.Round(max(0, d).Seconds()))
	var parts []string
	for _, u := range []struct {
		name string
		len  int64
	}{{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}} {
		n := seconds / u.len
		seconds %= u.len
		switch {
		case n == 1:
			parts = append(parts, "1 "+u.name)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n, u.name))
		}
	}
	switch len(parts) {
	case 0:
		return "0 seconds"
	case 1:
		return parts[0]
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}

var slotOf = pattern.Lazy(`\{([a-z][a-z0-9_]*)\}`)

// Said fills the {slots} of a text with what was said; false if it names one that nobody said.
func Said(text string, c Command) (string, bool) {
	all := true
	return slotOf().ReplaceAllStringFunc(text, func(p string) string {
		for _, s := range c.Slots {
			if s.Name != p[1:len(p)-1] {
				continue
			}
			if s.Value.Number != nil {
				return strconv.FormatFloat(*s.Value.Number, 'f', -1, 64)
			}
			return s.Value.Text
		}
		all = false
		return ""
	}), all
}
