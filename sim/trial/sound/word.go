package sound

import (
	"hash/fnv"
	"time"

	"orac/appliance/audio"
)

// A wake word is a tune of Tones notes of NoteHops hops each. Wherever it begins, each note fills at least one whole hop.
// The name of the model determines the notes; no note equals the one before it.
const (
	Tones    = 5
	NoteHops = 2
	Notes    = 16 // that a tone can be

	// WordTime is how long a wake word lasts: 0.8 s.
	WordTime = Tones * NoteHops * audio.HopTime

	level = 12000 // peak of a note
)

// Tune returns the notes of a wake word, each below Notes.
func Tune(model string) (tune [Tones]uint8) {
	h := fnv.New64a()
	h.Write([]byte(model))
	n := mix(0, h.Sum64())
	tune[0] = uint8(n % Notes)
	n /= Notes
	for i := 1; i < Tones; i++ {
		tune[i] = (tune[i-1] + 1 + uint8(n%(Notes-1))) % Notes
		n /= Notes - 1
	}
	return tune
}

// cycles returns how many periods of a note are in a hop: 24 to 69, that is 300 to 862 Hz. The third harmonic of the lowest
// note, which clipping produces, is above the highest note.
func cycles(note uint8) int { return 24 + 3*int(note) }

// Word is the wake word of a model, WordTime long, with a peak of 12000.
func Word(model string) []int16 {
	pcm := make([]int16, 0, Samples(time.Duration(WordTime)))
	for _, note := range Tune(model) {
		for i := range NoteHops * audio.HopSamples {
			pcm = append(pcm, int16(int(sine[cycles(note)*i%audio.HopSamples])*level/unit))
		}
	}
	return pcm
}

// sine returns a period of the sine in steps of a hop's samples, accurate to 0.2 %. One is unit.
var sine = period()

const unit = 4096

// period uses Bhaskara's approximation, 16x(pi-x) / (5pi²-4x(pi-x)).
func period() (table [audio.HopSamples]int32) {
	const half = audio.HopSamples / 2
	for x := range half {
		p := x * (half - x)
		table[x] = int32(unit * 16 * p / (5*half*half - 4*p))
		table[x+half] = -table[x]
	}
	return table
}

// step is the decimation before notes are told apart: the mean of step samples at a time removes noise and keeps the notes.
const step = 8

// quietest is the RMS below which no note is recognised.
const quietest = 500

// Heard is what Listen finds in a hop.
type Heard struct {
	Energy int64 // the sum of the squares of the samples
	Note   int   // 0 to Notes-1, or -1: no note fills the hop
}

// Listen finds the note that fills a hop: one that has half of the energy below 1 kHz. Noise of the same RMS as the note
// does not hide it.
func Listen(pcm *[audio.HopSamples]int16) Heard {
	h := Heard{Note: -1}
	h.Energy = Energy(pcm)
	if h.Energy < quietest*quietest*audio.HopSamples {
		return h
	}
	const n = audio.HopSamples / step
	var low [n]int64
	var sum, total int64
	for i := range low {
		for _, v := range pcm[i*step : i*step+step] {
			low[i] += int64(v)
		}
		sum += low[i]
		total += low[i] * low[i]
	}
	total -= sum * sum / n // without the constant part
	// A pure note of amplitude a has the energy n*a*a/2, and correlates with n*a/2 at the best phase.
	var most int64
	for note := range uint8(Notes) {
		var re, im int64
		phase, ahead, advance := 0, audio.HopSamples/4, cycles(note)*step%audio.HopSamples
		for _, v := range low {
			re += v * int64(sine[phase])
			im += v * int64(sine[ahead])
			if phase += advance; phase >= audio.HopSamples {
				phase -= audio.HopSamples
			}
			if ahead += advance; ahead >= audio.HopSamples {
				ahead -= audio.HopSamples
			}
		}
		re, im = re/unit, im/unit
		if power := (re*re + im*im) * 2 / n; power > most {
			most, h.Note = power, int(note)
		}
	}
	if 2*most < total {
		h.Note = -1
	}
	return h
}

// Energy is the sum of the squares of a hop's samples.
func Energy(pcm *[audio.HopSamples]int16) int64 {
	var a, b, c, d int64 // four sums, which the processor adds to side by side
	for i := 0; i < len(pcm); i += 4 {
		q := (*[4]int16)(pcm[i:])
		a += int64(q[0]) * int64(q[0])
		b += int64(q[1]) * int64(q[1])
		c += int64(q[2]) * int64(q[2])
		d += int64(q[3]) * int64(q[3])
	}
	return a + b + c + d
}
