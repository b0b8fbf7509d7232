package moonshine

import (
	"errors"
	"time"
)

// Rate is the number of samples of a second of sound.
const Rate = 16000

// MaxSound bounds the sound of one call: the networks were trained on less.
const MaxSound = 30 * time.Second

// ErrStopped is returned by a Transcribe that was told to stop.
var ErrStopped = errors.New("stopped before the end of the transcript")

// ErrTooLong is wrapped by the error about sound that is longer than MaxSound.
var ErrTooLong = errors.New("too long for one transcript")

// Reason says why a transcript has no text.
type Reason string

// The reasons.
const (
	Silence  Reason = "silence"  // nothing but silence
	Noise    Reason = "noise"    // sound, and no voice in it
	Unclear  Reason = "unclear"  // a voice, perhaps, but the network does not believe any text
	Loop     Reason = "loop"     // the text repeated itself without end
	TooLong  Reason = "too_long" // more text than the sound has time for
	Wordless Reason = "wordless" // the network heard no word
)

// Words says the reason to a person.
func (r Reason) Words() string {
	switch r {
	case Silence:
		return "there is only silence"
	case Noise:
		return "there is sound, and no voice in it"
	case Unclear:
		return "it is too unclear"
	case Loop:
		return "the text repeated itself without end"
	case TooLong:
		return "there was more text than the sound has time for"
	case Wordless:
		return "there is no word in it"
	}
	return string(r)
}

// Transcript is what was said.
type Transcript struct {
	Text       string  // "" if Nothing says why
	Confidence float64 // 0..1: the geometric mean of the probabilities of its tokens
	Words      []Word
	From, To   time.Duration // the part of the sound that was listened to: speech with its margins
	Nothing    Reason        // why there is no text
}

// Word is one word of a transcript, with the punctuation that follows it. From and To are zero: the networks do not tell times.
type Word struct {
	Text       string
	From, To   time.Duration
	Confidence float64 // 0..1: the geometric mean of the probabilities of its tokens
}
