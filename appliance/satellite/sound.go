package satellite

import "slices"

// MostPiece bounds a piece of a sound, in samples of all channels.
const MostPiece = 2048

type (
	// SoundBegins: Home Assistant begins to send a sound.
	SoundBegins struct {
		Rate     int // samples per second
		Channels int
	}
	// SoundComes is the next piece of it: at most MostPiece samples, those of one moment beside each other.
	SoundComes struct{ PCM []int16 }
	// SoundEnds: that was the sound. Why is empty if that was all of it.
	SoundEnds struct{ Why string }
)

func (SoundBegins) told() {}
func (SoundComes) told()  {}
func (SoundEnds) told()   {}

// Queued tells whether a sound is to be heard after the one before it.
func (v *Voice) Queued(url string) bool { return slices.Contains(v.show.rest, url) }
