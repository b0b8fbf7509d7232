package amount

import (
	"math"
	"strconv"
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 1500: "1 µs", 340 * time.Millisecond: "340 ms", 999_999_999: "999 ms", 2100 * time.Millisecond: "2.1 s", 59_990 * time.Millisecond: "1 min",
		2 * time.Minute: "2 min", 200 * time.Second: "3 min 20 s", 59*time.Minute + 59600*time.Millisecond: "1 h", 76 * time.Hour: "3 d 4 h",
		-2 * time.Second: "-2.0 s", math.MinInt64: "-106751 d 23 h"} {
		if got := Span(d); got != want {
			t.Errorf("Span(%d) = %q, want %q", d, got, want)
		}
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 KiB", 1536: "1.5 KiB", 100 << 20: "100 MiB", 1023 << 10: "1.0 MiB", 3 << 40: "3.0 TiB", -1536: "-1.5 KiB", math.MinInt64: "-8388608.0 TiB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for got, want := range map[string]string{Count(1, "query"): "1 query", Count(2, "query"): "2 queries", Count(0, "wake"): "0 wakes"} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestDecimal: a score keeps the digits that it is written with, and stays the same score.
func TestDecimal(t *testing.T) {
	for _, f := range []float32{0, 0.55, 0.1, 0.98596406, 1, 1e-9, 3.4e38, float32(math.Inf(1))} {
		got := Decimal(f)
		if text := strconv.FormatFloat(got, 'g', -1, 64); text != strconv.FormatFloat(float64(f), 'g', -1, 32) || float32(got) != f {
			t.Errorf("%v becomes %s", f, text)
		}
	}
	if got := Decimal(float32(math.NaN())); !math.IsNaN(got) {
		t.Errorf("NaN becomes %v", got)
	}
}

func TestRound(t *testing.T) {
	for f, want := range map[float64]float64{12.463355597079104: 12.46, -0.005: -0.01, 3: 3, math.MaxFloat64: math.MaxFloat64, math.Inf(-1): math.Inf(-1)} {
		if got := Round(f, 2); got != want {
			t.Errorf("Round(%v, 2) = %v, want %v", f, got, want)
		}
	}
}
