package sentence

import (
	"embed"
	"fmt"
	"strings"
	"sync"
)

// The shipped English is templates in files: a line at the margin names an intent, "<rule> =" a part that templates share, and each
// indented line is a template. One that begins with "&" only follows another command: "turn the lamp off & the fan on".
//
//go:embed english/*.txt
var englishFiles embed.FS

// englishVersion counts changes of the shipped English that no template shows: of slots, classes and resolution.
const englishVersion = 3

// carefulIntents must be heard exactly.
var carefulIntents = []string{"unlock", "lock"}

// English are the shipped intents, in their order. The caller must not change them.
var English = sync.OnceValue(func() []Intent {
	var out []Intent
	rules := map[string]string{}
	for _, name := range []string{"common", "lights", "covers", "climate", "media", "more", "questions"} {
		text, err := englishFiles.ReadFile("english/" + name + ".txt")
		if err != nil {
			panic("BUG: " + err.Error())
		}
		intents, err := parseIntents(string(text), rules)
		if err != nil {
			panic("BUG: " + name + ": " + err.Error())
		}
		out = append(out, intents...)
	}
	words := map[string][]string{}
	for colour, said := range colours {
		words[colour] = append([]string{colour}, said...)
	}
	for i := range out {
		out[i].Slots = map[string]Slot{"colour": {Words: words}, "climate_mode": {Words: climateModes}}
	}
	return out
})

// parseIntents reads a file of intents.
func parseIntents(text string, rules map[string]string) (out []Intent, err error) {
	for i, line := range strings.Split(text, "\n") {
		body := strings.TrimSpace(line)
		switch {
		case body == "" || strings.HasPrefix(body, "#"):
		case strings.HasPrefix(line, "<"):
			name, rule, ok := strings.Cut(body, " = ")
			if !ok {
				return nil, fmt.Errorf("line %d: a rule is written <name> = (a|b)", i+1)
			}
			rules[name] = substitute(rule, rules)
		case line[0] != ' ' && line[0] != '\t':
			name, options, _ := strings.Cut(body, " ")
			in := Intent{Name: name}
			if slot, ok := strings.CutPrefix(options, "implies "); ok {
				in.Implied = slot
			} else if options != "" {
				return nil, fmt.Errorf("line %d: %q is no option of an intent", i+1, options)
			}
			out = append(out, in)
		case len(out) == 0:
			return nil, fmt.Errorf("line %d: a template stands before the first intent", i+1)
		default:
			in := &out[len(out)-1]
			in.Sentences = append(in.Sentences, substitute(body, rules))
		}
	}
	return out, nil
}

func substitute(text string, rules map[string]string) string {
	for name, rule := range rules {
		text = strings.ReplaceAll(text, name, rule)
	}
	return text
}

// colours are those of CSS that people say, by the name that Home Assistant takes, with other ways to say them.
var colours = map[string][]string{
	"red": nil, "green": nil, "blue": nil, "yellow": nil, "orange": nil, "purple": nil, "pink": nil, "white": nil, "cyan": {"turquoise blue"}, "magenta": nil,
	"turquoise": nil, "violet": nil, "gold": nil, "lime": {"lime green"}, "teal": nil, "navy": {"navy blue", "dark blue"}, "lightblue": {"light blue"}, "skyblue": {"sky blue"},
	"darkgreen": {"dark green"}, "lightgreen": {"light green"}, "darkred": {"dark red"}, "indigo": nil, "crimson": nil, "salmon": nil, "coral": nil, "lavender": nil, "olive": nil, "maroon": nil,
	"hotpink": {"hot pink"}, "brown": nil, "beige": nil, "ivory": nil, "amber": nil, "royalblue": {"royal blue"},
}

// climateModes are those of Home Assistant.
var climateModes = map[string][]string{
	"heat": {"heat", "heating", "heating mode", "heat mode"}, "cool": {"cool", "cooling", "cooling mode", "cool mode"}, "auto": {"auto", "automatic", "auto mode", "automatic mode"},
	"heat_cool": {"heat cool", "heat and cool"}, "dry": {"dry", "drying", "dry mode", "dehumidify"}, "fan_only": {"fan only", "fan mode"}, "off": {"off"},
	"eco": {"eco", "eco mode", "economy"}, "away": {"away", "away mode"},
}
