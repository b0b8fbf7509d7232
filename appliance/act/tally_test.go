package act

import (
	"testing"
	"time"
)

// TestTally: each text, call and duration is counted once, where it belongs, and a tally that was shown stays as it is.
func TestTally(t *testing.T) {
	at := time.Unix(1000, 0)
	call := func(after, proof time.Duration, v Verdict) Outcome {
		o := Outcome{Call: Call{Backend: "home"}, Verdict: v, Sent: at.Add(after)}
		if proof > 0 {
			o.Proof = o.Sent.Add(proof)
		}
		return o
	}
	own := Outcome{Call: Call{Service: "orac.time"}, Verdict: Proven, Sent: at, Proof: at}
	var none Tally
	one := none.With(Answer{Came: at, Understood: true, Executed: true, Verified: true, Reading: Reading{Tier: Sentence}, Outcomes: []Outcome{
		own, call(4*time.Millisecond, 300*time.Millisecond, Proven), call(2*time.Millisecond, 0, Already),
	}})
	two := one.With(Answer{Came: at})
	if len(none.Texts) != 0 || one.Texts[TextKind{Sentence, Done}] != 1 || len(one.Texts) != 1 || two.Texts[TextKind{NoTier, Unclear}] != 1 {
		t.Errorf("%+v, %+v", one.Texts, two.Texts)
	}
	if c := two.Calls; c[CallKind{"home", Proven}] != 1 || c[CallKind{"home", Already}] != 1 || c[CallKind{"", Proven}] != 1 || len(c) != 3 {
		t.Errorf("%+v", c)
	}
	if h := two.ToCall; h.Count() != 1 || h.Counts[1] != 1 || h.Sum != 0.002 { // up to 2.5 ms
		t.Errorf("to the call: %+v", h)
	}
	if h := two.ToProof; h.Count() != 1 || h.Counts[8] != 1 { // up to 500 ms
		t.Errorf("to the proof: %+v", h)
	}
	if h := (Histogram{}).with(time.Hour).with(-time.Second); h.Counts[len(Buckets)] != 1 || h.Counts[0] != 1 || h.Sum != 3600 {
		t.Errorf("%+v", h)
	}
}
