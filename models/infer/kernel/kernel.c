// The kernels of ORAC's wake path: mel spectrogram, embedding, heads, and voice gate.
// (header to come)

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

static const float orac_zeros[16 * 16];

#define LANES 4
#include "lanes.h"
#undef LANES

#if defined(__x86_64__)

#pragma GCC push_options
#pragma GCC target("avx2,fma")
#define LANES 8
#include "lanes.h"
#undef LANES
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")
#define LANES 16
#include "lanes.h"
#undef LANES
#pragma GCC pop_options

#endif

#if defined(__x86_64__)
#define CHOOSE(name, ...)             \
	switch (lanes) {                  \
	case 16:                          \
		name##_16(__VA_ARGS__);       \
		break;                        \
	case 8:                           \
		name##_8(__VA_ARGS__);        \
		break;                        \
	default:                          \
		name##_4(__VA_ARGS__);        \
	}
#else
#define CHOOSE(name, ...) \
	(void)lanes;          \
	name##_4(__VA_ARGS__);
#endif

void orac_mel(int lanes, const struct orac_mel *m, const float *pcm, float *rows) { CHOOSE(orac_mel, m, pcm, rows) }
void orac_embed(int lanes, const struct orac_embedding *e, const float *rows, float *out) { CHOOSE(orac_embed, e, rows, out) }
void orac_head(int lanes, struct orac_head *h, const float *embedding, float *scores, int score)
{
	CHOOSE(orac_head, h, embedding, scores, score)
}
void orac_gate(int lanes, struct orac_gate *g, const float *pcm, float *scores) { CHOOSE(orac_gate, g, pcm, scores) }
void orac_conv(int lanes, const struct orac_conv *c, float *v, float *m) { CHOOSE(orac_conv, c, v, m) }
