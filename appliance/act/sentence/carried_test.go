package sentence

import (
	"slices"
	"strings"
	"testing"

	"orac/appliance/act"
	"orac/appliance/act/home"
)

type haToken string

func (t haToken) Reveal() string { return string(t) }

// TestEveryMeaningCanBeCarriedOut: Home Assistant can do, or be asked, all that the sentences of the corpus mean. Its own things (timers, time,
// date) ORAC does itself.
func TestEveryMeaningCanBeCarriedOut(t *testing.T) {
	ha, err := home.New(home.Config{Name: "home", URL: "http://homeassistant.test:8123", Token: haToken("x")})
	if err != nil {
		t.Fatal(err)
	}
	h := *standIn()
	h.Entities = slices.SortedFunc(slices.Values(h.Entities), func(a, b act.Entity) int { return strings.Compare(a.ID, b.ID) })
	states := map[string]act.State{}
	for i := range h.Entities {
		e := &h.Entities[i]
		e.Features = ^uint32(0)
		states[e.ID] = act.State{Entity: e.ID, State: "on",
			Numbers: map[string]float64{"brightness": 100, "temperature": 20, "current_temperature": 19, "volume_level": 0.3, "percentage": 50, "current_position": 40, "min_temp": 5, "max_temp": 80, "min_color_temp_kelvin": 2000, "max_color_temp_kelvin": 6500},
			Texts:   map[string]string{"supported_color_modes": "hs,color_temp,brightness", "hvac_modes": "off,heat,cool,auto,heat_cool,dry,fan_only", "preset_modes": "eco,away"}}
	}
	tried := 0
	corpus(t, func(s spoken, _ []string) {
		r, _ := english().Read(s.text, s.context)
		for _, c := range r.Commands {
			if c.Backend == "" {
				continue
			}
			tried++
			calls, err := ha.Calls(c, &h, states)
			if err != nil || len(calls) == 0 {
				t.Errorf("%s:%d: %q is %s, and cannot be carried out: %v", s.file, s.line, s.text, s.meaning, err)
			}
		}
	})
	if tried < 500 {
		t.Errorf("only %d commands", tried)
	}
}
