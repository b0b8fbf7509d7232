package moonshine

import (
	"errors"
	"time"

	"orac/models/moonshine/nothing"
)

// Rate is the number of samples of a second of sound.
const Rate = 16000

// MaxSound bounds the sound of one call: the networks were trained on less.
const MaxSound = 30 * time.Second

// ErrStopped is returned by a Transcribe that was told to stop.
var ErrStopped = errors.New("stopped before the end of the transcript")

// ErrTooLong is wrapped by the error about sound that is longer than MaxSound.
var ErrTooLong = errors.New("too long for one transcript")

// Reason says why a transcript has no text: see package nothing.
type Reason = nothing.Reason

// The reasons.
const (
	Silence  = nothing.Silence
	Noise    = nothing.Noise
	Unclear  = nothing.Unclear
	Loop     = nothing.Loop
	TooLong  = nothing.TooLong
	Wordless = nothing.Wordless
)

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
