//go:build cgo

package memo_test

import (
	"testing"

	"orac/appliance/audio"
	"orac/appliance/graph"
	"orac/sim/memo"
)

// BenchmarkInference measures, on one core, how much faster than real time inference is: live, and memoised in a loop that
// was heard before; with one head, with and without the voice gate.
func BenchmarkInference(b *testing.B) {
	pcm := example(b, "hey_jarvis_twice", 0)
	n := len(pcm) / audio.HopSamples
	loop := hops(pcm[:n*audio.HopSamples], n)
	run := func(b *testing.B, i graph.Inference, gate bool) {
		e := open(b, i, "hey_jarvis")
		var out [96]float32
		hear := func(pcm *[audio.HopSamples]int16) {
			err := e.extractor.Push(pcm, &out)
			if err == nil {
				_, _, err = e.heads[0].Push(&out)
			}
			if err == nil && gate {
				_, err = e.gate.Push(pcm)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		for range 3 {
			for i := range loop {
				hear(&loop[i])
			}
		}
		b.ReportAllocs()
		heard, report := 0, realtime(b)
		for b.Loop() {
			hear(&loop[heard%n])
			heard++
		}
		report(heard)
	}
	memoised := memo.Wrap(real(b), memo.Limits{})
	defer memoised.Close()
	b.Run("live", func(b *testing.B) { run(b, real(b), false) })
	b.Run("live-with-gate", func(b *testing.B) { run(b, real(b), true) })
	b.Run("memoised", func(b *testing.B) { run(b, memoised.Inference(), false) })
	b.Run("memoised-with-gate-fresh", func(b *testing.B) { run(b, memo.Fresh(memoised.Inference(), 100), true) })
	b.Run("memoised-with-gate-exact", func(b *testing.B) { run(b, memoised.Inference(), true) })
}
