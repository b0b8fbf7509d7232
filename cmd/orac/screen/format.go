package screen

import (
	"math"
	"strings"
	"time"
)

// When says when something happened: only the time if it was today, otherwise with the date.
func When(at, now time.Time) string {
	at, now = at.Local(), now.Local()
	if at.YearDay() == now.YearDay() && at.Year() == now.Year() {
		return at.Format("15:04:05")
	}
	return at.Format("2006-01-02 15:04:05")
}

// Bar draws how much of something is used, from 0 to 1.
func Bar(part float64, cells int) (full, empty string) {
	if math.IsNaN(part) {
		part = 0
	}
	n := int(math.Round(max(0, min(1, part)) * float64(cells)))
	return strings.Repeat("█", n), strings.Repeat("░", cells-n)
}

// Trend draws values as a row of bars between their least and their greatest, with at least span between these two.
func Trend(values []float64, span float64) string {
	if len(values) == 0 {
		return ""
	}
	bars := []rune("▁▂▃▄▅▆▇█")
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	span = max(span, high-low)
	var b strings.Builder
	for _, v := range values {
		i := 0
		if span > 0 {
			i = int(math.Round((v - low) / span * float64(len(bars)-1)))
		}
		b.WriteRune(bars[max(0, min(len(bars)-1, i))])
	}
	return b.String()
}
