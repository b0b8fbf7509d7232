package act

import (
	"reflect"
	"testing"
	"time"
)

func TestSpeech(t *testing.T) {
	one := func(intent string, v Verdict, why string) Outcome {
		return Outcome{Call: Call{Backend: "home", Intent: intent}, Verdict: v, Reason: why}
	}
	understood := func(list ...Outcome) Answer {
		return Answer{Understood: true, Reading: Reading{Tier: Sentence}, Outcomes: list}
	}
	for want, a := range map[string]Answer{
		"Turned on.":                           understood(one("turn_on", Proven, "")),
		"It is so already.":                    understood(one("turn_on", Already, "")),
		"Turned on. Closed.":                   understood(one("turn_on", Proven, ""), one("close", Proven, ""), one("close", Proven, "")),
		"It is 21 °C.":                         understood(Outcome{Verdict: Proven, Reply: "It is 21 °C."}),
		"That did not work: the bulb is gone.": understood(one("turn_on", Failed, "the bulb is gone.")),
		"That did not work: no such room.":     understood(Outcome{Verdict: Failed, Reason: "it could not do it", Reply: "no such room"}),
		"Turned on. But not all of it: That did not work: it is broken.": understood(one("turn_on", Proven, ""), one("open", Failed, "it is broken")),
		"I do not know whether it was done: no answer came.":             understood(one("open", Unknown, "no answer came"), one("open", Failed, "x")),
		"I sent it, but nothing shows that it was done.":                 understood(one("note", Unproven, "")),
		"I did nothing: a dry run.":                                      understood(one("turn_on", NotTried, "a dry run")),
		"Sorry, I did not understand that. Did you mean a, b or c?":      {Reading: Reading{Near: []string{"a", "b", "c"}}},
		"Sorry. It is as it was before.":                                 {Understood: true, Verified: true, Reading: Reading{Tier: Correction}, Undone: []Outcome{one("turn_off", Proven, "")}},
		"The timer for tea is set to 1 hour and 5 minutes.":              understood(Outcome{Verdict: Proven, Call: Call{Intent: "timer_start", Data: map[string]any{"seconds": 3900.0, "name": "tea"}}}),
	} {
		if got := Speech(a); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := DurationInWords(90061 * time.Second); got != "1 day, 1 hour, 1 minute and 1 second" {
		t.Error(got)
	}
}

func TestUndo(t *testing.T) {
	was := func(id, state string, numbers map[string]float64) EntityOutcome {
		return EntityOutcome{Entity: id, Verdict: Proven, Before: State{Entity: id, State: state, Numbers: numbers}}
	}
	o := Outcome{Call: Call{Backend: "home"}, Verdict: Proven, Entities: []EntityOutcome{
		was("light.a", "off", nil), was("light.b", "on", map[string]float64{"brightness": 128}), was("cover.c", "open", map[string]float64{"current_position": 30}),
		was("lock.d", "unlocked", nil), was("switch.e", "unavailable", nil), {Entity: "switch.f", Verdict: Already},
	}}
	commands, cannot := Undo(o, map[string]bool{})
	var got []string
	for _, c := range commands {
		got = append(got, c.Intent+" "+c.Targets[0])
	}
	if want := []string{"turn_off light.a", "set_brightness light.b", "set_position cover.c"}; !reflect.DeepEqual(got, want) || len(cannot) != 2 {
		t.Errorf("%q, %q", got, cannot)
	}
	if n := *commands[1].Slots[0].Value.Number; n != 50 {
		t.Errorf("brightness %v", n)
	}
}
