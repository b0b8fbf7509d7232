// Package resample changes the sample rate of sound: to the 16 kHz that ORAC hears at, and to the rate at which a speaker plays.
//
// It guarantees, for every pair of rates: nothing above the lower of the two Nyquist frequencies comes
// through louder than -80 dB, the band up to nine tenths of it is flat to 0.1 dB, times are kept (the filter's delay is
// removed), the same input yields the same output however it is cut into calls, and equal rates pass through unchanged.
package resample

import (
	"fmt"
	"math"
)

const (
	// Rate is the output rate of New in samples per second.
	Rate = 16000
	// MinRate and MaxRate bound the input rate, in samples per second.
	MinRate, MaxRate = 8000, 48000

	// MaxAnyRate is the highest rate of Between.
	MaxAnyRate = 192000
	// mostPhases bounds the filter: rates that have next to nothing in common would need a large one. All rates in use need less.
	mostPhases = 2000

	attenuation = 90.0 // dB of the stop band; 10 more than promised, for the rounding of the coefficients
	flat        = 0.9  // end of the pass band, as a part of the lower Nyquist frequency
)

// Resampler is a polyphase windowed-sinc filter that reads mono at one rate and returns it at another. It is used by
// one goroutine.
type Resampler struct {
	up, down int       // output rate : input rate, in lowest terms
	half     int       // a filter spans 2*half input samples
	taps     []float32 // up phases of 2*half coefficients
	buf      []float32 // input that is still needed; buf[0] is half-1 samples before the first output's position
	pos      int       // whole input samples of the next output's position, relative to buf[half-1]
	phase    int       // its fraction, in 1/up
	in, out  int64     // samples read and returned
}

// CheckRate tells whether New accepts an input rate.
func CheckRate(rate int) error {
	if rate < MinRate || rate > MaxRate {
		return fmt.Errorf("a sample rate of %d Hz is outside %d to %d Hz: convert the sound, for example with sox in.wav -r %d out.wav",
			rate, MinRate, MaxRate, Rate)
	}
	return nil
}

// New makes a resampler for an input of rate samples per second.
func New(rate int) (*Resampler, error) {
	if err := CheckRate(rate); err != nil {
		return nil, err
	}
	return between(rate, Rate), nil
}

// Between makes a resampler from one rate to another, each from 8 to 192 kHz.
func Between(from, to int) (*Resampler, error) {
	if min(from, to) < MinRate || max(from, to) > MaxAnyRate {
		return nil, fmt.Errorf("a sample rate of %d Hz is outside %d to %d Hz: convert the sound, for example with sox in.wav -r 48000 out.wav", from, MinRate, MaxAnyRate)
	}
	if to/gcd(from, to) > mostPhases {
		return nil, fmt.Errorf("a sample rate of %d Hz is not supported: convert the sound, for example with sox in.wav -r 48000 out.wav", from)
	}
	return between(from, to), nil
}

func between(from, to int) *Resampler {
	if from == to {
		return &Resampler{up: 1, down: 1}
	}
	d := gcd(to, from)
	r := &Resampler{up: to / d, down: from / d}
	r.design(float64(from), float64(to))
	r.buf = make([]float32, r.half-1, 4*r.half) // silence before the sound
	return r
}

// design computes the coefficients: a sinc of the middle of the transition band under a Kaiser window. Its shape and
// length follow from the attenuation and the transition's width (Kaiser 1974; Oppenheim & Schafer, Discrete-Time Signal
// Processing, section 7.5: beta = 0.1102, length = (A-7.95) / (2.285 * transition in radians a sample)).
func (r *Resampler) design(rate, to float64) {
	nyquist := min(rate, to) / 2
	transition := (1 - flat) * nyquist
	cutoff := (1 + flat) / 2 * nyquist
	length := (attenuation - 7.95) / (2.285 * 2 * math.Pi * transition / rate)
	beta := 0.1102 * (attenuation - 8.7)
	r.half = int(math.Ceil(length/2)) + 1
	n := 2 * r.half
	r.taps = make([]float32, r.up*n)
	row := make([]float64, n)
	for p := range r.up {
		sum := 0.0
		for k := range row {
			// Distance, in input samples, from tap k to the output's position.
			x := float64(k-r.half+1) - float64(p)/float64(r.up)
			row[k] = 0
			if u := x / float64(r.half); math.Abs(u) < 1 {
				row[k] = sinc(2*cutoff/rate*x) * bessel0(beta*math.Sqrt(1-u*u))
			}
			sum += row[k]
		}
		for k, v := range row {
			r.taps[p*n+k] = float32(v / sum) // every phase passes a constant unchanged
		}
	}
}

// Process reads src, on the int16 scale, and appends the output to dst. Values beyond int16 are clipped.
func (r *Resampler) Process(dst []int16, src []float32) []int16 {
	r.in += int64(len(src))
	if r.half == 0 {
		for _, v := range src {
			dst = append(dst, Clip(float64(v)))
		}
		return dst
	}
	r.buf = append(r.buf, src...)
	dst = r.run(dst, math.MaxInt64)
	drop := min(r.pos, len(r.buf))
	r.buf = r.buf[:copy(r.buf, r.buf[drop:])]
	r.pos -= drop
	return dst
}

// Flush ends the sound: it appends the outputs that were still waiting for later input. For n samples in, ceil(n *
// 16000/rate) come out in all.
func (r *Resampler) Flush(dst []int16) []int16 {
	if r.half == 0 {
		return dst
	}
	r.buf = append(r.buf, make([]float32, 2*r.half)...) // silence after the sound
	total := (r.in*int64(r.up) + int64(r.down) - 1) / int64(r.down)
	return r.run(dst, total)
}

// run appends outputs for which the input is there, up to total outputs since the start.
func (r *Resampler) run(dst []int16, total int64) []int16 {
	n := 2 * r.half
	for ; r.pos+n <= len(r.buf) && r.out < total; r.out++ {
		window := r.buf[r.pos : r.pos+n]
		taps := r.taps[r.phase*n:][:n]
		sum := 0.0
		for k, x := range window {
			sum += float64(float64(x) * float64(taps[k])) // the conversion forbids fusing: one result on every processor
		}
		dst = append(dst, Clip(sum))
		r.phase += r.down
		r.pos += r.phase / r.up
		r.phase %= r.up
	}
	return dst
}

// Clip rounds a value on the int16 scale to the nearest int16; not-a-number is silence.
func Clip(v float64) int16 {
	switch {
	case v >= math.MaxInt16:
		return math.MaxInt16
	case v <= math.MinInt16:
		return math.MinInt16
	case v != v:
		return 0
	}
	return int16(math.Round(v))
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// bessel0 is the modified Bessel function of the first kind and order 0, by its power series (Abramowitz & Stegun 9.6.12).
func bessel0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-17*sum; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
