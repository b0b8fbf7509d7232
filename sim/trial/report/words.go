package report

import (
	"fmt"
	"math"
	"strings"
	"unicode"

	"orac/runbook/cells"
)

// maxText bounds how much of one text is shown, in characters.
const maxText = 2000

// clean makes one line of a text from outside. It replaces what controls a terminal or reorders text, and breaks up
// what GitHub's runner takes for a command of its first generation ("##[" anywhere in a line).
func clean(text string) string {
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > maxText {
			b.WriteString("…")
			break
		}
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			r = ' '
		case !unicode.IsPrint(r):
			r = unicode.ReplacementChar
		}
		b.WriteRune(r)
	}
	return strings.ReplaceAll(b.String(), "##[", "## [")
}

// count returns a number with its noun.
func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + one + "s"
}

// thousands writes a whole number in groups of three.
func thousands(n int) string {
	digits := fmt.Sprint(n)
	if n < 0 || len(digits) < 5 {
		return digits
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// span returns a duration with three digits or two units: "340 ms", "2.14 s", "3 min 20 s", "2 d 4 h".
func span(seconds float64) string {
	switch a := math.Abs(seconds); {
	case math.IsNaN(seconds) || a >= 1e9:
		return fmt.Sprintf("%.3g s", seconds)
	case a == 0:
		return "0 s"
	case a < 0.0005:
		return fmt.Sprintf("%.0f µs", seconds*1e6)
	case a < 0.9995:
		return fmt.Sprintf("%.0f ms", seconds*1e3)
	case a < 9.995:
		return trimZeros(fmt.Sprintf("%.2f", seconds)) + " s"
	case a < 59.95:
		return trimZeros(fmt.Sprintf("%.1f", seconds)) + " s"
	}
	sign := ""
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	for _, u := range []struct {
		large, small float64
		names        [2]string
	}{{86400, 3600, [2]string{"d", "h"}}, {3600, 60, [2]string{"h", "min"}}, {60, 1, [2]string{"min", "s"}}} {
		rounded := math.Round(seconds/u.small) * u.small
		if rounded < u.large {
			continue
		}
		text := fmt.Sprintf("%s%.0f %s", sign, math.Floor(rounded/u.large), u.names[0])
		if rest := math.Mod(rounded, u.large) / u.small; rest >= 1 {
			text += fmt.Sprintf(" %.0f %s", rest, u.names[1])
		}
		return text
	}
	return fmt.Sprintf("%s%.0f s", sign, seconds) // never reached: the value is at least a minute
}

func trimZeros(number string) string {
	return strings.TrimSuffix(strings.TrimRight(number, "0"), ".")
}

// size returns a size for people: "96.3 MiB".
func size(n float64) string {
	if math.IsNaN(n) || math.Abs(n) >= 1<<60 {
		return fmt.Sprintf("%.3g B", n)
	}
	sign := ""
	if n < 0 {
		n, sign = -n, "-"
	}
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		switch {
		case n >= 999.5:
			n /= 1024
			continue
		case unit == "B" || n >= 99.95:
			return fmt.Sprintf("%s%.0f %s", sign, n, unit)
		}
		return sign + trimZeros(fmt.Sprintf("%.1f", n)) + " " + unit
	}
	return fmt.Sprintf("%s%.1f TiB", sign, n)
}

// quantity returns a value in the unit of a promise; "" if the promise is only kept or not.
func quantity(v float64, unit string) string {
	switch unit {
	case "":
		return ""
	case "s":
		return span(v)
	case "bytes":
		return size(v)
	}
	return fmt.Sprintf("%.4g %s", v, cells.Shorten(clean(unit), 8))
}

// speed returns how many times faster than real time something ran.
func speed(virtual, wall float64) string {
	if wall <= 0 || virtual <= 0 {
		return ""
	}
	x := virtual / wall
	switch {
	case x < 10:
		return fmt.Sprintf("%.1f", x)
	case x >= 1e12:
		return fmt.Sprintf("%.3g", x)
	}
	p := math.Pow(10, max(0, math.Floor(math.Log10(x))-2)) // three significant digits
	return thousands(int(math.Round(x/p) * p))
}

// at returns an instant of a run as a clock that starts at 0: "1:02:03.4" or, below a minute, "7.25 s".
func at(seconds float64) string {
	if math.IsNaN(seconds) || math.Abs(seconds) >= 1e9 || seconds < 60 {
		return span(seconds)
	}
	tenths := int64(math.Round(seconds * 10))
	s, rest := tenths/10, tenths%10
	text := fmt.Sprintf("%d:%02d", s/60, s%60)
	if s >= 3600 {
		text = fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	if rest > 0 {
		text += fmt.Sprintf(".%d", rest)
	}
	return text
}
