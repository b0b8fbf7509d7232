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

#include "lanes_embedding.h"
#include "lanes_functions.h"
#include "lanes_mel.h"
#include "lanes_heads.h"
#include "lanes_gate.h"

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
