// A part of lanes.h, which includes it once for each length of vectors.

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
