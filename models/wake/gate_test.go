package wake

import "testing"

// TestGateStateIsAllThatItRemembers: a gate that is given another's state says the same from there on, also before seven
// hops were heard.
func TestGateStateIsAllThatItRemembers(t *testing.T) {
	score := func(i int) [2]float32 { return [2]float32{float32(i*37%100) / 100, float32(i*61%100) / 100} }
	for at := range 12 {
		var a, b Gate
		for i := range at {
			a.Push(score(i))
		}
		for i := range 9 {
			b.Push(score(50 + i))
		}
		if err := b.SetState(a.AppendState(nil)); err != nil {
			t.Fatal(err)
		}
		for i := at; i < at+12; i++ {
			if x, y := a.Push(score(i)), b.Push(score(i)); x != y {
				t.Errorf("state taken after %d hops: hop %d gives %v and %v", at, i, x, y)
			}
		}
	}
	var g Gate
	if g.SetState(make([]byte, gateState-1)) == nil || g.SetState(append(make([]byte, gateState-1), 8)) == nil {
		t.Error("a state that is none was taken")
	}
}
