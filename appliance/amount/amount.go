// Package amount puts amounts into words for people, on the terminal, in the console and in errors.
package amount

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Span says how long something takes or took, to two units: "340 ms", "2.1 s", "3 min 20 s", "2 d 4 h".
func Span(d time.Duration) string {
	switch {
	case d == 0:
		return "0 s"
	case d == math.MinInt64:
		return Span(d + 1)
	case d < 0:
		return "-" + Span(-d)
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 59950*time.Millisecond:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	for _, u := range []struct {
		large, small time.Duration
		names        [2]string
	}{{24 * time.Hour, time.Hour, [2]string{"d", "h"}}, {time.Hour, time.Minute, [2]string{"h", "min"}}, {time.Minute, time.Second, [2]string{"min", "s"}}} {
		rounded := d.Round(u.small)
		if rounded < u.large {
			continue
		}
		text := fmt.Sprintf("%d %s", rounded/u.large, u.names[0])
		if rest := rounded % u.large / u.small; rest > 0 {
			text += fmt.Sprintf(" %d %s", rest, u.names[1])
		}
		return text
	}
	return d.String() // never: each d that comes here is at least a minute
}

// Bytes says how large something is: "96.3 MiB".
func Bytes(n int64) string {
	f, sign := float64(n), ""
	if n < 0 {
		f, sign = -f, "-"
	}
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		switch {
		case f >= 999.5:
			f /= 1024
			continue
		case unit == "B" || f >= 99.95:
			return fmt.Sprintf("%s%.0f %s", sign, f, unit)
		}
		return fmt.Sprintf("%s%.1f %s", sign, f, unit)
	}
	return fmt.Sprintf("%s%.1f TiB", sign, f)
}

// Count returns a number with its noun: "1 query", "2 queries".
func Count(n int, one string) string {
	switch {
	case n == 1:
		return "1 " + one
	case strings.HasSuffix(one, "y"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(one, "y"))
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// Decimal is a 32-bit number, such as a score or a threshold, as the 64-bit number with the same digits: 0.55 stays 0.55, and is
// not 0.550000011920929. Whatever leaves the graph as a float64 is made by it.
func Decimal(f float32) float64 {
	d, err := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64)
	if err != nil {
		panic("BUG: " + err.Error()) // what was written can be read, infinities and NaN, too
	}
	return d
}

// Round rounds a measured number to as many decimals as people can use, so that no list shows
// 12.463355597079104.
func Round(f float64, decimals int) float64 {
	unit := math.Pow10(decimals)
	if r := math.Round(f*unit) / unit; !math.IsInf(r, 0) && !math.IsNaN(r) {
		return r
	}
	return f
}
