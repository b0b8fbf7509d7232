package utterance_test

import (
	"strings"
	"testing"
	"time"

	"orac/appliance/utterance"
)

func TestAnIDIsSafeAsAName(t *testing.T) {
	for id, want := range map[string]bool{
		utterance.ID(time.Now(), 7): true, "u1": true, "a..b": true, strings.Repeat("a", 64): true,
		"": false, ".": false, "..": false, ".a": false, "a/b": false, `a\b`: false, "a b": false, "a\x00": false, "ä": false, strings.Repeat("a", 65): false,
	} {
		if utterance.IsID(id) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
}
