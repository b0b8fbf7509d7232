package proof

import (
	"fmt"
	"math"
	"time"

	"orac/appliance/audio"
	"orac/runbook"
)

// Rules are the rules of the runbook for where a recording begins and ends.
type Rules struct{ runbook.Record }

const (
	// frame is the length that is judged as sound or silence at once.
	frame     = 20 * time.Millisecond
	perFrame  = audio.Rate / 50
	wordTail  = 160 * time.Millisecond // the wake word itself may continue for this long after the hop that woke …
	certainly = 480 * time.Millisecond // … and longer sound is speech, whenever it began
)

// PreRoll is how many hops a recording holds up to and including the one that woke.
func (r Rules) PreRoll() int64 { return int64(r.Record.PreRoll / audio.HopTime) }

// Ending says what is wrong with where a recording ends; "" if nothing is. pcm is its sound, wake the number of its samples up to
// and including the hop that woke; why is the reason the appliance gave for the end.
func (r Rules) Ending(pcm []int16, wake int, why string) string {
	length, after := audio.Time(len(pcm)), audio.Time(len(pcm)-max(wake, 0))
	if length > r.Max {
		return fmt.Sprintf("it lasts %v, and the longest recording is %v", length, r.Max)
	}
	switch why {
	case "limit":
		if length <= r.Max-2*audio.HopTime {
			return fmt.Sprintf("it is said to have reached the limit of %v, and lasts %v", r.Max, length)
		}
	case "silence":
		quiet, spoken := r.quiet(pcm[min(max(wake, 0), len(pcm)):])
		pause := r.Silence + r.Grace
		switch {
		case spoken >= certainly && quiet < pause:
			return fmt.Sprintf("it ends %v after the last sound of the command; silence and grace are %v", quiet, pause)
		case spoken >= certainly && quiet >= pause+2*audio.HopTime:
			return fmt.Sprintf("it ends only %v after the last sound of the command; silence and grace are %v", quiet, pause)
		case quiet < pause && (quiet < r.Silence || after < r.Lead):
			return fmt.Sprintf("it ends %v after the wake word, %v after the last sound; the command may begin for %v", after, quiet, r.Lead)
		}
	}
	return ""
}

// quiet returns how long a sound has been quiet at its end, and its longest stretch that was not quiet, without the end of the
// wake word.
func (r Rules) quiet(pcm []int16) (quiet, spoken time.Duration) {
	var run, at time.Duration
	for i := 0; i+perFrame <= len(pcm); i += perFrame {
		at += frame
		if r.silent(pcm[i : i+perFrame]) {
			quiet += frame
			run = 0
			continue
		}
		quiet = 0
		if run += frame; at > wordTail {
			spoken = max(spoken, min(run, at-wordTail))
		}
	}
	return quiet, spoken
}

// silent tells whether a frame is below the level of the runbook. Exactly at the level it may count as either: a sum in a
// different order may round differently.
func (r Rules) silent(pcm []int16) bool {
	var sum int64
	for _, v := range pcm {
		sum += int64(v) * int64(v)
	}
	return math.Sqrt(float64(sum)/float64(len(pcm))) < r.SilenceThreshold*32768
}
