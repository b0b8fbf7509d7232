package acts

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"orac/appliance/act"
)

// TestABackendThatIsCalledNone does not make two series with the same labels, which would cost every metric.
func TestABackendThatIsCalledNone(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(Collector{State: func() (act.CoreState, bool) {
		y := act.Tally{Calls: map[act.CallKind]uint64{{Verdict: act.Proven}: 1, {Backend: "none", Verdict: act.Proven}: 2}}
		return act.CoreState{Topics: []act.TopicState{{Name: "general", Declared: true, Tally: y}}}, true
	}})
	list, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.GetName() == "orac_command_calls_total" && (len(f.Metric) != 1 || f.Metric[0].GetCounter().GetValue() != 3) {
			t.Errorf("%v", f.Metric)
		}
	}
}
