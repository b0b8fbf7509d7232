package home

import (
	"strings"
	"testing"

	"orac/appliance/act"
	"orac/appliance/act/home/hometest"
	"orac/appliance/rt"
	"orac/appliance/thread"
)

// TestQuestions are answered from the states, while events keep them current and while they must be asked for.
func TestQuestions(t *testing.T) {
	s := hometest.Start(t, hometest.Flat())
	live, poll := watching(t, s, Config{}), client(t, s, Config{})
	lights := []string{"light.bedroom", "light.kitchen_counter", "light.twin_a"}
	away := []string{"light.bedroom", "light.gone"}
	for _, c := range []struct {
		command act.Command
		verdict act.Verdict
		want    string
	}{
		{command("ask_state", []string{"cover.garage_door"}, word("state", "open")), act.Proven, "No, the Garage door is closed"},
		{command("ask_state", []string{"cover.garage_door"}, word("state", "closed")), act.Proven, "Yes, the Garage door is closed"},
		{command("ask_state", []string{"binary_sensor.window"}, word("state", "open")), act.Proven, "No, the Kitchen window is closed"},
		{command("ask_state", []string{"lock.front_door"}, word("state", "locked")), act.Proven, "Yes, the Front door is locked"},
		{command("ask_state", []string{"climate.living_room"}, word("state", "on")), act.Proven, "Yes, the Thermostat is on"},
		{command("ask_state", lights, word("state", "on")), act.Proven, "Some: the Kitchen counter is on"},
		{command("ask_state", []string{"vacuum.robot"}), act.Proven, "The Robot is docked"},
		{command("ask_state", []string{"light.gone"}, word("state", "on")), act.Failed, ""},
		{command("ask_value", []string{"climate.living_room", "sensor.bedroom_temperature"}, word("attribute", "temperature")), act.Proven, "It is 18.4 °C"},
		{command("ask_value", []string{"climate.living_room"}, word("attribute", "temperature")), act.Proven, "It is 19.5°"},
		{command("ask_value", []string{"climate.living_room"}, word("attribute", "target")), act.Proven, "It is 20°"},
		{command("ask_value", []string{"sensor.bedroom_temperature"}), act.Proven, "It is 18.4 °C"},
		{command("ask_value", []string{"light.kitchen_counter"}, word("attribute", "brightness")), act.Proven, "It is 50.2%"},
		{command("ask_value", []string{"media_player.lounge"}, word("attribute", "volume")), act.Proven, "It is 30%"},
		{command("ask_value", []string{"light.bedroom"}, word("attribute", "humidity")), act.Failed, ""},
		{command("ask_which", lights, word("state", "on")), act.Proven, "The Kitchen counter is on"},
		{command("ask_which", lights, word("state", "off")), act.Proven, "The Bedroom lamp and the Twin are off"},
		{command("ask_which", []string{"lock.front_door"}, word("state", "unlocked")), act.Proven, "None"},
		{command("ask_count", lights, word("state", "off")), act.Proven, "2"},
		{command("ask_which", away, word("state", "on")), act.Proven, "None, but the state of Attic light is not known"},
		{command("ask_state", away, word("state", "off")), act.Proven, "Yes, the Bedroom lamp is off, but the state of Attic light is not known"},
		{command("ask_count", away, word("state", "off")), act.Proven, "1, but the state of Attic light is not known"},
	} {
		for _, h := range []*house{live, poll} {
			calls, err := h.Calls(c.command, live.told, nil)
			if err != nil {
				t.Fatal(err)
			}
			o := run(t.Context(), func(task *rt.Task) act.Outcome { return h.Do(task, calls[0], thread.Thread{}) })
			if got := strings.ReplaceAll(o.Reply, "the "+plain("x.y"), ""); got != c.want || o.Verdict != c.verdict || o.Verdict == act.Failed && o.Reason == "" {
				t.Errorf("%s %v: %q, %s, %s", c.command.Intent, c.command.Slots, o.Reply, o.Verdict, o.Reason)
			}
		}
	}
	if len(s.Calls()) > 0 {
		t.Errorf("a question has called %v", s.Calls())
	}
}

// TestNumbersThatNobodyCanSay are told as the words that they came as.
func TestNumbersThatNobodyCanSay(t *testing.T) {
	for _, state := range []string{"nan", "inf", "-Inf", "1e300", "1e999"} {
		s := seen{State: act.State{Entity: "sensor.x", State: state}, unit: "°C"}
		if got := says(s); got != state {
			t.Errorf("%s is said as %q", state, got)
		}
		if got, ok := valueOf(s, ""); got != state || !ok {
			t.Errorf("%s is told as %q", state, got)
		}
	}
}

// TestTheConversation says what came of a text, and no more.
func TestTheConversation(t *testing.T) {
	for text, want := range map[string]struct {
		behaviour hometest.Behaviour
		verdict   act.Verdict
		words     string
	}{
		"turn on bedroom lamp":     {verdict: act.Unproven, words: "no state proves it"},
		"turn on everything":       {verdict: act.Failed, words: "it did not work for Attic light"},
		"turn on the moon":         {verdict: act.Failed, words: "knows nothing of that name"},
		"is it raining":            {verdict: act.Proven},
		"handle the hush":          {verdict: act.Failed, words: "could not do it"}, // what it says about it is for people alone
		"sing a song":              {verdict: act.Failed, words: "did not understand"},
		"turn on twin":             {behaviour: hometest.Behaviour{Do: hometest.Dies}, verdict: act.Unknown, words: "it may have been done"},
		"turn off twin":            {behaviour: hometest.Behaviour{Do: hometest.Garbage}, verdict: act.Unknown, words: "makes no sense"},
		"turn off kettle":          {behaviour: hometest.Behaviour{Do: hometest.Huge}, verdict: act.Unknown},
		"turn off kitchen hood":    {behaviour: hometest.Behaviour{Do: hometest.Status, Code: 401}, verdict: act.Failed, words: "token"},
		"turn off kitchen counter": {behaviour: hometest.Behaviour{Do: hometest.Redirect, To: "http://127.0.0.1:1/"}, verdict: act.Failed},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			s := hometest.Start(t, hometest.Flat())
			s.Set(hometest.Conversation, want.behaviour)
			v, err := NewConversation(ConversationConfig{Name: "assist", URL: s.URL(), Token: secret(hometest.Token), Agent: "conversation.home_assistant", Language: "en"})
			if err != nil {
				t.Fatal(err)
			}
			calls, err := v.Calls(act.Command{Words: text}, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			o := run(t.Context(), func(task *rt.Task) act.Outcome { return v.Do(task, calls[0], thread.Thread{ID: "req-2"}) })
			if o.Verdict != want.verdict || !strings.Contains(o.Reason, want.words) || strings.Contains(o.Reason, "hush") {
				t.Errorf("%s: %s (%s)", o.Verdict, o.Reason, o.Reply)
			}
			if got := s.Calls(); len(got) > 0 && (got[0].Data["text"] != text || got[0].Data["agent_id"] == nil || got[0].Trace != "req-2" || len(got) > 1) {
				t.Errorf("on the wire: %+v", got)
			}
		})
	}
}
