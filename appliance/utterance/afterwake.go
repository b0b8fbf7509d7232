package utterance

import (
	"slices"
	"time"

	"orac/appliance/audio"
)

// The pause between a wake word and its command, if the person makes one. A wake word is recognised from 0.3 s before its last sound
// has faded to some tenths of a second after it.
const (
	pauseFrame  = 20 * time.Millisecond
	pauseLeast  = 120 * time.Millisecond // the gaps within a wake word, before a "j" or a "k", are shorter
	pauseBefore = 350 * time.Millisecond // the earliest begin of the pause, before the wake word was recognised
	pauseAfter  = 100 * time.Millisecond // and its latest, after that: no word of a command fits in between
	pauseKept   = 60 * time.Millisecond  // of the pause, before the cut
	pauseLevel  = 10                     // the pause is softer than the wake word by this factor at least
)

// AfterWake returns where in a recording the command begins for certain: in the pause after the wake word, which was recognised
// after that many samples. It returns 0 if there is no such pause, as when a person speaks on at once, or in a noisy room.
func AfterWake(pcm []int16, recognised int) int {
	const frame = int(pauseFrame * audio.Rate / time.Second)
	if recognised <= 0 || recognised > len(pcm) {
		return 0
	}
	at := func(d time.Duration) int { return recognised/frame + int(d/pauseFrame) }
	var levels []float32
	for i := range len(pcm) / frame {
		levels = append(levels, audio.RMS(pcm[i*frame:(i+1)*frame]))
	}
	word := slices.Sorted(slices.Values(levels[max(0, at(-time.Second)):min(at(0), len(levels))]))
	if len(word) == 0 {
		return 0
	}
	quiet := word[len(word)*9/10] / pauseLevel
	for i := max(0, at(-pauseBefore)); i <= at(pauseAfter) && i < len(levels); i++ {
		end := i
		for end < len(levels) && levels[end] < quiet {
			end++
		}
		if time.Duration(end-i)*pauseFrame >= pauseLeast {
			return i*frame + int(pauseKept*audio.Rate/time.Second)
		}
		i = end
	}
	return 0
}
