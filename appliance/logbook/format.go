package logbook

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"orac/appliance/status"
)

// Human formats a line for people: time, level, message, attributes in order of name. It ends without a line feed.
func Human(l status.LogLine) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %-5s %s", l.At.Format("2006-01-02T15:04:05.000Z07:00"), safe(l.Level, false), safe(l.Message, false))
	for _, k := range slices.Sorted(maps.Keys(l.Attrs)) {
		b.WriteString(" " + safe(k, true) + "=" + safe(fmt.Sprint(l.Attrs[k]), true))
	}
	return b.String()
}

// JSON formats a line as JSON, with the time in UTC. It ends without a line feed.
func JSON(l status.LogLine) string {
	l.At = l.At.UTC().Round(time.Microsecond)
	text, err := json.Marshal(l)
	if err != nil { // plain() leaves nothing that JSON refuses, except a year of five digits
		l.At, l.Attrs = time.Time{}, map[string]any{"error": err.Error()}
		text, _ = json.Marshal(l)
	}
	return string(text)
}

// safe quotes text that would break the line, move the cursor, or be misread.
func safe(s string, word bool) string {
	for _, r := range s {
		if !unicode.IsPrint(r) || word && (r == ' ' || r == '"' || r == '=') {
			return strconv.Quote(s)
		}
	}
	if word && s == "" {
		return `""`
	}
	return s
}
