package act

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestResult(t *testing.T) {
	for want, a := range map[Result]Answer{
		Done:     {Understood: true, Executed: true, Verified: true},
		NoProof:  {Understood: true, Executed: true},
		NotDone:  {Understood: true},
		NotKnown: {Understood: true, Outcomes: []Outcome{{Verdict: Proven}, {Verdict: Unknown}}},
		Unclear:  {},
		Refused:  {Refused: true, Understood: true},
	} {
		if got := a.Result(); got != want {
			t.Errorf("%+v: %s, want %s", a, got, want)
		}
	}
}

// TestJSONIsBounded: whatever an answer holds, and the more people need of it the longer it stays.
func TestJSONIsBounded(t *testing.T) {
	const most = 16 << 10
	a := Answer{ID: strings.Repeat("\x01", MaxID), Topic: "general", Text: strings.Repeat("\x01", MaxText), Reason: strings.Repeat("\x01", 9000), Speech: strings.Repeat("told", 9000),
		Understood: true, Reading: Reading{Tier: Sentence, Why: strings.Repeat("\x01", 9000), Commands: []Command{{Intent: "turn_on", Targets: []string{"light.a"}}}}}
	small := Answer{ID: "a", Text: "b", Outcomes: []Outcome{{Call: Call{Service: "light.turn_on", Targets: []string{"light.a"}}, Verdict: Proven}}}
	for range MaxTargets {
		small.Outcomes[0].Entities = append(small.Outcomes[0].Entities, EntityOutcome{Entity: strings.Repeat("e", 100), Verdict: Proven})
	}
	for range MaxCommands {
		a.Outcomes = append(a.Outcomes, Outcome{Call: Call{Service: strings.Repeat("s", 4000)}})
	}
	var back, short Answer
	text, brief := a.JSON(most), small.JSON(most)
	if err := json.Unmarshal(text, &back); err != nil || len(text) > most || back.Text != a.Text || !back.Understood || back.Reading.Tier != Sentence {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	if err := json.Unmarshal(brief, &short); err != nil || len(brief) > most || len(short.Outcomes) != 1 || short.Outcomes[0].Call.Targets[0] != "light.a" || short.Outcomes[0].Entities != nil {
		t.Errorf("%d bytes, %v: %s", len(brief), err, brief)
	}
	if len(small.Outcomes[0].Entities) != MaxTargets || len(a.Reading.Commands) != 1 {
		t.Error("the answer itself was changed")
	}
}
