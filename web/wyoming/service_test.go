package wyoming

import (
	"testing"

	"orac/runbook"
)

// TestSpeechToText has the independent client use speech to text, well and badly.
func TestSpeechToText(t *testing.T) {
	t.Parallel()
	nodeClient(t, "stt", serve(t, config(runbook.ServeSTT)).port)
}

// TestWakeWords has it use wake words.
func TestWakeWords(t *testing.T) {
	t.Parallel()
	c := config(runbook.ServeWake)
	c.Block.MaxStreams = 3
	nodeClient(t, "wake", serve(t, c).port)
}

// TestCrowd has more clients than are allowed.
func TestCrowd(t *testing.T) {
	t.Parallel()
	c := config(runbook.ServeSTT)
	c.Block.MaxConnections, c.Block.PerAddress, c.Block.MaxStreams = 8, 6, 2
	r := serve(t, c)
	nodeClient(t, "crowd", r.port)
	if r.refused.Load() == 0 {
		t.Error("nobody was told of a refused connection")
	}
}
