package infer

import (
	"strings"
	"testing"
)

// TestVADTellsSpeechFromSilence: silence scores low, a spoken sentence high, and
// a reset brings the first scores back.
func TestVADTellsSpeechFromSilence(t *testing.T) {
	v := openVAD(t)
	hops := say(t, "slt", "alexa, what time is it")
	score := func() (quiet, loud float32, all [][2]float32) {
		for i := range hops {
			s, err := v.Push(&hops[i])
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, s)
			if i < 20 { // the silence before
				quiet = max(quiet, s[0], s[1])
			}
			loud = max(loud, s[0], s[1])
		}
		return
	}
	quiet, loud, first := score()
	if quiet > 0.2 || loud < 0.8 {
		t.Errorf("silence up to %.2f, speech up to %.2f", quiet, loud)
	}
	v.Reset()
	_, _, second := score()
	for i := range first {
		if first[i] != second[i] {
			t.Fatalf("hop %d: %v, after a reset %v", i, first[i], second[i])
		}
	}
}

// TestVADStateIsAllThatItRemembers: another VAD that is given the state in the middle of a sentence, after other sound, goes
// on with the same scores and the same states, bit for bit.
func TestVADStateIsAllThatItRemembers(t *testing.T) {
	a, b := openVAD(t), openVAD(t)
	hops := say(t, "kal16", "hey jarvis, what time is it")
	for i := range hops[:40] {
		if _, err := a.Push(&hops[i]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Push(noise()); err != nil {
		t.Fatal(err)
	}
	state := a.AppendState(nil)
	if string(b.AppendState(nil)) == string(state) {
		t.Fatal("other sound leaves the same state: this test shows nothing")
	}
	if err := b.SetState(state); err != nil {
		t.Fatal(err)
	}
	for i := range hops[40:] {
		x, err1 := a.Push(&hops[40+i])
		y, err2 := b.Push(&hops[40+i])
		if err1 != nil || err2 != nil || x != y {
			t.Fatalf("hop %d: %v and %v (%v, %v)", i, x, y, err1, err2)
		}
	}
	if string(a.AppendState(nil)) != string(b.AppendState(nil)) {
		t.Error("the states differ in the end")
	}
	if err := b.SetState(state[1:]); err == nil || !strings.Contains(err.Error(), "not 1024") {
		t.Errorf("a short state: %v", err)
	}
}
