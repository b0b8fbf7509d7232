package moonshine

import (
	"strings"
	"testing"
)

// TestTheEndOfAText: what announces more is taken from the end, and only there.
func TestTheEndOfAText(t *testing.T) {
	for text, want := range map[string]string{
		"Turn on the lights,":       "Turn on the lights",
		"Turn on the lights , -":    "Turn on the lights",
		"First the lights, then —":  "First the lights, then",
		"Turn on the lights.":       "Turn on the lights.",
		"What time is it?":          "What time is it?",
		"At 7 p.m.,":                "At 7 p.m.",
		"Well...":                   "Well...",
		"No, no, no!":               "No, no, no!",
		"The well-known one; and:":  "The well-known one; and",
		"Set it to 21:30":           "Set it to 21:30",
		"It is 5 - 3 degrees, -- ,": "It is 5 - 3 degrees",
		", -":                       "",
	} {
		var words []Word
		for _, w := range strings.Fields(text) {
			words = append(words, Word{Text: w, Confidence: 1})
		}
		var got []string
		for _, w := range ended(words) {
			got = append(got, w.Text)
		}
		if joined := strings.Join(got, " "); joined != want {
			t.Errorf("%q became %q, not %q", text, joined, want)
		}
	}
}
