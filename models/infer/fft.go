package infer

import "math"

const (
	fftSize = 512         // openWakeWord's n_fft
	fftHalf = fftSize / 2 // points of the complex FFT; 4^4
)

// realFFT computes the power spectrum of 512 real samples with one complex FFT of
// half the length (even samples real, odd ones imaginary; Numerical Recipes, 3rd
// edition, section 12.3), radix 4, decimation in time, in place. It runs in float64,
// so that its error stays far below that of the network it replaces.
type realFFT struct {
	order    [fftHalf]uint8   // base-4 digit reversal
	twiddles []twiddle        // of the passes with span 4, 16 and 64, in the order of use
	cos, sin [fftHalf]float64 // of 2 pi k / fftSize, for the split
	re, im   [fftHalf]float64
}

// twiddle holds exp(-2 pi i j k / n) for j = 1, 2, 3.
type twiddle struct{ c1, s1, c2, s2, c3, s3 float64 }

func newRealFFT() *realFFT {
	f := &realFFT{}
	for k := range fftHalf {
		f.sin[k], f.cos[k] = math.Sincos(2 * math.Pi * float64(k) / fftSize)
		f.order[k] = uint8(k&3<<6 | k>>2&3<<4 | k>>4&3<<2 | k>>6)
	}
	for m := 4; m < fftHalf; m *= 4 {
		for k := range m {
			var w twiddle
			a := 2 * math.Pi * float64(k) / float64(4*m)
			w.s1, w.c1 = math.Sincos(a)
			w.s2, w.c2 = math.Sincos(2 * a)
			w.s3, w.c3 = math.Sincos(3 * a)
			f.twiddles = append(f.twiddles, w)
		}
	}
	return f
}

// power writes |X[k]|^2 for k = 1 … len(out)-1; it does not write out[0].
// len(out) is at most 256. (The mel bands need neither DC nor the highest
// frequencies.)
func (f *realFFT) power(x *[fftSize]float64, out []float64) {
	f.transform(x)
	re, im := &f.re, &f.im
	for k := 1; k < len(out); k++ { // split into the spectra of even and odd samples, and join
		i, j := k&(fftHalf-1), (fftHalf-k)&(fftHalf-1)
		er, ei := re[i]+re[j], im[i]-im[j]
		or, oi := im[i]+im[j], re[j]-re[i]
		c, s := f.cos[i], f.sin[i]
		xr, xi := er+or*c+oi*s, ei+oi*c-or*s
		out[k] = (xr*xr + xi*xi) / 4
	}
}

// transform leaves the 256-point complex FFT in re and im.
func (f *realFFT) transform(x *[fftSize]float64) {
	re, im := &f.re, &f.im
	for a := 0; a < fftHalf; a += 4 { // the first pass needs no twiddles
		i, j, k, l := int(f.order[a]), int(f.order[a+1]), int(f.order[a+2]), int(f.order[a+3])
		b, c, d := a+1, a+2, a+3
		t0r, t0i := x[2*i]+x[2*k], x[2*i+1]+x[2*k+1]
		t1r, t1i := x[2*i]-x[2*k], x[2*i+1]-x[2*k+1]
		t2r, t2i := x[2*j]+x[2*l], x[2*j+1]+x[2*l+1]
		t3r, t3i := x[2*j+1]-x[2*l+1], x[2*l]-x[2*j]
		re[a], im[a] = t0r+t2r, t0i+t2i
		re[b], im[b] = t1r+t3r, t1i+t3i
		re[c], im[c] = t0r-t2r, t0i-t2i
		re[d], im[d] = t1r-t3r, t1i-t3i
	}
	next := 0
	for m := 4; m < fftHalf; m *= 4 {
		for k := range m {
			w := &f.twiddles[next]
			next++
			for n := k; n < fftHalf; n += 4 * m {
				a, b, c, d := n&255, (n+m)&255, (n+2*m)&255, (n+3*m)&255
				br, bi := re[b]*w.c1+im[b]*w.s1, im[b]*w.c1-re[b]*w.s1
				cr, ci := re[c]*w.c2+im[c]*w.s2, im[c]*w.c2-re[c]*w.s2
				dr, di := re[d]*w.c3+im[d]*w.s3, im[d]*w.c3-re[d]*w.s3
				t0r, t0i := re[a]+cr, im[a]+ci
				t1r, t1i := re[a]-cr, im[a]-ci
				t2r, t2i := br+dr, bi+di
				t3r, t3i := bi-di, dr-br
				re[a], im[a] = t0r+t2r, t0i+t2i
				re[b], im[b] = t1r+t3r, t1i+t3i
				re[c], im[c] = t0r-t2r, t0i-t2i
				re[d], im[d] = t1r-t3r, t1i-t3i
			}
		}
	}
}
