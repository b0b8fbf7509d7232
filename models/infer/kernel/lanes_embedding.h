// A part of lanes.h, which includes it once for each length of vectors.

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
#define P2(ROW, M) P1(ROW, M) ROW(M, 1)
#define P4(ROW, M) P2(ROW, M) ROW(M, 2) ROW(M, 3)
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
TILE(2, 1) TILE(2, 2) TILE(2, 3) TILE(2, 4) TILE(2, 5) TILE(2, 6)
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
static NAME(tile) *const NAME(two)[] = {T(2, 1), T(2, 2), T(2, 3), T(2, 4), T(2, 5), T(2, 6)};
static NAME(tile) *const NAME(four)[] = {T(4, 1), T(4, 2), T(4, 3),
#if LANES == 16
	T(4, 4), T(4, 5), T(4, 6)
#endif
};
#if LANES == 16
static NAME(tile) *const NAME(eight)[] = {T(8, 1), T(8, 2), T(8, 3)};
#endif

// multiply computes the outputs of `count` positions: blocks of outputs outside, positions inside, so that the weights of a block stay
// near. Every output is one chain of additions in the order of the inputs, whatever the tile.
static void NAME(multiply)(const struct orac_matrix *m, int32_t count, struct job j)
{
	const int32_t *at = j.at, *to = j.to;
	const float *init = j.init;
	float *out = j.out;
	const int32_t half = (((m->n + 7) / 8) * 8) % LANES != 0;
	const float *w = m->w;
	for (int32_t v = 0; v < m->vectors;) {
		const int32_t wide = m->vectors - v < m->wide ? m->vectors - v : m->wide;
		j.w = w;
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
			if (count - p >= 2 && wide <= (int32_t)(sizeof NAME(two) / sizeof NAME(two)[0])) {
				NAME(two)[wide - 1](&j);
				p += 2;
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
				NAME(multiply)(&one, tiles, (struct job){.in = v + (size_t)i * tiles * row, .init = orac_zeros, .at = at, .to = to,
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
		NAME(multiply)(&c->m, c->count, (struct job){.in = c->in, .init = c->m.bias, .at = c->at, .to = c->to, .out = c->out,
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
