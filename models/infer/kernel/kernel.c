// The kernels of ORAC's wake path: what a hop of 80 ms costs is spent here. kernel.h has the tables that say what is computed, lanes.h
// the code, which this file includes once for each length of vectors: 4 (NEON), 8 (AVX2 with FMA) and 16 floats (AVX-512). Go chooses by
// what the processor has (set.go). On x86-64 without AVX2, ONNX Runtime is as fast; the kernels of 4 lanes are there for tests only.
//
// Layout. Activations are [time][width][channels]. A position's inputs are then one run of floats: 3C for a convolution along the width,
// whose rows have a column of zeros on both sides; three runs of C, a row apart, for one along time, whose buffers begin with the two
// newest rows of the hop before. Tables of offsets say where each position begins and where its outputs go: straight into the buffer of
// the next layer. So each layer computes only what a hop adds (models/onnx, Stream), and copies nothing but those two rows.
//
// tile, multiply  A product of matrices. A tile keeps P positions of NV vectors of outputs in registers (16 lanes: 8x3, 4x6 and 1x6; 8
//                 and 4 lanes: 4x3 and 1x12), and walks along the inputs: the weights lie in that order, [block][input][NV vectors].
//                 Blocks of outputs outside, positions inside: a block's weights stay in L1. Each output is one chain of fused
//                 multiply-adds in the order of the inputs, so its bits do not depend on the tile.
// winograd        F(4,3) along the width or along time, where there are at least eight tiles of four outputs: half the multiplications.
//                 Lavin, Gray: Fast Algorithms for Convolutional Neural Networks, 2015 (arXiv 1509.09308). Six small products per block
//                 of outputs, into scratch that stays in L1. The later layers have more weights than work: they stay direct.
// orac_mel        512-point real FFT as a complex one of 256, radix 4 (Numerical Recipes, 3rd edition, 12.3), one lane a frame; mel bands
//                 without their zeros; 10 log10, no more than 80 dB below the maximum of the call. As torchlibrosa's LogmelFilterBank.
// orac_embed      openWakeWord's embedding network (google/speech_embedding): 20 convolutions with max(max(x, 0.2x), -0.4).
// orac_head       Dense layers over the newest embeddings. The first has nearly all weights, which do not fit into a cache together with
//                 those of the embedding. It is computed in stages, as partitioned convolution (Gardner: Efficient Convolution without
//                 Input-Output Delay, 1995): each hop adds the newest embedding, every second hop the next two for two hops at once, every
//                 fourth the next four for four hops, and so on. That reads a quarter of the weights in a hop.
// orac_gate       Silero's voice gate, h/c form: spectrum (256 samples every 64), adaptive normalisation, four blocks of depthwise and
//                 dense layers, two layers of LSTM. Both halves of a hop go through the encoder together.
// exponential,    Polynomials of Cephes (Moshier), expf.c and logf.c.
// logarithm
//
// Nothing here allocates or fails. Memory is that of the tables; scratch belongs to its network, so that two may run at the same time.

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
