package sentence

import (
	"fmt"
	"strings"
	"testing"

	"orac/appliance/act"
)

// twins are two homes whose entities have the same IDs, and names of their own.
func twins() []*act.Home {
	home := func(backend, name string) *act.Home {
		return &act.Home{Backend: backend, Areas: []act.Area{{ID: "k", Name: name + " kitchen"}}, Entities: []act.Entity{
			{ID: "light.all", Domain: "light", Name: name + " group", Members: []string{"light.stove"}, Area: "k", Enabled: true},
			{ID: "light.stove", Domain: "light", Name: name + " stove", Area: "k", Enabled: true},
			{ID: "lock.door", Domain: "lock", Name: name + " door", Area: "k", Enabled: true},
		}}
	}
	return []*act.Home{home("cabin", "Cabin"), home("flat", "Flat")}
}

// whichHome is what a reading does, with the backends.
func whichHome(r act.Reading) string {
	var out []string
	for _, c := range r.Commands {
		out = append(out, c.Intent+" "+c.Backend+"/"+strings.Join(c.Targets, ","))
	}
	return strings.Join(out, " + ")
}

// TestItIsInOneHome, also where another home has an entity of the same ID.
func TestItIsInOneHome(t *testing.T) {
	m, _ := Compile(Grammar{English: true, Homes: twins()})
	r, keep := m.Read("lock the cabin door", Context{Now: corpusTime})
	if got := whichHome(r); got != "lock cabin/lock.door" {
		t.Fatal(got)
	}
	r, _ = m.Read("unlock it", Context{Now: corpusTime, Before: keep})
	if got := whichHome(r); got != "unlock cabin/lock.door" {
		t.Error(got)
	}
	r, _ = m.Read("lock the flat door and unlock it", Context{Now: corpusTime, Before: keep})
	if got := whichHome(r); got != "lock flat/lock.door + unlock flat/lock.door" {
		t.Error(got)
	}
	r, _ = m.Read("turn on the flat group and the cabin stove", Context{Now: corpusTime})
	if got := whichHome(r); got != "turn_on flat/light.all + turn_on cabin/light.stove" && got != "turn_on cabin/light.stove + turn_on flat/light.all" {
		t.Error(got)
	}
}

// TestAModelCommandsNoMore than a text may, also where each of its commands is one for each of two homes.
func TestAModelCommandsNoMore(t *testing.T) {
	m, _ := Compile(Grammar{English: true, Homes: twins()})
	one := `{"intent":"turn_on","targets":["cabin/light.stove","flat/light.stove"]}`
	for n, good := range map[int]bool{act.MaxCommands / 2: true, act.MaxCommands/2 + 1: false} {
		list, err := m.Choices().Commands(fmt.Appendf(nil, `{"commands":[%s%s]}`, one, strings.Repeat(","+one, n-1)))
		if (err == nil) != good || len(list) > act.MaxCommands {
			t.Errorf("%d commands for two homes: %d, %v", n, len(list), err)
		}
	}
}

// TestAGroupIsAsCarefulAsItsMembers: Home Assistant gives a group of covers no class of its own, and its members may be hidden.
func TestAGroupIsAsCarefulAsItsMembers(t *testing.T) {
	h := &act.Home{Backend: "home", Areas: []act.Area{{ID: "g", Name: "Yard"}}, Entities: []act.Entity{
		{ID: "cover.blind", Domain: "cover", Class: "blind", Name: "Blind", Area: "g", Enabled: true},
		{ID: "cover.garage", Domain: "cover", Class: "garage", Name: "Big door", Area: "g"},
		{ID: "cover.inner", Domain: "cover", Name: "Inner group", Members: []string{"cover.blind", "cover.garage", "cover.outer"}, Area: "g"},
		{ID: "cover.outer", Domain: "cover", Name: "Sunshine", Members: []string{"cover.inner"}, Area: "g", Enabled: true},
	}}
	m, _ := Compile(Grammar{English: true, Homes: []*act.Home{h}})
	if list, err := m.Choices().Commands([]byte(`{"commands":[{"intent":"open","targets":["cover.outer"]}]}`)); err == nil {
		t.Errorf("a language model opens the garage by its group: %+v", list)
	}
	for text, want := range map[string]string{
		"open everything": "open home/cover.blind", "open all covers": "open home/cover.blind",
		"open sunshine": "open home/cover.outer", // which says so
		"open sunshene": "open home/cover.outer", // one letter, and the same sound
		"open sunchime": "",
	} {
		if r, _ := m.Read(text, Context{Now: corpusTime}); whichHome(r) != want {
			t.Errorf("%s: %q, want %q", text, whichHome(r), want)
		}
	}
}
