package home

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"orac/appliance/act"
	"orac/appliance/rt"
)

// mostNamed is how many things an answer names.
const mostNamed = 8

// asks makes the call of a question: it is answered from the states.
func (h *Home) asks(c act.Command) ([]act.Call, error) {
	if !slices.Contains([]string{"ask_state", "ask_value", "ask_which", "ask_count"}, c.Intent) {
		return nil, fmt.Errorf("Home Assistant cannot answer %q", c.Intent) //nolint:staticcheck // a name
	}
	if len(c.Targets) == 0 && (c.Intent == "ask_state" || c.Intent == "ask_value") {
		return nil, errors.New("nothing was named that could be asked")
	}
	data := map[string]any{}
	for _, s := range c.Slots {
		if s.Value.Number == nil {
			data[s.Name] = s.Value.Text
		}
	}
	return []act.Call{{Backend: h.config.Name, Intent: c.Intent, Service: c.Intent, Targets: c.Targets, Data: data, Asks: true}}, nil
}

// answer answers a question.
func (h *Home) answer(t *rt.Task, c act.Call) act.Outcome {
	o := act.Outcome{Call: c, Sent: t.Wall()}
	states, _, live := h.look(c.Targets)
	if !live {
		var err error
		if states, err = h.fetch(t, c.Targets); err != nil {
			o.Verdict, o.Reason = act.Failed, plainly(err)
			return o
		}
	}
	o.Answered = t.Wall()
	var known []seen
	var away []string
	for _, id := range c.Targets {
		s, ok := states[id]
		if !ok || s.State.State == "unavailable" || s.State.State == "unknown" {
			away = append(away, cmp.Or(s.name, h.named(id)))
			continue
		}
		s.name = cmp.Or(s.name, plain(id))
		known = append(known, s)
		o.Entities = append(o.Entities, act.EntityOutcome{Entity: id, After: s.State, Verdict: act.Proven})
	}
	if len(known) == 0 && len(away) > 0 {
		o.Verdict, o.Reason = act.Failed, "the state of "+listing(away, ", ", mostNamed)+" is not known"
		return o
	}
	o.Verdict, o.Proof = act.Proven, o.Answered
	state, attribute := textOf(c.Data["state"]), textOf(c.Data["attribute"])
	switch c.Intent {
	case "ask_state":
		o.Reply = whether(known, state)
	case "ask_value":
		if o.Reply = value(known, attribute); o.Reply == "" {
			o.Verdict, o.Reason = act.Failed, "none of them tells its "+attribute
			return o
		}
	case "ask_which":
		yes, _ := split(known, state)
		o.Reply = capital(are(yes, state))
		if len(yes) == 0 {
			o.Reply = "None"
		}
	case "ask_count":
		yes, _ := split(known, state)
		o.Reply = strconv.Itoa(len(yes))
	}
	if len(away) > 0 { // "None" alone would say that also of those
		o.Reason = "the state of " + listing(away, ", ", mostNamed) + " is not known"
		o.Reply += ", but " + o.Reason
	}
	return o
}

// split tells those that are in a state from the others.
func split(list []seen, state string) (yes, no []seen) {
	for _, s := range list {
		if is(s, state) {
			yes = append(yes, s)
		} else {
			no = append(no, s)
		}
	}
	return yes, no
}

// whether answers "is it so?", of one thing or of several.
func whether(list []seen, state string) string {
	if state == "" { // how is it?
		var named []string
		for _, s := range list {
			named = append(named, the(s)+" is "+says(s))
		}
		return capital(listing(named, ", ", mostNamed))
	}
	yes, no := split(list, state)
	switch {
	case len(list) == 1 && len(yes) == 1:
		return fmt.Sprintf("Yes, %s is %s", the(yes[0]), state)
	case len(list) == 1:
		return fmt.Sprintf("No, %s is %s", the(no[0]), says(no[0]))
	case len(no) == 0:
		return fmt.Sprintf("Yes, all %d are %s", len(yes), state)
	case len(yes) == 0:
		return "No, none is " + state
	}
	return fmt.Sprintf("Some: %s", are(yes, state))
}

func are(list []seen, state string) string {
	var named []string
	for _, s := range list {
		named = append(named, the(s))
	}
	switch n := len(named); {
	case n == 0:
		return ""
	case n == 1:
		return named[0] + " is " + state
	case n <= mostNamed:
		return strings.Join(named[:n-1], ", ") + " and " + named[n-1] + " are " + state
	}
	return listing(named, ", ", mostNamed) + " are " + state
}

func the(s seen) string { return "the " + s.name }

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// pairs are the words for on and off of a binary sensor, by its class.
var pairs = map[string][2]string{
	"door": {"open", "closed"}, "window": {"open", "closed"}, "garage_door": {"open", "closed"}, "opening": {"open", "closed"}, "lock": {"unlocked", "locked"},
	"motion": {"moving", "still"}, "occupancy": {"occupied", "empty"}, "presence": {"home", "away"}, "moisture": {"wet", "dry"}, "battery": {"low", "normal"},
	"plug": {"plugged in", "unplugged"}, "running": {"running", "not running"}, "problem": {"in trouble", "fine"}, "smoke": {"full of smoke", "free of smoke"},
	"connectivity": {"connected", "disconnected"}, "light": {"lit", "dark"}, "sound": {"loud", "quiet"}, "vibration": {"vibrating", "still"},
}

// says is the state of an entity in words.
func says(s seen) string {
	if pair, ok := pairs[s.class]; ok && domainOf(s.Entity) == "binary_sensor" {
		switch s.State.State {
		case "on":
			return pair[0]
		case "off":
			return pair[1]
		}
	}
	if n, ok := measured(s.State.State); ok {
		return quantity(n, s.unit)
	}
	return words(s.State.State)
}

// measured reads a state that is a number which can be said.
func measured(state string) (float64, bool) {
	n, err := strconv.ParseFloat(state, 64)
	return n, err == nil && math.Abs(n) < mostSaid
}

// mostSaid is from where on a number is no reading, and not written out.
const mostSaid = 1e15

func words(state string) string {
	if w, ok := map[string]string{"not_home": "away", "heat_cool": "heating or cooling", "fan_only": "only blowing", "idle": "idle"}[state]; ok {
		return w
	}
	return strings.ReplaceAll(state, "_", " ")
}

// synonyms are other words for states.
var synonyms = map[string][]string{
	"closed": {"shut"}, "on": {"running", "switched on", "heat", "cool", "heat_cool", "auto", "dry", "fan_only", "playing", "cleaning"}, "off": {"switched off"},
	"open": {"opened"}, "away": {"not_home"},
}

// is tells whether an entity is in a state that was named.
func is(s seen, state string) bool {
	state = strings.ToLower(strings.TrimSpace(state))
	now := s.State.State
	if says(s) == state || now == state || slices.Contains(synonyms[state], now) {
		return true
	}
	for plain, others := range synonyms {
		if slices.Contains(others, state) && (says(s) == plain || now == plain) {
			return true
		}
	}
	return false
}

// value answers "what is its …?": of one thing, or of several as a range.
func value(list []seen, attribute string) string {
	measuring := slices.DeleteFunc(slices.Clone(list), func(s seen) bool { return domainOf(s.Entity) != "sensor" || s.class != attribute })
	if attribute != "" && len(measuring) > 0 { // a thermometer knows better than a thermostat
		list = measuring
	}
	var named []string
	for _, s := range list {
		if text, ok := valueOf(s, attribute); ok {
			named = append(named, fmt.Sprintf("%s is %s", the(s), text))
		}
	}
	if len(list) == 1 && len(named) == 1 {
		text, _ := valueOf(list[0], attribute)
		return "It is " + text
	}
	return capital(listing(named, ", ", mostNamed))
}

// attributes are where the values stand that people ask for; percent tells by what a number is divided to become percent.
var attributes = map[string][]struct {
	name    string
	percent float64
	unit    string
}{
	"temperature": {{"current_temperature", 0, "°"}, {"temperature", 0, "°"}},
	"target":      {{"temperature", 0, "°"}},
	"humidity":    {{"current_humidity", 0, "%"}, {"humidity", 0, "%"}},
	"brightness":  {{"brightness", 2.55, "%"}},
	"position":    {{"current_position", 0, "%"}},
	"volume":      {{"volume_level", 0.01, "%"}},
	"speed":       {{"percentage", 0, "%"}},
	"battery":     {{"battery_level", 0, "%"}},
}

func valueOf(s seen, attribute string) (string, bool) {
	if domain := domainOf(s.Entity); (domain == "sensor" || domain == "number" || domain == "input_number") && (attribute == "" || s.class == "" || s.class == attribute) {
		if n, ok := measured(s.State.State); ok {
			return quantity(n, s.unit), true
		}
		return words(s.State.State), true
	}
	for _, a := range attributes[attribute] {
		if n, ok := s.Numbers[a.name]; ok && math.Abs(n) < mostSaid {
			if a.percent != 0 {
				n /= a.percent
			}
			return quantity(n, a.unit), true
		}
	}
	if text, ok := s.Texts[map[string]string{"title": "media_title", "song": "media_title", "artist": "media_artist", "source": "source", "mode": "preset_mode"}[attribute]]; ok {
		return text, true
	}
	if attribute == "" || attribute == "state" {
		return says(s), true
	}
	return "", false
}

// quantity is a number with its unit, with at most one digit behind the point.
func quantity(n float64, unit string) string {
	text := strconv.FormatFloat(math.Round(n*10)/10, 'f', -1, 64)
	switch {
	case unit == "":
		return text
	case unit == "%" || unit == "°":
		return text + unit
	}
	return text + " " + unit
}
