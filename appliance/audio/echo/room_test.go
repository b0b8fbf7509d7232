package echo

import (
	"math"
	"math/rand/v2"
)

const (
	rate       = 16000
	soundSpeed = 343.0 // metres a second
	longest    = rate * 3 / 10
)

// point is a place in a room, in metres.
type point [3]float64

// room is a box with equal walls.
type room struct {
	size       point
	reflection float64 // of a wall, as a part of the amplitude
}

// living is a furnished room of 20 m² with a reverberation time (RT60) of about 0.35 s.
var living = room{point{5, 4, 2.6}, 0.78}

// response is the impulse response from one place to another, by the image method (Allen and Berkley, 1979): each reflection is a source
// behind the walls. A source at 1 m has the amplitude 1.
func (r room) response(from, to point) []float64 {
	h := make([]float64, longest)
	var reach [3]int
	for d := range reach {
		reach[d] = int(math.Ceil(longest*soundSpeed/rate/(2*r.size[d]))) + 1
	}
	for x := -reach[0]; x <= reach[0]; x++ {
		for y := -reach[1]; y <= reach[1]; y++ {
			for z := -reach[2]; z <= reach[2]; z++ {
				for mirrored := range 8 {
					sum, walls := 0.0, 0
					for d, n := range [3]int{x, y, z} {
						m := mirrored >> d & 1
						at := float64(1-2*m)*from[d] + 2*float64(n)*r.size[d]
						sum += (at - to[d]) * (at - to[d])
						walls += abs(n-m) + abs(n)
					}
					far := math.Sqrt(sum)
					place := far / soundSpeed * rate
					i := int(place)
					if i+1 >= longest {
						continue
					}
					a := math.Pow(r.reflection, float64(walls)) / far
					h[i] += a * (1 - (place - float64(i)))
					h[i+1] += a * (place - float64(i))
				}
			}
		}
	}
	return h
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// through is a sound as it is heard through a response.
func through(pcm, response []float64) []float64 {
	n := 1
	for n < len(pcm)+len(response) {
		n *= 2
	}
	a, b := make([]complex128, n), make([]complex128, n)
	for i, v := range pcm {
		a[i] = complex(v, 0)
	}
	for i, v := range response {
		b[i] = complex(v, 0)
	}
	fft(a, false)
	fft(b, false)
	for i := range a {
		a[i] *= b[i]
	}
	fft(a, true)
	out := make([]float64, len(pcm))
	for i := range out {
		out[i] = real(a[i]) / float64(n)
	}
	return out
}

// fft transforms in place; its length is a power of two. The inverse is not divided by the length.
func fft(a []complex128, inverse bool) {
	n := len(a)
	for i, j := 1, 0; i < n; i++ {
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		if j ^= bit; i < j {
			a[i], a[j] = a[j], a[i]
		}
	}
	sign := -1.0
	if inverse {
		sign = 1
	}
	for size := 2; size <= n; size *= 2 {
		turn := make([]complex128, size/2)
		for k := range turn {
			s, c := math.Sincos(sign * 2 * math.Pi * float64(k) / float64(size))
			turn[k] = complex(c, s)
		}
		for at := 0; at < n; at += size {
			for k, w := range turn {
				u, v := a[at+k], a[at+k+size/2]*w
				a[at+k], a[at+k+size/2] = u+v, u-v
			}
		}
	}
}

// loudspeaker is what a small one makes of a sound: little bass, and some distortion of the loudest parts (a third harmonic of 4 %).
func loudspeaker(pcm []float64) []float64 {
	out := make([]float64, len(pcm))
	before, low := 0.0, 0.0
	const keep = 0.93 // of a high pass at 180 Hz
	for i, v := range pcm {
		low = keep * (low + v - before)
		before = v
		out[i] = math.Tanh(low*0.7) / 0.7
	}
	return out
}

// noise is that of a microphone and a quiet room, at -62 dB.
func noise(n int, rnd *rand.Rand) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = 0.0008 * rnd.NormFloat64()
	}
	return out
}

// rms is the loudness of what is not silent in a sound.
func rms(pcm []float64) float64 {
	sum, n := 0.0, 1e-9
	for _, v := range pcm {
		if math.Abs(v) > 0.003 {
			sum += v * v
			n++
		}
	}
	return math.Sqrt(sum / n)
}

// at makes a sound as loud as that.
func at(loud float64, pcm []float64) []float64 {
	k := loud / rms(pcm)
	out := make([]float64, len(pcm))
	for i, v := range pcm {
		out[i] = k * v
	}
	return out
}
