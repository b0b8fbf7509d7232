package generation_test

import (
	"testing"

	"orac/appliance/rt"
	"orac/appliance/rt/virtual/virtualtest"
	"orac/runbook/language"
)

// TestWhatIsInForce: only what came into force last is, also after a power loss; nothing is where nothing is known.
func TestWhatIsInForce(t *testing.T) {
	first := language.Inputs{Source: "a"}
	rotated := language.Inputs{Source: "a", List: []language.Input{{Kind: language.InputSecret, Name: "jwt", Hash: "x", Keyed: true}}}
	disk := newDisk()
	virtualtest.On(func(k *rt.Task) {
		s := open(t, k, disk)
		if s.IsInForce(k, first) {
			t.Error("something is in force before anything was")
		}
		for _, now := range []language.Inputs{first, rotated} {
			if err := s.SetInForce(k, now); err != nil {
				t.Fatal(err)
			}
			if !s.IsInForce(k, now) {
				t.Errorf("%+v is not in force", now)
			}
		}
		if s.IsInForce(k, first) {
			t.Error("what was in force before still is")
		}
		if !first.SameButSecrets(rotated) {
			t.Error("a rotated secret makes another text")
		}
	})
}
