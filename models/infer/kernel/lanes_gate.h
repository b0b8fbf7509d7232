// A part of lanes.h, which includes it once for each length of vectors.

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
	NAME(multiply)(&g->basis, 2 * FRAMES, (struct job){.in = g->sound, .init = g->basis.bias, .at = g->sound_at, .to = g->spectrum_to,
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
	NAME(multiply)(&b->mix, 2 * b->frames, (struct job){.in = b->x, .init = b->mix.bias, .at = b->mix_at, .to = b->mix_to, .out = b->y,
		.activation = ORAC_RELU, .run = {1, 2 * n, 0}});
	NAME(multiply)(&b->point, 2 * b->then, (struct job){.in = b->y, .init = b->point.bias, .at = b->point_at, .to = b->point_to,
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
		NAME(multiply)(&g->x[l], STEPS, (struct job){.in = g->out, .init = g->x[l].bias, .at = g->out_at, .to = g->gates_to,
			.out = g->gates, .run = {1, H, 0}});
		for (int32_t s = 0; s < STEPS; s++) {
			float *gates = g->gates + s * 4 * H;
			NAME(multiply)(&g->h[l], 1, (struct job){.in = h, .init = gates, .at = zero, .to = zero, .out = gates, .run = {1, H, 0}});
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
