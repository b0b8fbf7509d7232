package console

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestANameIsCutToItsBox: never wider than there is room, whole where it fits, and cut between letters.
func TestANameIsCutToItsBox(t *testing.T) {
	for text, want := range map[string]string{"": "", "kitchen": "kitchen", "usb.hey_jarvis": "usb.hey_jarvis", strings.Repeat("m", 40): strings.Repeat("m", 8) + "…", "ÄÖÜÄÖÜÄÖÜÄÖÜ": "ÄÖÜÄÖÜÄÖ…"} {
		if got := fit(text, 132, 13); got != want {
			t.Errorf("%s becomes %s, not %s", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text, pixels := rapid.String().Draw(t, "text"), rapid.IntRange(20, 300).Draw(t, "pixels")
		got, width := fit(text, pixels, 13), 0
		for _, r := range got {
			width += widthOf(r)
		}
		head, cut := strings.CutSuffix(got, "…")
		if width > pixels*1000/13 || got != text && !(cut && strings.HasPrefix(text, head)) {
			t.Fatalf("%q becomes %q, %d wide", text, got, width)
		}
	})
}
