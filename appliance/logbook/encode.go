package logbook

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"time"
)

// A line is written as JSON when it is logged, in one pass: as a status.LogLine, but without its number. A busy web server does
// this more often than anything else.

// appendHead begins a line: everything except its attributes and its end.
func appendHead(b []byte, r slog.Record, message string) []byte {
	at := r.Time
	if y := at.Year(); y < 0 || y > 9999 { // JSON has no such time
		at = time.Time{}
	}
	b = append(at.AppendFormat(append(b, `{"seq":0,"at":"`...), time.RFC3339Nano), `","level":`...)
	b = appendText(b, levelName(r.Level))
	return appendText(append(b, `,"message":`...), message)
}

// attrs are the attributes of a line, separated by commas. If one occurs twice, the last value counts.
type attrs struct {
	text []byte
	n    int
	size int  // roughly how much memory they need when they are read
	full bool // further attributes do not fit
}

// maxDepth is how deep groups may be nested.
const maxDepth = 8

// put adds an attribute.
func (as *attrs) put(prefix string, a slog.Attr, depth int) {
	v := a.Value.Resolve() // slog handles LogValue and its panics
	switch {
	case as.full:
		return
	case v.Kind() == slog.KindGroup && depth < maxDepth:
		if a.Key != "" {
			prefix += clip(a.Key, 64) + "."
		}
		for _, inner := range v.Group() {
			as.put(prefix, inner, depth+1)
		}
		return
	case a.Key == "" && v.Equal(slog.Value{}):
		return // slog: an empty attribute is ignored
	case as.n >= maxAttrs:
		as.full = true
		as.name("…")
		as.text = appendText(as.text, "more attributes than fit")
		return
	}
	as.name(prefix + clip(a.Key, 64))
	before := len(as.text)
	as.text = appendPlain(as.text, v)
	as.size += len(as.text) - before
}

// name begins an attribute.
func (as *attrs) name(key string) {
	if as.n > 0 {
		as.text = append(as.text, ',')
	}
	as.n++
	as.size += 64 + len(key)
	as.text = append(appendText(as.text, key), ':')
}

// appendPlain writes a value as plain JSON: numbers and truth values as they are, everything else as text.
func appendPlain(b []byte, v slog.Value) []byte {
	switch v.Kind() {
	case slog.KindBool:
		return strconv.AppendBool(b, v.Bool())
	case slog.KindInt64:
		return strconv.AppendInt(b, v.Int64(), 10)
	case slog.KindUint64:
		return strconv.AppendUint(b, v.Uint64(), 10)
	case slog.KindFloat64:
		f := v.Float64()
		switch size := math.Abs(f); {
		case f-f != 0: // JSON has no NaN and no infinity
		case size == 0 || size >= 1e-6 && size < 1e21: // as encoding/json
			return strconv.AppendFloat(b, f, 'f', -1, 64)
		default:
			return strconv.AppendFloat(b, f, 'e', -1, 64)
		}
	case slog.KindDuration:
		return appendText(b, v.Duration().String())
	case slog.KindTime:
		return appendText(b, v.Time().Format(time.RFC3339Nano))
	case slog.KindAny:
		// fmt calls Format, Error and String on everything it can reach, so that values which redact themselves stay redacted.
		return appendText(b, clip(fmt.Sprintf("%+v", v.Any()), maxValue))
	}
	return appendText(b, clip(v.String(), maxValue))
}

// appendText writes a string, which must be valid UTF-8.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			text, err := json.Marshal(s)
			if err != nil {
				panic("BUG: a string is no JSON: " + err.Error())
			}
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
