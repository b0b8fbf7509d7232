// A part of lanes.h, which includes it once for each length of vectors.

// ---- the mel spectrogram: one lane a frame, in float64 ----
//
// A loud tone leaves bins 80 dB below it. In float32 the rounding of the tone would be a tenth of a dB there, several times that of the
// network itself.

typedef double NAME(doubles) __attribute__((vector_size(4 * LANES)));
#define doubles NAME(doubles)
enum { NAME(GROUP) = LANES / 2 }; // frames at once

// butterflies do one pass of the complex FFT over 256 points, in place: groups of four points that lie `span` apart.
static void NAME(butterflies)(doubles *re, doubles *im, int32_t span, const double (*w)[6])
{
	for (int32_t k = 0; k < span; k++) {
		const double c1 = w[k][0], s1 = w[k][1], c2 = w[k][2], s2 = w[k][3], c3 = w[k][4], s3 = w[k][5];
		for (int32_t a = k; a < ORAC_HALF; a += 4 * span) {
			const int32_t b = a + span, c = b + span, d = c + span;
			const doubles br = re[b] * c1 + im[b] * s1, bi = im[b] * c1 - re[b] * s1;
			const doubles cr = re[c] * c2 + im[c] * s2, ci = im[c] * c2 - re[c] * s2;
			const doubles dr = re[d] * c3 + im[d] * s3, di = im[d] * c3 - re[d] * s3;
			const doubles t0r = re[a] + cr, t0i = im[a] + ci, t1r = re[a] - cr, t1i = im[a] - ci;
			const doubles t2r = br + dr, t2i = bi + di, t3r = bi - di, t3i = dr - br;
			re[a] = t0r + t2r;
			im[a] = t0i + t2i;
			re[b] = t1r + t3r;
			im[b] = t1i + t3i;
			re[c] = t0r - t2r;
			im[c] = t0i - t2i;
			re[d] = t1r - t3r;
			im[d] = t1i - t3i;
		}
	}
}

// first does the pass that needs no factors: over neighbours.
static void NAME(first)(doubles *re, doubles *im)
{
	for (int32_t a = 0; a < ORAC_HALF; a += 4) {
		const doubles t0r = re[a] + re[a + 2], t0i = im[a] + im[a + 2], t1r = re[a] - re[a + 2], t1i = im[a] - im[a + 2];
		const doubles t2r = re[a + 1] + re[a + 3], t2i = im[a + 1] + im[a + 3], t3r = im[a + 1] - im[a + 3], t3i = re[a + 3] - re[a + 1];
		re[a] = t0r + t2r;
		im[a] = t0i + t2i;
		re[a + 1] = t1r + t3r;
		im[a + 1] = t1i + t3i;
		re[a + 2] = t0r - t2r;
		im[a + 2] = t0i - t2i;
		re[a + 3] = t1r - t3r;
		im[a + 3] = t1i - t3i;
	}
}

static void NAME(orac_mel)(const struct orac_mel *m, const float *pcm, float *rows)
{
	doubles re[ORAC_HALF], im[ORAC_HALF], power[ORAC_HALF];
	for (int32_t frame = 0; frame < ORAC_FRAMES; frame += NAME(GROUP)) {
		const float *x = pcm + frame * ORAC_STEP;
		for (int32_t i = 0; i < ORAC_HALF; i++) { // even samples are real, odd ones imaginary
			const int32_t at = 2 * m->order[i];
			doubles even, odd;
			for (int32_t f = 0; f < NAME(GROUP); f++) {
				even[f] = x[f * ORAC_STEP + at];
				odd[f] = x[f * ORAC_STEP + at + 1];
			}
			re[i] = even * m->window[at];
			im[i] = odd * m->window[at + 1];
		}
		NAME(first)(re, im);
		NAME(butterflies)(re, im, 4, m->twiddle);
		NAME(butterflies)(re, im, 16, m->twiddle + 4);
		NAME(butterflies)(re, im, 64, m->twiddle + 20);
		for (int32_t k = 1; k <= m->top; k++) { // the spectra of even and odd samples make that of all
			const int32_t j = ORAC_HALF - k;
			const doubles er = re[k] + re[j], ei = im[k] - im[j], or = im[k] + im[j], oi = re[j] - re[k];
			const doubles xr = er + or * m->cosine[k] + oi * m->sine[k], xi = ei + oi * m->cosine[k] - or * m->sine[k];
			power[k] = (xr * xr + xi * xi) * 0.25;
		}
		for (int32_t b = 0; b < ORAC_BINS; b++) {
			doubles sum = {};
			const double *w = m->weight + m->weights[b];
			for (int32_t i = 0; i < m->bins[b]; i++) {
				sum += power[m->first[b] + i] * w[i];
			}
			for (int32_t f = 0; f < NAME(GROUP); f++) {
				rows[(frame + f) * ORAC_BINS + b] = (float)sum[f];
			}
		}
	}
	vec tops = each(-INFINITY);
	for (int32_t i = 0; i < ORAC_FRAMES * ORAC_BINS; i += LANES) { // 10 log10
		const vec db = NAME(logarithm)(largest(load(rows + i), each(m->floor))) * 4.34294482f;
		store(rows + i, db);
		tops = largest(tops, db);
	}
	float top = tops[0];
	for (int32_t i = 1; i < LANES; i++) {
		top = tops[i] > top ? tops[i] : top;
	}
	for (int32_t i = 0; i < ORAC_FRAMES * ORAC_BINS; i += LANES) { // openWakeWord's scale: dB/10 + 2
		store(rows + i, largest(load(rows + i), each(top - m->depth)) / 10.0f + 2.0f);
	}
}
