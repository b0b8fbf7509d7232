package language

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"orac/runbook/pattern"
)

// Size is a number of bytes.
type Size int64

// String writes the size in the largest unit that divides it: "250MiB".
func (s Size) String() string { return FormatSize(s) }

// MarshalText writes the size as a file would: "250MiB".
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// unit is one suffix and what it multiplies by; in ns for durations, in bytes
// for sizes. The tables are in falling order, as formatting needs them.
type unit struct {
	suffix string
	factor int64
}

var durationUnits = []unit{
	{"d", 24 * int64(time.Hour)}, {"h", int64(time.Hour)}, {"m", int64(time.Minute)},
	{"s", int64(time.Second)}, {"ms", int64(time.Millisecond)},
}

var sizeUnits = []unit{
	{"TiB", 1 << 40}, {"TB", 1e12}, {"GiB", 1 << 30}, {"GB", 1e9}, {"MiB", 1 << 20},
	{"MB", 1e6}, {"KiB", 1 << 10}, {"kB", 1e3}, {"KB", 1e3}, {"B", 1},
}

// quantityPart is one number with its unit; a duration may have several: "1h30m".
var quantityPart = pattern.Lazy(`^([0-9]{1,18})(\.[0-9]{1,9})?([A-Za-z]+)`)

// ParseDuration reads "500ms", "2s", "1m30s", "1h" or "30d". A duration is
// never negative; "0s" is zero. The error says what is wrong without quoting s.
func ParseDuration(s string) (time.Duration, error) {
	n, err := parseQuantity(s, durationUnits, true)
	return time.Duration(n), err
}

// ParseSize reads "512KiB", "250MiB", "1GB" or "64B"; units are 1024-based with
// an i, 1000-based without. The error says what is wrong without quoting s.
func ParseSize(s string) (Size, error) {
	n, err := parseQuantity(s, sizeUnits, false)
	return Size(n), err
}

func parseQuantity(s string, units []unit, several bool) (int64, error) {
	const most = math.MaxInt64 / 4
	rest, total := strings.TrimSpace(s), int64(0)
	if rest == "" {
		return 0, errors.New("it is empty")
	}
	for first := true; rest != ""; first = false {
		m := quantityPart().FindStringSubmatch(rest)
		switch {
		case m == nil && first && isNumber(rest):
			return 0, errors.New("the unit is missing")
		case m == nil || !first && !several:
			return 0, errors.New("it is not a number with a unit")
		}
		factor, ok := factorOf(m[3], units)
		if !ok {
			return 0, errors.New("the unit is unknown")
		}
		whole, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil || whole > most/factor {
			return 0, errors.New("it is too large")
		}
		fraction := 0.0
		if m[2] != "" {
			fraction, _ = strconv.ParseFloat("0"+m[2], 64) // the pattern admits digits only
		}
		total += whole*factor + int64(math.Round(fraction*float64(factor)))
		if total > most {
			return 0, errors.New("it is too large")
		}
		rest = rest[len(m[0]):]
	}
	return total, nil
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

func factorOf(suffix string, units []unit) (int64, bool) {
	for _, u := range units {
		if u.suffix == suffix {
			return u.factor, true
		}
	}
	return 0, false
}

// FormatDuration writes d in the largest unit that divides it: "90s", "1h",
// "30d". It is the inverse of ParseDuration for whole milliseconds; a finer
// duration is written as a fraction of milliseconds.
func FormatDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	for _, u := range durationUnits {
		if int64(d)%u.factor == 0 {
			return strconv.FormatInt(int64(d)/u.factor, 10) + u.suffix
		}
	}
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', -1, 64) + "ms"
}

// FormatSize writes s in the largest unit that divides it, the 1024-based ones first.
func FormatSize(s Size) string {
	if s == 0 {
		return "0B"
	}
	best := ""
	for _, u := range sizeUnits {
		if int64(s)%u.factor == 0 {
			text := strconv.FormatInt(int64(s)/u.factor, 10) + u.suffix
			if best == "" || len(text) < len(best) {
				best = text
			}
		}
	}
	return best
}

// Clip shortens a value for a message.
func Clip(s string) string {
	const most = 60
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most-1]) + "…"
}
