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
