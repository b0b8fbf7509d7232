// Package audio defines sound as ORAC uses it: 16 kHz mono int16 in hops of 80 ms, where it comes from, and WAV files.
package audio

import (
	"errors"
	"math"
	"time"

	"orac/appliance/rt"
)

const (
	// Rate is the sample rate of everything after a source, in samples per second.
	Rate = 16000
	// HopSamples is a hop: the 1280 samples that openWakeWord scores at once.
	HopSamples = 1280
	// HopTime is how long a hop lasts.
	HopTime = HopSamples * time.Second / Rate
	// LookEvery is how often the process that has a device open checks whether it is still listed.
	LookEvery = time.Second
)

// Hop is 80 ms of sound.
type Hop struct {
	// Seq counts the hops of a device from 0. It continues through a reopened stream, so it orders everything
	// heard.
	Seq int64
	// At is when the hop was complete.
	At rt.Instant
	// Reset marks the first hop after a break in the sound: it does not continue what was heard before.
	Reset bool
	// Gap marks a hop before which some were lost: the stream continued, and so may a recording.
	Gap bool
	// RMS is the level on the int16 scale, 0 to 32768.
	RMS float32
	PCM [HopSamples]int16
}

// Time is the duration of this many samples.
func Time(samples int) time.Duration { return time.Duration(samples) * time.Second / Rate }

// RMS is the root mean square of pcm on the int16 scale.
func RMS(pcm []int16) float32 {
	if len(pcm) == 0 || len(pcm) == HopSamples && *(*[HopSamples]int16)(pcm) == silence { // much of all sound is silence, and this is quick
		return 0
	}
	var sum int64
	rest := pcm
	for ; len(rest) >= 8; rest = rest[8:] {
		p := (*[8]int16)(rest)
		sum += int64(p[0])*int64(p[0]) + int64(p[1])*int64(p[1]) + int64(p[2])*int64(p[2]) + int64(p[3])*int64(p[3]) +
			int64(p[4])*int64(p[4]) + int64(p[5])*int64(p[5]) + int64(p[6])*int64(p[6]) + int64(p[7])*int64(p[7])
	}
	for _, s := range rest {
		sum += int64(s) * int64(s)
	}
	return float32(math.Sqrt(float64(sum) / float64(len(pcm))))
}

var silence [HopSamples]int16

// ErrEnded is the error of a stream whose sound is over, such as that of a WAV file.
var ErrEnded = errors.New("the sound is over")

// Source opens a device.
type Source interface {
	// Open finds the device and starts it. It returns within the source's own start-up deadline. Its error names
	// the device, the cause and the way out.
	Open(t *rt.Task) (Stream, error)
}

// Stream is an open device. A stream that fails stays failed: close it and open another.
type Stream interface {
	// Read waits for the samples of the next hop. rt.ErrTimeout: none came by then, and the stream may still live;
	// ErrEnded: there will be no more; rt.ErrStopped; anything else: the stream is dead.
	Read(t *rt.Task, pcm *[HopSamples]int16, until rt.Instant) error
	// Identity names the device that was opened, so that it can be told from another after a
	// replug.
	Identity() string
	// Close frees the device. It returns in bounded time, in whatever state the device is.
	Close(t *rt.Task)
}

// Peak is the largest magnitude in pcm, 0 to 32768.
func Peak(pcm []int16) int {
	peak := 0
	for _, s := range pcm {
		peak = max(peak, int(s), -int(s))
	}
	return peak
}

// Checker is a Source that can tell whether its device is there, without opening it.
type Checker interface {
	Check(t *rt.Task) error
}
