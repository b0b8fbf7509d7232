package sentence

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"orac/appliance/act"
)

// TestChoices: an answer is taken if each of its words is among the choices, and refused with the word that is not.
func TestChoices(t *testing.T) {
	c := english().Choices()
	for text, want := range map[string]string{
		`{"commands":[]}`: "",
		`{"commands":[{"intent":"turn_on","targets":["light.sofa"]}]}`:                                                                                           "turn_on light.sofa",
		`{"commands":[{"intent":"turn_on","targets":["switch.kettle","light.sofa","light.sofa"],"slots":{}}]}`:                                                   "turn_on light.sofa switch.kettle",
		`{"commands":[{"intent":"set_brightness","targets":["light.sofa"],"slots":{"brightness":42}}]}`:                                                          "set_brightness brightness=42% light.sofa",
		`{"commands":[{"intent":"change_brightness","targets":["light.sofa"],"slots":{"by":-15}}]}`:                                                              "change_brightness by=-15% light.sofa",
		`{"commands":[{"intent":"set_colour","targets":["light.sofa"],"slots":{"colour":"red"}},{"intent":"close","targets":["cover.garage_door"],"slots":{}}]}`: "set_colour colour=red light.sofa + close cover.garage_door",
		`{"commands":[{"intent":"ask_state","targets":["cover.garage_door"],"slots":{"state":"open"}}]}`:                                                         "ask_state state=open cover.garage_door",
		`{"commands":[{"intent":"timer_start","slots":{"duration":300,"name":"egg"}}]}`:                                                                          "timer_start duration=300s name=egg",
		`{"commands":[{"intent":"time"}]}`:                                                                 "time",
		`{"commands":[{"intent":"lock","targets":["lock.front_door"]}]}`:                                   "lock lock.front_door",
		`{"commands":[{"intent":"unlock","targets":["lock.front_door"]}]}`:                                 `there is no intent "unlock"`,
		`{"commands":[{"intent":"open","targets":["cover.garage_door"]}]}`:                                 `intent open cannot be done to "cover.garage_door"`,
		`{"commands":[{"intent":"set_position","targets":["cover.gate"],"slots":{"position":100}}]}`:       `intent set_position cannot be done to "cover.gate"`,
		`{"commands":[{"intent":"turn_on","targets":["light.nothing"]}]}`:                                  `intent turn_on cannot be done to "light.nothing"`,
		`{"commands":[{"intent":"set_brightness","targets":["switch.kettle"],"slots":{"brightness":42}}]}`: `intent set_brightness cannot be done to "switch.kettle"`,
		`{"commands":[{"intent":"set_brightness","targets":["light.sofa"],"slots":{"brightness":420}}]}`:   `slot brightness of intent set_brightness cannot be "420"`,
		`{"commands":[{"intent":"set_brightness","targets":["light.sofa"],"slots":{"brightness":"42"}}]}`:  `slot brightness of intent set_brightness cannot be "42"`,
		`{"commands":[{"intent":"set_brightness","targets":["light.sofa"]}]}`:                              `slot brightness of intent set_brightness cannot be "<nil>"`,
		`{"commands":[{"intent":"turn_on","targets":["light.sofa"],"slots":{"force":true}}]}`:              `intent turn_on has no slot "force"`,
		`{"commands":[{"intent":"turn_on","targets":[]}]}`:                                                 `intent turn_on names no entity`,
		`{"commands":[{"intent":"time","targets":["light.sofa"]}]}`:                                        `intent time names no entities`,
		`{"commands":[{"intent":"rm -rf","targets":["light.sofa"]}]}`:                                      `there is no intent "rm -rf"`,
		`{"commands":[{"intent":"timer_start","slots":{"duration":300,"name":"\"; DROP"}}]}`:               `slot name of intent timer_start cannot be`,
		`{"commands":[{"intent":"turn_on","service":"shell","targets":["light.sofa"]}]}`:                   `unknown field "service"`,
		`Sure! Here you go: {"commands":[]}`:                                                               "the answer is no JSON of commands",
		`{"commands":[{"intent":"turn_on","targets":["light.so`:                                            "the answer is no JSON of commands",
		`{"commands":[]} and more`: "something stands behind",
		`{"commands":[` + strings.TrimSuffix(strings.Repeat(`{"intent":"time"},`, 9), ",") + `]}`: "9 commands, and at most 8",
		`{"x":"` + strings.Repeat("a", MaxAnswer) + `"}`:                                          "at most 16384 are read",
	} {
		list, err := c.Commands([]byte(text))
		got := show(act.Reading{Tier: act.ByModel, Commands: list})
		if err != nil {
			got = err.Error()
		}
		if want == "" && got != "" || !strings.HasPrefix(strings.ReplaceAll(got, "json: ", ""), want) && !strings.Contains(got, want) {
			t.Errorf("%.100s: %s, want %s", text, got, want)
		}
	}
}

// TestChoicesAreWhatSentencesMean: all that the corpus means could be chosen, apart from what opens the house.
func TestChoicesAreWhatSentencesMean(t *testing.T) {
	c := english().Choices()
	tried := 0
	corpus(t, func(s spoken, _ []string) {
		r, _ := english().Read(s.text, s.context)
		for _, cmd := range r.Commands {
			a := answered{Intent: cmd.Intent, Targets: cmd.Targets, Slots: map[string]any{}}
			for _, v := range cmd.Slots {
				a.Slots[v.Name] = v.Value.Text
				if v.Value.Number != nil {
					a.Slots[v.Name] = *v.Value.Number
				}
			}
			text, err := json.Marshal(answer{Commands: []answered{a}})
			if err != nil {
				t.Fatal(err)
			}
			tried++
			list, err := c.Commands(text)
			opens := cmd.Intent == "unlock" || strings.Contains("open set_position", cmd.Intent) && strings.Contains(fmt.Sprint(cmd.Targets), "ga")
			if (err != nil) != opens {
				t.Errorf("%q: %s: %v", s.text, text, err)
			}
			if err == nil && show(act.Reading{Tier: act.ByModel, Commands: list[:1]}) == "" {
				t.Errorf("%q: %v", s.text, list)
			}
		}
	})
	if tried < 500 {
		t.Errorf("only %d commands", tried)
	}
}

// TestSchema: the schema and the grammar name each entity, escaped, and are of a size that a model server takes.
func TestSchema(t *testing.T) {
	m, _ := Compile(Grammar{English: true, Homes: []*act.Home{hostile()}})
	for _, m := range []*Matcher{m, english()} {
		c := m.Choices()
		var schema any
		if err := json.Unmarshal(c.Schema(), &schema); err != nil {
			t.Fatal(err)
		}
		grammar := c.GBNF()
		if len(c.Schema()) > 100_000 || len(grammar) > 100_000 {
			t.Errorf("%d bytes of schema, %d of grammar", len(c.Schema()), len(grammar))
		}
		defined := map[string]bool{}
		for line := range strings.Lines(grammar) {
			name, rule, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ::= ")
			if !ok || rule == "" || defined[name] {
				t.Fatalf("%q is no rule", line)
			}
			defined[name] = true
			if quotes := strings.Count(strings.ReplaceAll(strings.ReplaceAll(rule, `\\`, ""), `\"`, ""), `"`); quotes%2 != 0 {
				t.Errorf("%q has a quote that is not closed", line)
			}
		}
	}
	if g := m.Choices().GBNF(); !strings.Contains(g, `"\"lock.door\\\",\\\"x\""`) {
		t.Errorf("the ID with quotes is not escaped: %.3000s", g)
	}
	empty, _ := Compile(Grammar{})
	if got := empty.Choices().GBNF(); got != `root ::= "{\"commands\":[]}"`+"\n" {
		t.Error(got)
	}
}

// TestTwoBackends: entities of two homes are told apart, and a sentence for both is a command for each.
func TestTwoBackends(t *testing.T) {
	other := &act.Home{Backend: "cabin", Version: "1", Areas: []act.Area{{ID: "k", Name: "Kitchen"}}, Entities: []act.Entity{
		{ID: "light.sofa", Domain: "light", Name: "Stove light", Area: "k", Enabled: true}}}
	m, _ := Compile(Grammar{English: true, Homes: []*act.Home{standIn(), other}})
	r, _ := m.Read("turn on the kitchen lights", Context{})
	if got, want := show(r), "turn_on light.kitchen_ceiling light.kitchen_counter light.kitchen_table + turn_on light.sofa"; got != want || r.Commands[1].Backend != "cabin" {
		t.Errorf("%s, want %s", got, want)
	}
	list, err := m.Choices().Commands([]byte(`{"commands":[{"intent":"turn_on","targets":["cabin/light.sofa"]}]}`))
	if err != nil || len(list) != 1 || list[0].Backend != "cabin" || list[0].Targets[0] != "light.sofa" {
		t.Errorf("%+v, %v", list, err)
	}
}
