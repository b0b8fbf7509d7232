package console

import (
	"testing"
	"time"

	"orac/web/api"
)

// TestWhyNothingWasUnderstoodIsSaid in the list of what was heard.
func TestWhyNothingWasUnderstoodIsSaid(t *testing.T) {
	for want, d := range map[string]api.Delivery{
		"nothing was understood: there is only silence": {Outcome: "empty", Error: "there is only silence"},
		"nothing was understood":                        {Outcome: "empty"},
		"not delivered: its time was over":              {Outcome: "failed", Error: "its time was over"},
		"not delivered: dropped":                        {Outcome: "dropped"},
	} {
		h := heard{Detection: api.Detection{At: time.Now()}, Utterance: &api.Utterance{Deliveries: []api.Delivery{d}}}
		if got := h.Fate(); got != want {
			t.Errorf("%+v: %q", d, got)
		}
	}
}
