// What Go and the kernels share: the tables that say what a network computes, and in what memory. Go fills them (layout.go and the
// file of each network), and nothing here changes them. No kernel allocates, fails, or reads memory that these tables do not name.
#ifndef ORAC_KERNEL_H
#define ORAC_KERNEL_H

#include <stdint.h>

enum { ORAC_FRAMES = 8, ORAC_BINS = 32, ORAC_FFT = 512, ORAC_HALF = 256, ORAC_STEP = 160, ORAC_EMBEDDING = 96 };

// A matrix maps k inputs to n outputs. Its weights are packed [block][k][vectors of the block * lanes]: a block is `wide` vectors of
// outputs, the last one what is left of `vectors`. Outputs beyond n have weights 0. A row of outputs holds n rounded up to 8.
struct orac_matrix {
	int32_t k, n, vectors, wide;
	const float *w;    // aligned to a vector
	const float *bias; // [vectors * lanes]
};

// A run is where a kernel finds the k inputs of a position: `parts` pieces of `length` floats, `apart` floats from one to the next.
struct orac_run {
	int32_t parts, length, apart;
};

enum { ORAC_LINEAR, ORAC_LEAKY, ORAC_RELU };

// A convolution over three columns (width) or three rows (time) of [time][width][channels], or over both where there is one channel.
struct orac_conv {
	struct orac_matrix m; // with winograd: six matrices one behind the other, each of k * vectors * lanes floats
	struct orac_run run;
	const int32_t *at, *to; // where each position, or tile of four, begins in `in` and in `out`
	int32_t count;          // of them
	int32_t winograd;       // 1: F(4,3), else direct
	int32_t in_step;        // winograd: floats from one of the six inputs of a tile to the next
	int32_t out_step;       // winograd: floats from one of its four outputs to the next
	int32_t activation;
	float *in, *out;
	int32_t keep, from;       // the newest rows: `keep` floats at `from` move to the front of `in`, for the next hop
	int32_t pool_t, pool_w;   // 0: none follows; else the maximum of pool_t x pool_w positions of `out` ...
	int32_t pool_h, pool_len; // ... which has pool_h rows of pool_len positions of channels[n] ...
	float *pooled;            // ... goes here,
	int32_t pooled_row;       // rows that many floats apart
};

struct orac_embedding {
	int32_t convs;
	const struct orac_conv *conv;
	float *rows;       // where the 8 new mel frames go,
	int32_t row;       // rows that many floats apart
	const float *out;  // of the last convolution
	float *v, *m;      // scratch of winograd: inputs and products of ORAC_TILES tiles
};

enum { ORAC_TILES = 16 }; // that winograd computes at once

struct orac_mel {
	double window[ORAC_FFT];
	double twiddle[84][6];                     // cos and sin of one, two and three steps; passes of span 4, 16 and 64
	double cosine[ORAC_HALF], sine[ORAC_HALF]; // of 2 pi k / 512
	int32_t order[ORAC_HALF];                  // base-4 digit reversal
	int32_t top;                               // bins of the spectrum that a band needs
	int32_t first[ORAC_BINS], bins[ORAC_BINS]; // of each band
	int32_t weights[ORAC_BINS];                // where its weights begin
	double weight[2 * ORAC_HALF];
	float floor, depth;                        // the smallest power; dB below the maximum of the call that are kept
};

// A dense layer of a head.
struct orac_dense {
	struct orac_matrix m;
	int32_t norm, relu;        // normalise over all n outputs, then gain and shift; then max(x, 0)
	const float *gain, *shift; // [vectors * lanes], 0 beyond n
	float epsilon;
};

enum { ORAC_LAYERS = 8, ORAC_TOGETHER = 16 };
enum { ORAC_SIGMOID = 1, ORAC_SOFTMAX = 2 };

// A stage of the first layer of a head: what some embeddings of the window add to its outputs. None of them is younger than `hops` - 1
// hops, so that every so many hops it is computed for this hop and those that follow.
struct orac_stage {
	struct orac_matrix m;
	int32_t first; // embedding of the window that it begins with
	int32_t hops;
};

// A head is one or two stacks of layers over the newest `window` embeddings. The second, if there is one, says the score where
// that of the first is at least `doubt`.
struct orac_head {
	int32_t window, classes, last;
	int32_t layers[2];
	float doubt;
	const struct orac_dense *layer[2];
	int32_t stages;  // of the first layer of the first stack, whose matrix has no weights itself,
	const struct orac_stage *stage; // the oldest embeddings first
	int32_t together; // hops of the first stage, of which those of each are a part: at most ORAC_TOGETHER
	float *x;        // [window + together - 1][96]: at phase p the window begins at embedding p
	float *ahead;    // [together][width]: the first layer for this hop and those that follow, as far as it is known
	int32_t width;   // of a row of ahead
	float *y[2];     // outputs of a layer, in turns
	int32_t phase;   // of the newest hop, below together
	int32_t running; // 0: no hop has been scored since the last reset
};

// A block of the encoder of the voice gate, for both halves of a hop.
struct orac_block {
	int32_t frames, channels, wide; // of its input; wide: outputs
	int32_t then, stride;           // frames that are left of it
	const float *taps, *bias;       // [5][channels], [channels]: the depthwise convolution
	struct orac_matrix mix, point;  // [depthwise | input] to wide; wide to wide
	float *x;                       // [2][2 + frames + 2][depthwise: channels | input: channels]
	float *y;                       // [2 * frames][wide]
	const int32_t *mix_at, *mix_to, *point_at, *point_to;
};

enum { ORAC_BLOCKS = 4, ORAC_CHUNK = 640, ORAC_EDGE = 96, ORAC_BASIS = 256, ORAC_SPECTRUM = 136, ORAC_HIDDEN = 64 };

struct orac_gate {
	struct orac_matrix basis;           // [256] to [real: 136 | imaginary: 136]
	float filter[7];
	struct orac_block block[ORAC_BLOCKS];
	struct orac_matrix x[2], h[2];      // of the two layers of the LSTM: 64 to 256 in the order of ONNX: i o f c
	float decoder[ORAC_HIDDEN], bias;
	float *sound;                       // [2][96 + 640 + 96]
	float *spectrum;                    // [20][real: 136 | imaginary: 136]
	const int32_t *sound_at, *spectrum_to;
	float *out;                         // of the last block: [4][64]
	const int32_t *out_at, *gates_to;
	float *gates;                       // [4][256]
	float state[2][2][ORAC_HIDDEN];     // h and c of both layers
};

// What a hop costs. `lanes` is how many floats a vector has: 16 (AVX-512), 8 (AVX2) or 4 (NEON).
void orac_mel(int lanes, const struct orac_mel *, const float *pcm, float *rows);
void orac_embed(int lanes, const struct orac_embedding *, const float *rows, float *out);
void orac_head(int lanes, struct orac_head *, const float *embedding, float *scores, int score);
void orac_gate(int lanes, struct orac_gate *, const float *pcm, float *scores);
void orac_conv(int lanes, const struct orac_conv *, float *v, float *m); // one convolution of an embedding

#endif
