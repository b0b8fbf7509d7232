package reconcile

import (
	"time"

	"orac/appliance/rt"
)

const (
	firstPause = 100 * time.Millisecond
	longPause  = 10 * time.Second
	// calm is how long an instance must run before one earlier failure is forgotten.
	calm = time.Minute
)

// Backoff is the pause before a failed node is restarted: doubled with each failure, halved for each minute that it ran.
type Backoff struct{ failures int }

// Failed notes that an instance that was started at an instant has failed now, and returns the pause before the
// next start.
func (b *Backoff) Failed(started, now rt.Instant) time.Duration {
	b.failures = max(0, b.failures-int(now.Sub(started)/calm))
	pause := longPause
	if b.failures < 8 {
		pause = min(longPause, firstPause<<b.failures)
	}
	b.failures = min(b.failures+1, 16)
	return pause
}
