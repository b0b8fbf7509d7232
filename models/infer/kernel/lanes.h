// The kernels for vectors of LANES floats. kernel.c includes this once for each length, and says what all of it computes.

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define NAME(name) JOIN(name, LANES) // of something that exists once for each length

typedef float NAME(vec) __attribute__((vector_size(4 * LANES)));
typedef float NAME(loose) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t NAME(ints) __attribute__((vector_size(4 * LANES)));
#define vec NAME(vec)
#define ints NAME(ints)
#define load(p) ((vec) * (const NAME(loose) *)(p))
#define store(p, v) (*(NAME(loose) *)(p) = (v))
#define each(x) ((vec){} + (x))

#if LANES == 16
#define largest(a, b) ((vec)_mm512_max_ps((__m512)(a), (__m512)(b)))
#define root(a) ((vec)_mm512_sqrt_ps((__m512)(a)))
#elif LANES == 8
#define largest(a, b) ((vec)_mm256_max_ps((__m256)(a), (__m256)(b)))
#define root(a) ((vec)_mm256_sqrt_ps((__m256)(a)))
#elif defined(__aarch64__)
#define largest(a, b) ((vec)vmaxq_f32((float32x4_t)(a), (float32x4_t)(b)))
#define root(a) ((vec)vsqrtq_f32((float32x4_t)(a)))
#elif defined(__x86_64__)
#define largest(a, b) ((vec)_mm_max_ps((__m128)(a), (__m128)(b)))
#define root(a) ((vec)_mm_sqrt_ps((__m128)(a)))
#else
#define largest(a, b) ((vec)(((ints)(a) & ((a) > (b))) | ((ints)(b) & ~((a) > (b)))))
#define root(a) ((vec){sqrtf((a)[0]), sqrtf((a)[1]), sqrtf((a)[2]), sqrtf((a)[3])})
#endif

// store_row stores the last vector of a row: rows are multiples of 8 floats.
#if LANES == 16
#define store_row(p, v, half) ((half) ? _mm256_storeu_ps(p, _mm512_castps512_ps256((__m512)(v))) : _mm512_storeu_ps(p, (__m512)(v)))
#else
#define store_row(p, v, half) store(p, v)
#endif

// ---- tiles ----
//
// A tile keeps P positions of NV vectors of outputs in registers. For each input it loads NV vectors of weights, and multiplies each
// with that input of every position. The accumulators are variables: GCC keeps an array in memory.

#define V1(M, p) M(p, 0)
#define V2(M, p) V1(M, p) M(p, 1)
#define V3(M, p) V2(M, p) M(p, 2)
#define V4(M, p) V3(M, p) M(p, 3)
#define V5(M, p) V4(M, p) M(p, 4)
#define V6(M, p) V5(M, p) M(p, 5)
#define V7(M, p) V6(M, p) M(p, 6)
#define V8(M, p) V7(M, p) M(p, 7)
#define V9(M, p) V8(M, p) M(p, 8)
#define V10(M, p) V9(M, p) M(p, 9)
#define V11(M, p) V10(M, p) M(p, 10)
#define V12(M, p) V11(M, p) M(p, 11)
#define P1(ROW, M) ROW(M, 0)
#define P4(ROW, M) P1(ROW, M) ROW(M, 1) ROW(M, 2) ROW(M, 3)
#define P8(ROW, M) P4(ROW, M) ROW(M, 4) ROW(M, 5) ROW(M, 6) ROW(M, 7)

#define P_ONCE(M, p) M(p)

#define BEGIN(p, v) vec a##p##_##v = load(init + (p) * apart + (v) * LANES);
#define INPUT(p) const float *x##p = in + at[p];
#define WEIGHT(_, v) const vec w##v = load(w + (v) * LANES);
#define ADD(p, v) a##p##_##v += x##p[k] * w##v;
#define LEAKY(p, v) a##p##_##v = largest(largest(a##p##_##v, 0.2f * a##p##_##v), each(-0.4f));
#define RELU(p, v) a##p##_##v = largest(a##p##_##v, each(0));
#define STORE(p, v) store_row(out + to[p] + (v) * LANES, a##p##_##v, half && (v) == last);

// NEON multiplies with one lane of a vector: one load serves four inputs of a position.
#if LANES == 4 && defined(__aarch64__)
#define QUAD(p) const float32x4_t q##p = vld1q_f32(x##p + k);
#define ADD0(p, v) a##p##_##v = (vec)vfmaq_laneq_f32((float32x4_t)a##p##_##v, (float32x4_t)w##v, q##p, 0);
#define ADD1(p, v) a##p##_##v = (vec)vfmaq_laneq_f32((float32x4_t)a##p##_##v, (float32x4_t)w##v, q##p, 1);
#define ADD2(p, v) a##p##_##v = (vec)vfmaq_laneq_f32((float32x4_t)a##p##_##v, (float32x4_t)w##v, q##p, 2);
#define ADD3(p, v) a##p##_##v = (vec)vfmaq_laneq_f32((float32x4_t)a##p##_##v, (float32x4_t)w##v, q##p, 3);
#define LANE(P, V, WIDE, WITH) { V(WEIGHT, _) P(V, WITH) } w += (WIDE) * LANES;
#define FOUR_AT_ONCE(P, V, WIDE)                                                     \
	for (; k + 4 <= length; k += 4) {                                                \
		P(P_ONCE, QUAD)                                                              \
		LANE(P, V, WIDE, ADD0) LANE(P, V, WIDE, ADD1) LANE(P, V, WIDE, ADD2) LANE(P, V, WIDE, ADD3) \
	}
#else
#define FOUR_AT_ONCE(P, V, WIDE)
#endif

struct NAME(job) {
	const float *in, *w, *init;
	const int32_t *at, *to;
	float *out;
	int32_t apart; // floats between the initial values of two positions
	int32_t activation, half;
	struct orac_run run;
};
#define job NAME(job)

#define TILE(COUNT, WIDE)                                                                                   \
	static void NAME(tile_##COUNT##x##WIDE)(const struct job *j)                                            \
	{                                                                                                   \
		const float *in = j->in, *w = j->w, *init = j->init;                                            \
		const int32_t *at = j->at, *to = j->to, apart = j->apart, length = j->run.length;               \
		float *out = j->out;                                                                            \
		P##COUNT(V##WIDE, BEGIN)                                                                            \
		for (int32_t part = 0; part < j->run.parts; part++, in += j->run.apart) {                       \
			P##COUNT(P_ONCE, INPUT)                                                                         \
			int32_t k = 0;                                                                              \
			FOUR_AT_ONCE(P##COUNT, V##WIDE, WIDE)                                                           \
			for (; k < length; k++, w += (WIDE) * LANES) {                                              \
				V##WIDE(WEIGHT, _)                                                                      \
				P##COUNT(V##WIDE, ADD)                                                                      \
			}                                                                                           \
		}                                                                                               \
		if (j->activation == ORAC_LEAKY) {                                                              \
			P##COUNT(V##WIDE, LEAKY)                                                                        \
		} else if (j->activation == ORAC_RELU) {                                                        \
			P##COUNT(V##WIDE, RELU)                                                                         \
		}                                                                                               \
		const int32_t half = j->half, last = (WIDE) - 1;                                                \
		(void)half, (void)last;                                                                         \
		P##COUNT(V##WIDE, STORE)                                                                            \
	}

TILE(1, 1) TILE(1, 2) TILE(1, 3) TILE(1, 4) TILE(1, 5) TILE(1, 6)
TILE(4, 1) TILE(4, 2) TILE(4, 3)
#if LANES == 16
TILE(4, 4) TILE(4, 5) TILE(4, 6)
TILE(8, 1) TILE(8, 2) TILE(8, 3)
#else
TILE(1, 7) TILE(1, 8) TILE(1, 9) TILE(1, 10) TILE(1, 11) TILE(1, 12)
#endif

typedef void NAME(tile)(const struct job *);
#define T(P, WIDE) NAME(tile_##P##x##WIDE)
static NAME(tile) *const NAME(one)[] = {T(1, 1), T(1, 2), T(1, 3), T(1, 4), T(1, 5), T(1, 6),
#if LANES < 16
	T(1, 7), T(1, 8), T(1, 9), T(1, 10), T(1, 11), T(1, 12)
#endif
};
static NAME(tile) *const NAME(four)[] = {T(4, 1), T(4, 2), T(4, 3),
#if LANES == 16
	T(4, 4), T(4, 5), T(4, 6)
#endif
};
#if LANES == 16
static NAME(tile) *const NAME(eight)[] = {T(8, 1), T(8, 2), T(8, 3)};
#endif

// multiply computes the outputs of `count` positions: blocks of outputs outside, positions inside, so that the weights of a block stay
// near. It uses the inputs from `skip` on. Every output is one chain of additions in the order of the inputs, whatever the tile.
static void NAME(multiply)(const struct orac_matrix *m, int32_t skip, int32_t count, struct job j)
{
	const int32_t *at = j.at, *to = j.to;
	const float *init = j.init;
	float *out = j.out;
	const int32_t half = (((m->n + 7) / 8) * 8) % LANES != 0;
	const float *w = m->w;
	for (int32_t v = 0; v < m->vectors;) {
		const int32_t wide = m->vectors - v < m->wide ? m->vectors - v : m->wide;
		j.w = w + (size_t)skip * wide * LANES;
		j.out = out + v * LANES;
		j.half = half && v + wide == m->vectors;
		for (int32_t p = 0; p < count;) {
			j.at = at + p;
			j.to = to + p;
			j.init = init + v * LANES + p * j.apart;
#if LANES == 16
			if (count - p >= 8 && wide <= 3) {
				NAME(eight)[wide - 1](&j);
				p += 8;
				continue;
			}
#endif
			if (count - p >= 4 && wide <= (int32_t)(sizeof NAME(four) / sizeof NAME(four)[0])) {
				NAME(four)[wide - 1](&j);
				p += 4;
				continue;
			}
			NAME(one)[wide - 1](&j);
			p++;
		}
		w += (size_t)m->k * wide * LANES;
		v += wide;
	}
}

// ---- the embedding ----

// sixths writes what Winograd multiplies: B^T of the six inputs of each tile, as [6][tile][channels].
static void NAME(sixths)(const struct orac_conv *c, int32_t first, int32_t tiles, int32_t row, float *v)
{
	const int32_t step = c->in_step, sixth = tiles * row;
	for (int32_t t = 0; t < tiles; t++, v += row) {
		const float *x = c->in + c->at[first + t];
		for (int32_t i = 0; i < c->m.k; i += LANES, x += LANES) {
			const vec d0 = load(x), d1 = load(x + step), d2 = load(x + 2 * step), d3 = load(x + 3 * step), d4 = load(x + 4 * step),
					  d5 = load(x + 5 * step);
			const vec even = d4 - 4 * d2, odd = d3 - 4 * d1, even2 = d4 - d2, odd2 = 2 * (d3 - d1);
			store(v + i, 4 * d0 - 5 * d2 + d4);
			store(v + i + sixth, even + odd);
			store(v + i + 2 * sixth, even - odd);
			store(v + i + 3 * sixth, even2 + odd2);
			store(v + i + 4 * sixth, even2 - odd2);
			store(v + i + 5 * sixth, 4 * d1 - 5 * d3 + d5);
		}
	}
}

// fours makes the four outputs of each tile from the six products: A^T, the bias and the activation.
static void NAME(fours)(const struct orac_conv *c, int32_t first, int32_t tiles, const float *m, int32_t block, int32_t wide)
{
	const int32_t row = wide * LANES, sixth = tiles * row, step = c->out_step;
	const int32_t half = (((c->m.n + 7) / 8) * 8) % LANES != 0 && block + wide == c->m.vectors;
	for (int32_t t = 0; t < tiles; t++, m += row) {
		float *y = c->out + c->to[first + t] + block * LANES;
		for (int32_t i = 0; i < wide; i++) {
			const float *p = m + i * LANES;
			const vec m1 = load(p + sixth), m2 = load(p + 2 * sixth), m3 = load(p + 3 * sixth), m4 = load(p + 4 * sixth);
			const vec s = m1 + m2, d = m1 - m2, s2 = m3 + m4, d2 = m3 - m4, b = load(c->m.bias + (block + i) * LANES);
			vec y0 = b + load(p) + s + s2, y1 = b + d + 2 * d2, y2 = b + s + 4 * s2, y3 = b + d + 8 * d2 + load(p + 5 * sixth);
			y0 = largest(largest(y0, 0.2f * y0), each(-0.4f));
			y1 = largest(largest(y1, 0.2f * y1), each(-0.4f));
			y2 = largest(largest(y2, 0.2f * y2), each(-0.4f));
			y3 = largest(largest(y3, 0.2f * y3), each(-0.4f));
			const int32_t tail = half && i + 1 == wide;
			(void)tail;
			store_row(y + i * LANES, y0, tail);
			store_row(y + i * LANES + step, y1, tail);
			store_row(y + i * LANES + 2 * step, y2, tail);
			store_row(y + i * LANES + 3 * step, y3, tail);
		}
	}
}

static void NAME(winograd)(const struct orac_conv *c, float *v, float *m)
{
	const int32_t k = c->m.k, row = (k + LANES - 1) / LANES * LANES;
	const size_t sixth = (size_t)k * c->m.vectors * LANES;
	for (int32_t first = 0; first < c->count; first += ORAC_TILES) {
		const int32_t tiles = c->count - first < ORAC_TILES ? c->count - first : ORAC_TILES;
		NAME(sixths)(c, first, tiles, row, v);
		for (int32_t b = 0; b < c->m.vectors; b += c->m.wide) {
			const int32_t wide = c->m.vectors - b < c->m.wide ? c->m.vectors - b : c->m.wide;
			int32_t at[ORAC_TILES], to[ORAC_TILES];
			for (int32_t t = 0; t < tiles; t++) {
				at[t] = t * row;
				to[t] = t * wide * LANES;
			}
			for (int32_t i = 0; i < 6; i++) {
				const struct orac_matrix one = {.k = k, .n = wide * LANES, .vectors = wide, .wide = wide,
					.w = c->m.w + i * sixth + (size_t)k * b * LANES};
				NAME(multiply)(&one, 0, tiles, (struct job){.in = v + (size_t)i * tiles * row, .init = orac_zeros, .at = at, .to = to,
					.out = m + (size_t)i * tiles * wide * LANES, .run = {1, k, 0}});
			}
			NAME(fours)(c, first, tiles, m, b, wide);
		}
	}
}

static void NAME(pool)(const struct orac_conv *c)
{
	const int32_t n = (c->m.n + 7) / 8 * 8;
	for (int32_t t = 0; t < c->pool_h / c->pool_t; t++) {
		for (int32_t w = 0; w < c->pool_len / c->pool_w; w++) {
			const float *x = c->out + ((size_t)t * c->pool_t * c->pool_len + w * c->pool_w) * n;
			float *y = c->pooled + (size_t)t * c->pooled_row + w * n;
			for (int32_t i = 0; i < n; i++) {
				float top = x[i];
				for (int32_t dt = 0; dt < c->pool_t; dt++) {
					for (int32_t dw = 0; dw < c->pool_w; dw++) {
						const float one = x[((size_t)dt * c->pool_len + dw) * n + i];
						top = one > top ? one : top;
					}
				}
				y[i] = top;
			}
		}
	}
}

static void NAME(orac_conv)(const struct orac_conv *c, float *v, float *m)
{
	if (c->winograd) {
		NAME(winograd)(c, v, m);
	} else {
		NAME(multiply)(&c->m, 0, c->count, (struct job){.in = c->in, .init = c->m.bias, .at = c->at, .to = c->to, .out = c->out,
			.activation = c->activation, .run = c->run});
	}
	memmove(c->in, c->in + c->from, (size_t)c->keep * sizeof(float));
	if (c->pool_t > 0) {
		NAME(pool)(c);
	}
}

static void NAME(orac_embed)(const struct orac_embedding *e, const float *rows, float *out)
{
	for (int32_t t = 0; t < ORAC_FRAMES; t++) {
		memcpy(e->rows + t * e->row, rows + t * ORAC_BINS, ORAC_BINS * sizeof(float));
	}
	for (int32_t i = 0; i < e->convs; i++) {
		NAME(orac_conv)(&e->conv[i], e->v, e->m);
	}
	memcpy(out, e->out, ORAC_EMBEDDING * sizeof(float));
}

// ---- functions ----

// power2 is 2^n for whole numbers from -126 to 127.
#define power2(n) ((vec)(((n) + 127) << 23))

// exponential is e^x within 2e-7 of itself, for x from -87 to 88 and otherwise the value at the nearest end (Cephes, expf).
static inline vec NAME(exponential)(vec x)
{
	x = largest(x, each(-87.0f));
	x = -largest(-x, each(-88.0f));
	const vec shifted = x * 1.44269504f + 12582912.0f, n = shifted - 12582912.0f; // rounds to a whole number
	const vec r = x - n * 0.693359375f + n * 2.12194440e-4f;
	vec y = r * 1.9875691500e-4f + 1.3981999507e-3f;
	y = y * r + 8.3334519073e-3f;
	y = y * r + 4.1665795894e-2f;
	y = y * r + 1.6666665459e-1f;
	y = y * r + 5.0000001201e-1f;
	y = y * (r * r) + r + 1.0f;
	return y * power2(__builtin_convertvector(n, ints));
}

// logarithm is that of positive normal numbers, within 1e-7 of itself or of 1 (Cephes, logf).
static inline vec NAME(logarithm)(vec x)
{
	const ints bits = (ints)x, shift = bits - 0x3f3504f3; // the mantissa will be from sqrt(1/2) to sqrt(2)
	const vec e = __builtin_convertvector(shift >> 23, vec);
	const vec m = (vec)(bits - (shift & (int32_t)0xff800000)) - 1.0f, z = m * m;
	vec y = m * 7.0376836292e-2f - 1.1514610310e-1f;
	y = y * m + 1.1676998740e-1f;
	y = y * m - 1.2420140846e-1f;
	y = y * m + 1.4249322787e-1f;
	y = y * m - 1.6668057665e-1f;
	y = y * m + 2.0000714765e-1f;
	y = y * m - 2.4999993993e-1f;
	y = y * m + 3.3333331174e-1f;
	y = y * m * z - e * 2.12194440e-4f - 0.5f * z;
	return m + y + e * 0.693359375f;
}

static inline vec NAME(sigmoid)(vec x) { return 1.0f / (1.0f + NAME(exponential)(-x)); }

static inline float NAME(sigmoid1)(float x) { return NAME(sigmoid)(each(x))[0]; }

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

// ---- heads ----

static void NAME(finish)(const struct orac_dense *d, float *y)
{
	const int32_t n = d->m.n, whole = n / LANES * LANES, all = (n + 7) / 8 * 8;
	if (d->norm) {
		vec sums = {};
		for (int32_t i = 0; i < whole; i += LANES) {
			sums += load(y + i);
		}
		float sum = 0;
		for (int32_t i = 0; i < LANES; i++) {
			sum += sums[i];
		}
		for (int32_t i = whole; i < n; i++) {
			sum += y[i];
		}
		const float mean = sum / (float)n;
		sums = (vec){};
		for (int32_t i = 0; i < whole; i += LANES) {
			const vec x = load(y + i) - mean;
			sums += x * x;
		}
		sum = 0;
		for (int32_t i = 0; i < LANES; i++) {
			sum += sums[i];
		}
		for (int32_t i = whole; i < n; i++) {
			sum += (y[i] - mean) * (y[i] - mean);
		}
		const float scale = 1.0f / sqrtf(sum / (float)n + d->epsilon);
		for (int32_t i = 0; i < all; i++) {
			y[i] = (y[i] - mean) * scale * d->gain[i] + d->shift[i];
		}
	}
	if (d->relu) {
		for (int32_t i = 0; i < all; i++) {
			y[i] = y[i] > 0 ? y[i] : 0;
		}
	}
}

// rest runs the layers after the first, whose output is x, and returns where the last output is.
static float *NAME(rest)(const struct orac_head *h, int32_t stack, float *x)
{
	static const int32_t zero[1] = {0};
	const struct orac_dense *d = h->layer[stack];
	NAME(finish)(d, x);
	for (int32_t i = 1; i < h->layers[stack]; i++) {
		float *y = h->y[i & 1];
		NAME(multiply)(&d[i].m, 0, 1, (struct job){.in = x, .init = d[i].m.bias, .at = zero, .to = zero, .out = y, .run = {1, d[i].m.k, 0}});
		NAME(finish)(&d[i], y);
		x = y;
	}
	return x;
}

static void NAME(classes)(const struct orac_head *h, const float *y, float *scores)
{
	const int32_t n = h->classes;
	if (h->last == ORAC_SIGMOID) {
		for (int32_t i = 0; i < n; i++) {
			scores[i] = NAME(sigmoid1)(y[i]);
		}
		return;
	}
	float top = y[0], sum = 0;
	for (int32_t i = 1; i < n; i++) {
		top = y[i] > top ? y[i] : top;
	}
	for (int32_t i = 0; i < n; i++) {
		scores[i] = NAME(exponential)(each(y[i] - top))[0];
		sum += scores[i];
	}
	for (int32_t i = 0; i < n; i++) {
		scores[i] /= sum;
	}
}

static void NAME(orac_head)(struct orac_head *h, const float *embedding, float *scores, int score)
{
	enum { E = ORAC_EMBEDDING };
	const int32_t window = h->window;
	static const int32_t zero[1] = {0};
	const struct orac_dense *first = h->layer[0];
	if (!score || !h->running || h->phase == 3) {
		const int32_t gone = h->running && h->phase == 3 ? 4 : h->running ? h->phase + 1 : 1;
		memmove(h->x, h->x + gone * E, (size_t)(window - 1) * E * sizeof(float));
		memcpy(h->x + (window - 1) * E, embedding, E * sizeof(float));
		h->running = score;
		h->phase = 0;
		if (!score) {
			return;
		}
		memset(h->x + window * E, 0, 3 * E * sizeof(float));
		const int32_t at[4] = {0, E, 2 * E, 3 * E}, to[4] = {0, h->width, 2 * h->width, 3 * h->width};
		NAME(multiply)(&first->m, 0, 4, (struct job){.in = h->x, .init = first->m.bias, .at = at, .to = to, .out = h->ahead,
			.run = {1, window * E, 0}});
	} else {
		const int32_t p = ++h->phase;
		float *y = h->ahead + p * h->width;
		memcpy(h->x + (window - 1 + p) * E, embedding, E * sizeof(float));
		NAME(multiply)(&first->m, (window - p) * E, 1, (struct job){.in = h->x + window * E, .init = y, .at = zero, .to = zero, .out = y,
			.run = {1, p * E, 0}});
	}
	NAME(classes)(h, NAME(rest)(h, 0, h->ahead + h->phase * h->width), scores);
	if (h->layers[1] > 0 && scores[0] >= h->doubt) {
		const struct orac_dense *d = h->layer[1];
		NAME(multiply)(&d->m, 0, 1, (struct job){.in = h->x + h->phase * E, .init = d->m.bias, .at = zero, .to = zero, .out = h->y[0],
			.run = {1, window * E, 0}});
		NAME(classes)(h, NAME(rest)(h, 1, h->y[0]), scores);
	}
}

// ---- the voice gate ----

// spectrum makes the input of the encoder: magnitudes, and their logarithms without the mean of what is around.
static void NAME(spectrum)(struct orac_gate *g, const float *pcm)
{
	enum { EDGE = ORAC_EDGE, CHUNK = ORAC_CHUNK, S = ORAC_SPECTRUM, FRAMES = 10 };
	for (int32_t half = 0; half < 2; half++) {
		const float *x = pcm + half * CHUNK;
		float *y = g->sound + half * (EDGE + CHUNK + EDGE);
		for (int32_t i = 0; i < EDGE; i++) { // mirrored at both ends
			y[i] = x[EDGE - i];
			y[EDGE + CHUNK + i] = x[CHUNK - 2 - i];
		}
		memcpy(y + EDGE, x, CHUNK * sizeof(float));
	}
	NAME(multiply)(&g->basis, 0, 2 * FRAMES, (struct job){.in = g->sound, .init = g->basis.bias, .at = g->sound_at, .to = g->spectrum_to,
		.out = g->spectrum, .run = {1, ORAC_BASIS, 0}});
	for (int32_t half = 0; half < 2; half++) {
		float mean[3 + FRAMES + 3];
		float *first = g->block[0].x + (half * (2 + FRAMES + 2) + 2) * 4 * S + 2 * S;
		for (int32_t f = 0; f < FRAMES; f++) {
			const float *re = g->spectrum + (half * FRAMES + f) * 2 * S, *im = re + S;
			float *y = first + f * 4 * S;
			vec sums = {};
			for (int32_t i = 0; i < S; i += LANES) { // rows are 17 times 8 floats
				const int32_t half = S - i < LANES;
				(void)half;
				const vec r = load(re + i), m = load(im + i), magnitude = root(r * r + m * m);
				vec log = NAME(logarithm)(1.0f + magnitude * 1048576.0f);
				store_row(y + i, magnitude, half);
				store_row(y + S + i, log, half);
				for (int32_t n = S - i; n < LANES; n++) {
					log[n] = 0;
				}
				sums += log;
			}
			float sum = 0;
			for (int32_t i = 0; i < LANES; i++) {
				sum += sums[i];
			}
			mean[3 + f] = sum / 129.0f;
		}
		for (int32_t i = 0; i < 3; i++) {
			mean[i] = mean[3 + 3 - i];
			mean[3 + FRAMES + i] = mean[3 + FRAMES - 2 - i];
		}
		float around = 0;
		for (int32_t f = 0; f < FRAMES; f++) {
			for (int32_t i = 0; i < 7; i++) {
				around += g->filter[i] * mean[f + i];
			}
		}
		around /= (float)FRAMES;
		for (int32_t f = 0; f < FRAMES; f++) {
			for (int32_t i = 0; i < S; i++) {
				first[f * 4 * S + S + i] -= around;
			}
		}
	}
}

// block runs one block of the encoder: a depthwise convolution over five frames, which is mixed with its input, and a dense layer over
// each of the frames that are kept.
static void NAME(block)(const struct orac_block *b, float *out)
{
	const int32_t n = b->channels;
	for (int32_t half = 0; half < 2; half++) {
		for (int32_t f = 0; f < b->frames; f++) {
			const float *x = b->x + (size_t)(half * (b->frames + 4) + f) * 2 * n + n; // the first of five frames
			float *y = b->x + (size_t)(half * (b->frames + 4) + f + 2) * 2 * n;
			for (int32_t i = 0; i < n; i++) {
				float sum = b->bias[i];
				for (int32_t t = 0; t < 5; t++) {
					sum += b->taps[t * n + i] * x[t * 2 * n + i];
				}
				y[i] = sum > 0 ? sum : 0;
			}
		}
	}
	NAME(multiply)(&b->mix, 0, 2 * b->frames, (struct job){.in = b->x, .init = b->mix.bias, .at = b->mix_at, .to = b->mix_to, .out = b->y,
		.activation = ORAC_RELU, .run = {1, 2 * n, 0}});
	NAME(multiply)(&b->point, 0, 2 * b->then, (struct job){.in = b->y, .init = b->point.bias, .at = b->point_at, .to = b->point_to,
		.out = out, .activation = ORAC_RELU, .run = {1, b->wide, 0}});
}

static void NAME(orac_gate)(struct orac_gate *g, const float *pcm, float *scores)
{
	enum { H = ORAC_HIDDEN, STEPS = 4 }; // two steps for each half
	static const int32_t zero[1] = {0};
	NAME(spectrum)(g, pcm);
	for (int32_t i = 0; i < ORAC_BLOCKS; i++) {
		NAME(block)(&g->block[i], i + 1 < ORAC_BLOCKS ? g->block[i + 1].x : g->out);
	}
	for (int32_t l = 0; l < 2; l++) {
		float *h = g->state[0][l], *c = g->state[1][l];
		NAME(multiply)(&g->x[l], 0, STEPS, (struct job){.in = g->out, .init = g->x[l].bias, .at = g->out_at, .to = g->gates_to,
			.out = g->gates, .run = {1, H, 0}});
		for (int32_t s = 0; s < STEPS; s++) {
			float *gates = g->gates + s * 4 * H;
			NAME(multiply)(&g->h[l], 0, 1, (struct job){.in = h, .init = gates, .at = zero, .to = zero, .out = gates, .run = {1, H, 0}});
			for (int32_t i = 0; i < H; i += LANES) {
				const vec in = NAME(sigmoid)(load(gates + i)), out = NAME(sigmoid)(load(gates + H + i));
				const vec forget = NAME(sigmoid)(load(gates + 2 * H + i)), cell = 2.0f * NAME(sigmoid)(2.0f * load(gates + 3 * H + i)) - 1.0f;
				const vec next = forget * load(c + i) + in * cell;
				store(c + i, next);
				store(h + i, out * (2.0f * NAME(sigmoid)(2.0f * next) - 1.0f));
			}
			memcpy(g->out + s * H, h, H * sizeof(float)); // the input of the second layer
		}
	}
	for (int32_t half = 0; half < 2; half++) {
		scores[half] = 0;
		for (int32_t s = 0; s < STEPS / 2; s++) {
			const float *y = g->out + (half * STEPS / 2 + s) * H;
			float sum = g->bias;
			for (int32_t i = 0; i < H; i++) {
				sum += y[i] > 0 ? g->decoder[i] * y[i] : 0;
			}
			scores[half] += NAME(sigmoid1)(sum) / 2;
		}
	}
}

#undef vec
#undef ints
#undef doubles
#undef load
#undef store
#undef each
#undef largest
#undef root
#undef store_row
#undef job
#undef power2
#undef T
#undef TILE
#undef FOUR_AT_ONCE
