package wyoming

import (
	"orac/appliance/audio/resample"
	"orac/appliance/stt"
)

const (
	// pieceMost is the longest sound that an engine understands at once, and pieceLeast where a cut is looked for from, in samples.
	pieceMost  = int(stt.MaxSpeech/1e9) * resample.Rate
	pieceLeast = pieceMost * 2 / 3
	// quiet is the length of the pause that a cut is made in, in samples: 200 ms. quietStep is how exactly it is looked for.
	quiet     = resample.Rate / 5
	quietStep = quiet / 10
)

// cutAt returns where to cut a long sound, of at least pieceMost samples: in the middle of its quietest moment in the last third of a
// piece, which is most likely between two words.
func cutAt(pcm []int16) int {
	loud := func(at int) (sum int64) {
		for _, s := range pcm[at : at+quietStep] {
			sum += int64(s) * int64(s)
		}
		return sum
	}
	var window, least int64
	best := pieceMost - quiet
	for at := pieceLeast; at+quietStep <= pieceMost; at += quietStep {
		window += loud(at)
		from := at + quietStep - quiet
		if from < pieceLeast {
			continue
		}
		if from == pieceLeast || window < least {
			best, least = from, window
		}
		window -= loud(from)
	}
	return best + quiet/2
}
