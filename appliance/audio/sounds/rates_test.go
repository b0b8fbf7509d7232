//go:build !race

package sounds

import "testing"

// TestAnyRateBecomesTheSpeakers goes through all rates that devices and files have, without the race detector: it makes resampling slow.
func TestAnyRateBecomesTheSpeakers(t *testing.T) {
	becomeTheSpeakers(t, 11025, 16000, 22050, 24000, 32000, 48000, 96000, 192000)
}
