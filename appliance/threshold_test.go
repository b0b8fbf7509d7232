package appliance

import (
	"strconv"
	"testing"

	"orac/models/wake"
	"orac/runbook"
)

// TestEveryThresholdMakesATrigger: the language accepts no threshold that the trigger refuses. A trigger that cannot be made fails
// at every start.
func TestEveryThresholdMakesATrigger(t *testing.T) {
	at := runbook.Vocabulary.BlockType("model").Attribute("threshold")
	for _, text := range []string{at.Min, at.Default, at.Max} {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := wake.New(wake.Rules{Models: []wake.Model{{Name: "m", Threshold: float32(n)}}}); err != nil {
			t.Errorf("threshold = %s: %v", text, err)
		}
	}
}
