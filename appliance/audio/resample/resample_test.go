package resample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

var rates = []int{8000, 11025, 12000, 16001, 22050, 24000, 32000, 44100, 47999, 48000}

// designed keeps the coefficients of rates that many tests use; odd rates have many phases.
var designed = map[int]*Resampler{}

func fresh(t testing.TB, rate int) *Resampler {
	t.Helper()
	if designed[rate] == nil {
		r, err := New(rate)
		if err != nil {
			t.Fatal(err)
		}
		designed[rate] = r
	}
	r := *designed[rate]
	r.buf = slices.Clone(r.buf)
	return &r
}

func convert(t testing.TB, rate int, in []float32) []int16 {
	t.Helper()
	r := fresh(t, rate)
	return r.Flush(r.Process(nil, in))
}

func tone(rate int, hz, amplitude float64, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(amplitude * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return out
}

// level is the amplitude of the whole signal, away from its ends, in dB against a sine of amplitude 1.
func level(pcm []int16) float64 {
	mid := pcm[len(pcm)/4 : len(pcm)*3/4]
	sum := 0.0
	for _, s := range mid {
		sum += float64(s) * float64(s)
	}
	return 20 * math.Log10(math.Sqrt(2*sum/float64(len(mid)))+1e-9)
}

func TestPassBandIsFlat(t *testing.T) {
	const amplitude = 20000
	want := 20 * math.Log10(amplitude)
	for _, rate := range rates {
		edge := flat * float64(min(rate, Rate)) / 2
		for _, hz := range []float64{100, 440, 1000, edge / 2, edge * 0.999} {
			got := level(convert(t, rate, tone(rate, hz, amplitude, rate)))
			if math.Abs(got-want) > 0.1 {
				t.Errorf("%d Hz: a tone of %.0f Hz changes by %.3f dB", rate, hz, got-want)
			}
		}
	}
}

// A tone above the Nyquist frequency must vanish: what is left is below -80 dB, which for this amplitude is below the
// rounding to int16.
func TestNoAliases(t *testing.T) {
	const amplitude = 32000
	for _, rate := range rates {
		if rate <= Rate+1 {
			continue
		}
		for _, hz := range []float64{8001, 8100, 8500, 9000, 10500, 12000, 15999, float64(rate)/2 - 1} {
			if hz > float64(rate)/2 || hz < Rate/2 {
				continue
			}
			r := fresh(t, rate)
			if got := 20 * math.Log10(gain(r, hz/float64(rate))); got > -80 {
				t.Errorf("%d Hz: a tone of %.0f Hz comes through at %.1f dB", rate, hz, got)
			}
			if got := level(convert(t, rate, tone(rate, hz, amplitude, rate))) - 20*math.Log10(amplitude); got > -80 {
				t.Errorf("%d Hz: a tone of %.0f Hz is heard at %.1f dB", rate, hz, got)
			}
		}
	}
}

// Images: upsampling must not put mirrored tones above the input's Nyquist frequency.
func TestNoImages(t *testing.T) {
	out := convert(t, 8000, tone(8000, 3000, 30000, 8000))
	// What is left after taking the tone itself out.
	var s, c float64
	mid := out[4000:12000]
	for i, v := range mid {
		a := 2 * math.Pi * 3000 * float64(i) / Rate
		s += float64(v) * math.Sin(a)
		c += float64(v) * math.Cos(a)
	}
	s, c = 2*s/float64(len(mid)), 2*c/float64(len(mid))
	rest := 0.0
	for i, v := range mid {
		a := 2 * math.Pi * 3000 * float64(i) / Rate
		d := float64(v) - s*math.Sin(a) - c*math.Cos(a)
		rest += d * d
	}
	if got := 20 * math.Log10(math.Sqrt(2*rest/float64(len(mid)))/30000); got > -80 {
		t.Errorf("images at %.1f dB", got)
	}
}

// gain is the filter's response at a frequency given as a part of the input rate, without rounding to int16.
func gain(r *Resampler, f float64) float64 {
	worst := 0.0
	n := 2 * r.half
	for p := range r.up {
		var re, im float64
		for k, h := range r.taps[p*n:][:n] {
			a := 2 * math.Pi * f * (float64(k-r.half+1) - float64(p)/float64(r.up))
			re += float64(h) * math.Cos(a)
			im += float64(h) * math.Sin(a)
		}
		worst = max(worst, math.Hypot(re, im))
		if p > 200 { // the phases beyond are alike
			break
		}
	}
	return worst
}

func TestTimesAreKept(t *testing.T) {
	for _, rate := range rates {
		in := make([]float32, rate)
		at := rate / 4
		in[at] = 30000
		out := convert(t, rate, in)
		if want := Rate; len(out) != want {
			t.Errorf("%d Hz: a second gives %d samples, not %d", rate, len(out), want)
		}
		best := 0
		for i, v := range out {
			if v > out[best] {
				best = i
			}
		}
		if want := float64(at) / float64(rate) * Rate; math.Abs(float64(best)-want) > 1 {
			t.Errorf("%d Hz: a click at sample %.1f comes out at %d", rate, want, best)
		}
	}
}

func TestSameRateIsUnchanged(t *testing.T) {
	in := make([]float32, 65536)
	for i := range in {
		in[i] = float32(i - 32768)
	}
	for i, v := range convert(t, Rate, in) {
		if int(v) != i-32768 {
			t.Fatalf("%d became %d", i-32768, v)
		}
	}
}

func TestAnyCutGivesTheSame(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, rate := range rates {
		in := make([]float32, 5000)
		for i := range in {
			in[i] = float32(rnd.NormFloat64() * 5000)
		}
		whole := convert(t, rate, in)
		r := fresh(t, rate)
		var parts []int16
		for rest := in; len(rest) > 0; {
			n := min(len(rest), rnd.IntN(700))
			parts = r.Process(parts, rest[:n])
			rest = rest[n:]
		}
		if parts = r.Flush(parts); !slices.Equal(whole, parts) {
			t.Errorf("%d Hz: cut into calls, the sound differs", rate)
		}
	}
}

func TestLinear(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	a, b, sum := make([]float32, 4410), make([]float32, 4410), make([]float32, 4410)
	for i := range a {
		a[i], b[i] = float32(rnd.NormFloat64()*3000), float32(rnd.NormFloat64()*3000)
		sum[i] = a[i] + b[i]
	}
	x, y, z := convert(t, 44100, a), convert(t, 44100, b), convert(t, 44100, sum)
	for i := range z {
		if d := int(z[i]) - int(x[i]) - int(y[i]); d < -2 || d > 2 {
			t.Fatalf("sample %d: %d + %d gave %d", i, x[i], y[i], z[i])
		}
	}
}

func TestRatesOutside(t *testing.T) {
	for _, rate := range []int{-1, 0, 7999, 48001, 96000, 1 << 30} {
		if _, err := New(rate); err == nil {
			t.Errorf("%d Hz was accepted", rate)
		}
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		in   float64
		want int16
	}{{0, 0}, {0.5, 1}, {-0.5, -1}, {32767.4, 32767}, {40000, 32767}, {-32768.4, -32768}, {math.Inf(1), 32767},
		{math.Inf(-1), -32768}, {math.NaN(), 0}} {
		if got := Clip(c.in); got != c.want {
			t.Errorf("Clip(%g) = %d, not %d", c.in, got, c.want)
		}
	}
}

func BenchmarkSecond(b *testing.B) {
	for _, rate := range []int{8000, 44100, 48000} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			in := tone(rate, 440, 10000, rate)
			r, err := New(rate)
			if err != nil {
				b.Fatal(err)
			}
			out := make([]int16, 0, 2*Rate)
			for b.Loop() {
				out = r.Process(out[:0], in)
			}
		})
	}
}
