package proof_test

import (
	"math/bits"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/runbook"
	"orac/sim/trial/proof"
	"orac/sim/trial/sound"
)

const hop = audio.HopSamples

// heard is two seconds of noise: no two samples in a row tell where they are from by chance.
func heard() []int16 { return sound.Noise{Seed: 1, RMS: 3000}.Of(2 * time.Second) }

func TestDiffersSaysWhatBecameOfTheSound(t *testing.T) {
	whole := heard()
	change := func(f func(pcm []int16) []int16) []int16 { return f(slices.Clone(whole)) }
	each := func(from, to int, f func(int16) int16) func([]int16) []int16 {
		return func(pcm []int16) []int16 {
			for i := from; i < to; i++ {
				pcm[i] = f(pcm[i])
			}
			return pcm
		}
	}
	for name, c := range map[string]struct {
		recorded []int16
		says     string
	}{
		"the same":             {slices.Clone(whole), ""},
		"nothing":              {nil, "its last 2s are missing"},
		"the last sample":      {whole[:len(whole)-1], "it has 31999 of 32000 samples"},
		"one more":             {append(slices.Clone(whole), 0), "goes on for"},
		"the first hop":        {whole[hop:], "80ms are missing there"},
		"one hop in it":        {slices.Concat(whole[:5*hop], whole[6*hop:]), "sample 6400 (400ms)"},
		"a few samples":        {slices.Concat(whole[:7000], whole[7003:]), "are missing there"},
		"a hop twice":          {slices.Concat(whole[:5*hop], whole[4*hop:]), "80ms are there twice"},
		"two hops":             {slices.Concat(whole[:5*hop], whole[6*hop:7*hop], whole[5*hop:6*hop], whole[7*hop:]), "two hops have changed places"},
		"the last two hops":    {slices.Concat(whole[:23*hop], whole[24*hop:], whole[23*hop:24*hop]), "two hops have changed places"},
		"silence":              {change(each(5*hop, 6*hop, func(int16) int16 { return 0 })), "it is silence"},
		"the order of bytes":   {change(each(0, len(whole), func(v int16) int16 { return int16(bits.ReverseBytes16(uint16(v))) })), "bytes"},
		"its sign":             {change(each(0, len(whole), func(v int16) int16 { return -v })), "sign"},
		"how loud it is":       {change(each(0, len(whole), func(v int16) int16 { return v / 2 })), "half as loud"},
		"one sample by one":    {change(each(31000, 31001, func(v int16) int16 { return v + 1 })), "sample 31000"},
		"the sound of another": {sound.Noise{Seed: 2, RMS: 3000}.Of(2 * time.Second), "no sound from there on"},
	} {
		got := proof.Differs(whole, c.recorded)
		if (c.says == "") != (got == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q; want %q", name, got, c.says)
		}
	}
}

// TestHolesMayBeInItAndNothingElse.
func TestHolesMayBeInItAndNothingElse(t *testing.T) {
	whole := heard()
	for name, c := range map[string]struct {
		recorded []int16
		missing  int
		good     bool
	}{
		"none":             {whole, 0, true},
		"at the beginning": {whole[3*hop:], 3, true},
		"at the end":       {whole[:3*hop], 0, true},
		"twice":            {slices.Concat(whole[:3*hop], whole[4*hop:8*hop], whole[10*hop:]), 3, true},
		"in another order": {slices.Concat(whole[3*hop:], whole[:3*hop]), 0, false},
		"less than a hop":  {whole[3:], 0, false},
		"of another":       {sound.Noise{Seed: 2, RMS: 3000}.Of(time.Second), 0, false},
	} {
		missing, differs := proof.Holes(whole, c.recorded)
		if (differs == "") != c.good || c.good && missing != c.missing {
			t.Errorf("%s: %d missing, %q", name, missing, differs)
		}
	}
}

func TestEnding(t *testing.T) {
	rules := proof.Rules{Record: runbook.Record{
		PreRoll: time.Second, Lead: 2 * time.Second, Silence: 300 * time.Millisecond, Grace: 400 * time.Millisecond, Max: 15 * time.Second, SilenceThreshold: 0.01,
	}}
	const ms = time.Millisecond
	quiet := func(d time.Duration) []int16 { return sound.Noise{Seed: 3, RMS: 40}.Of(d) }
	command := func(d time.Duration) []int16 { return sound.Command(d, 4) }
	word := sound.Word("hey_jarvis")
	for name, c := range map[string]struct {
		after []int16 // the wake word
		why   string
		says  string
	}{
		"a command, and a pause":        {sound.Join(command(2*time.Second), quiet(720*ms)), "silence", ""},
		"with a pause in it":            {sound.Join(command(time.Second), quiet(600*ms), command(time.Second), quiet(760*ms)), "silence", ""},
		"nobody says anything":          {quiet(2240 * ms), "silence", ""},
		"a click is no command":         {sound.Join(quiet(500*ms), command(40*ms), quiet(1700*ms)), "silence", ""},
		"in the middle of it":           {command(2 * time.Second), "silence", "it ends 0s after the last sound"},
		"in a pause of it":              {sound.Join(command(2*time.Second), quiet(400*ms)), "silence", "it ends 400ms after"},
		"long after it":                 {sound.Join(command(2*time.Second), quiet(2*time.Second)), "silence", "it ends only 2s after"},
		"before anybody can have begun": {quiet(400 * ms), "silence", "the command may begin for 2s"},
		"the device was lost":           {command(time.Second), "device lost", ""},
		"it was never quiet":            {command(13960 * ms), "limit", ""},
		"it was called too long":        {command(5 * time.Second), "limit", "said to have reached the limit"},
		"it is too long":                {command(20 * time.Second), "silence", "the longest recording is 15s"},
	} {
		pre := sound.Join(quiet(200*ms), word)
		if got := rules.Ending(sound.Join(pre, c.after), len(pre), c.why); (c.says == "") != (got == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q; want %q", name, got, c.says)
		}
	}
	if n := rules.PreRoll(); n != 12 {
		t.Errorf("a pre-roll of a second is %d hops", n)
	}
}

// FuzzDiffers: it says nothing of what is the same, something of all else, and never fails.
func FuzzDiffers(f *testing.F) {
	f.Add(5, 3, int16(1))
	f.Add(0, 32000, int16(0))
	f.Fuzz(func(t *testing.T, from, n int, by int16) {
		whole := heard()
		from, n = min(max(from, 0), len(whole)), min(max(n, 0), len(whole))
		other := slices.Concat(whole[:from], whole[min(from+n, len(whole)):])
		if len(other) > 0 {
			other[len(other)/2] += by
		}
		if got := proof.Differs(whole, other); (got == "") != slices.Equal(whole, other) {
			t.Errorf("%d, %d, %d: %q", from, n, by, got)
		}
	})
}
