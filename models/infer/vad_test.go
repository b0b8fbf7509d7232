package infer

import "testing"

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
