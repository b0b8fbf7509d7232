// A part of lanes.h, which includes it once for each length of vectors.

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
		NAME(multiply)(&d[i].m, 1, (struct job){.in = x, .init = d[i].m.bias, .at = zero, .to = zero, .out = y, .run = {1, d[i].m.k, 0}});
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
	static const int32_t zero[1] = {0};
	const int32_t window = h->window;
	if (!score || !h->running || h->phase + 1 == h->together) {
		const int32_t gone = h->running ? h->phase + 1 : 1;
		memmove(h->x, h->x + gone * E, (size_t)(window - 1) * E * sizeof(float));
		h->running = score;
		h->phase = 0;
	} else {
		h->phase++;
	}
	const int32_t phase = h->phase;
	memcpy(h->x + (window - 1 + phase) * E, embedding, E * sizeof(float));
	if (!score) {
		return;
	}
	float *y = h->ahead + phase * h->width;
	for (const struct orac_stage *s = h->stage; s < h->stage + h->stages; s++) {
		if (phase % s->hops != 0) {
			continue;
		}
		int32_t at[ORAC_TOGETHER], to[ORAC_TOGETHER];
		for (int32_t i = 0; i < s->hops; i++) {
			at[i] = i * E;
			to[i] = i * h->width;
		}
		const int32_t begins = s == h->stage;
		NAME(multiply)(&s->m, s->hops, (struct job){.in = h->x + (phase + s->first) * E, .init = begins ? h->layer[0]->m.bias : y,
			.apart = begins ? 0 : h->width, .at = at, .to = to, .out = y, .run = {1, s->m.k, 0}});
	}
	NAME(classes)(h, NAME(rest)(h, 0, y), scores);
	if (h->layers[1] > 0 && scores[0] >= h->doubt) {
		const struct orac_dense *d = h->layer[1];
		NAME(multiply)(&d->m, 1, (struct job){.in = h->x + phase * E, .init = d->m.bias, .at = zero, .to = zero, .out = h->y[0],
			.run = {1, window * E, 0}});
		NAME(classes)(h, NAME(rest)(h, 1, h->y[0]), scores);
	}
}
