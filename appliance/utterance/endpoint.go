package utterance

import (
	"time"

	"orac/appliance/audio"
)

// frameSamples is the length of the frames that decide where speech ends: 20 ms, short compared with the
// shortest pause that matters.
const frameSamples = audio.Rate / 50

const frameTime = 20 * time.Millisecond

// EndpointConfig says when a recording is over.
type EndpointConfig struct {
	Lead    time.Duration // how long to wait for the command to begin after the wake word
	Silence time.Duration // a pause this long ends the command …
	Grace   time.Duration // … unless speech continues within this time after it
	Max     time.Duration // longest recording, pre-roll included
	Level   float32       // RMS below which a frame is silence, on [-1, 1]
}

// Endpointer finds the end of a command in 16 kHz sound. Once speech was heard after the wake word, Silence+Grace of
// unbroken silence ends it; if none was heard, Lead does. Max always does.
type Endpointer struct {
	cfg    EndpointConfig
	total  time.Duration // recorded so far, pre-roll included
	waited time.Duration // since the wake
	quiet  time.Duration // unbroken silence up to now
	speech bool          // the command has begun
	spoken time.Duration // unbroken speech up to now
}

// minSpeech is the unbroken sound that counts as speech: a click or a door is shorter.
const minSpeech = 60 * time.Millisecond

// tail is how long the wake word itself may still sound after the hop that fired. Sound that began during it counts as
// the command only if it lasts longer than the last syllables of any wake word.
const (
	tail     = 160 * time.Millisecond
	longTail = 480 * time.Millisecond
)

// NewEndpointer starts to look for the end of a recording that already holds the pre-roll.
func NewEndpointer(cfg EndpointConfig, preRoll time.Duration) *Endpointer {
	return &Endpointer{cfg: cfg, total: preRoll}
}

// Hop processes the next 80 ms and tells whether, and why, the recording ends with them.
func (e *Endpointer) Hop(pcm *[audio.HopSamples]int16) (Why, bool) {
	for i := 0; i < len(pcm); i += frameSamples {
		e.frame(audio.RMS(pcm[i:i+frameSamples]) >= e.cfg.Level*32768)
	}
	switch {
	case e.total+audio.HopTime > e.cfg.Max: // the next hop would not fit
		return Limit, true
	case e.speech && e.quiet >= e.cfg.Silence+e.cfg.Grace:
		return Silence, true
	case !e.speech && e.waited >= e.cfg.Lead+tail && e.quiet >= e.cfg.Silence:
		return Silence, true
	}
	return "", false
}

func (e *Endpointer) frame(sound bool) {
	e.total += frameTime
	e.waited += frameTime
	if !sound {
		e.quiet += frameTime
		e.spoken = 0
		return
	}
	e.quiet = 0
	e.spoken += frameTime
	fresh := e.waited-e.spoken >= tail
	if fresh && e.spoken >= minSpeech || e.waited >= longTail && e.spoken >= longTail-tail {
		e.speech = true
	}
}
