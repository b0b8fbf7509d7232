package memory

import (
	"slices"
	"time"

	"orac/appliance/rt"
)

// How the trend is measured: not before everything is loaded and warm, with a value every five minutes, over the last six hours,
// and over at least an hour.
const (
	warmUp    = 30 * time.Minute
	spacing   = 5 * time.Minute
	window    = 72
	leastSeen = 13
)

// Trend tells how fast memory grows. It is pure, holds 72 values, and its zero value is ready.
//
// It is the estimator of Sen (Estimates of the regression coefficient based on Kendall's tau, 1968), the median slope between
// pairs of values, over pairs that are an eighth to a quarter of the window apart. A single step (a model that is loaded, a
// larger cache) touches at most a third of those pairs, wherever it is, so it does not count as growth; repeated steps do.
type Trend struct {
	values []value // oldest first
}

type value struct {
	at    rt.Instant
	bytes int64
}

// Add adds a measurement. at is the time since the start of the process, and does not decrease.
func (t *Trend) Add(at rt.Instant, resident int64) {
	if at < rt.Instant(warmUp) {
		return
	}
	if n := len(t.values); n > 0 && at.Sub(t.values[n-1].at) < spacing {
		return
	}
	if len(t.values) == window {
		t.values = slices.Delete(t.values, 0, 1)
	}
	t.values = append(t.values, value{at, resident})
}

// Slope returns the growth in bytes an hour; false until it has seen an hour after the warm-up.
func (t *Trend) Slope() (perHour float64, known bool) {
	n := len(t.values)
	if n < leastSeen {
		return 0, false
	}
	var slopes []float64
	for lag := max(1, n/8); lag <= n/4; lag++ {
		for i := range n - lag {
			a, b := t.values[i], t.values[i+lag]
			slopes = append(slopes, float64(b.bytes-a.bytes)/b.at.Sub(a.at).Hours())
		}
	}
	slices.Sort(slopes)
	mid := len(slopes) / 2
	if len(slopes)%2 == 1 {
		return slopes[mid], true
	}
	return (slopes[mid-1] + slopes[mid]) / 2, true
}
