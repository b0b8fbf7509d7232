package peers

import (
	"time"
	"unicode/utf8"

	"orac/web/schema"
)

// Words is a short text of a peer; what is no such text, or has more than most bytes, becomes "".
func Words(s string, most int) string {
	if len(s) > most || !utf8.ValidString(s) || schema.Clean(s) != s {
		return ""
	}
	return s
}

// Times on the wire: local without a zone, as the services of the stack write them, or with one.
var layouts = []string{"2006-01-02T15:04:05.999999999", time.RFC3339Nano}

// Moment reads a time; the zero time if it is none.
func Moment(text string) time.Time {
	if text == "" || len(text) > 40 {
		return time.Time{}
	}
	for _, layout := range layouts {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil && at.Year() >= 2000 && at.Year() < 2200 {
			return at
		}
	}
	return time.Time{}
}
