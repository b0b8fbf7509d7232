package memory

import (
	"fmt"
	"time"
)

// Limits are memory.warn and memory.restart of the runbook, in bytes.
type Limits struct {
	Warn, Restart int64
}

// Verdict is what to do about memory.
type Verdict struct {
	Warn    bool
	Restart bool   // restart now, in good order
	Again   bool   // measure again soon: the limit is exceeded, but has not been for long enough
	Why     string // for people; empty if there is nothing to do
}

const (
	// confirmations is how many measurements in a row must exceed the limit before a restart. The sum includes the commands of
	// speech-to-text services, which come and go; a restart would not help against them.
	confirmations = 3
	// A warning ends below 95 % of the limit, and when growth would need half as long again to reach it.
	clearPercent = 95
	horizon      = 24 * time.Hour
)

// Judge decides from measurements what to do, with hysteresis. It is pure; its zero value is ready.
type Judge struct {
	large, growing bool // has been warned about
	exceeded       int  // measurements in a row
}

// Decide judges the newest measurement; slope is in bytes an hour, 0 while unknown. It warns at the warning limit, and when
// growth would reach the restart limit within a day. It restarts when the limit was exceeded three times in a row.
func (j *Judge) Decide(resident int64, slope float64, l Limits) Verdict {
	j.large = resident >= l.Warn || j.large && resident >= l.Warn/100*clearPercent
	reached := j.hours(resident, slope, l)
	bound := horizon.Hours()
	if j.growing {
		bound *= 1.5
	}
	j.growing = reached <= bound
	if resident >= l.Restart {
		j.exceeded++
	} else {
		j.exceeded = 0
	}
	v := Verdict{Warn: j.large || j.growing, Restart: j.exceeded >= confirmations}
	v.Again = j.exceeded > 0 && !v.Restart
	switch {
	case j.exceeded > 0:
		v.Why = fmt.Sprintf("memory is %s, at or above the restart limit of %s", size(resident), size(l.Restart))
	case j.large && resident >= l.Warn:
		v.Why = fmt.Sprintf("memory is %s, at or above the warning limit of %s", size(resident), size(l.Warn))
	case j.large:
		v.Why = fmt.Sprintf("memory is %s, just below the warning limit of %s", size(resident), size(l.Warn))
	case j.growing:
		v.Why = fmt.Sprintf("memory is %s and grows by %s an hour: the restart limit of %s is reached in %.0f h",
			size(resident), size(int64(slope)), size(l.Restart), reached)
	}
	return v
}

// hours returns the time until growth reaches the restart limit; without growth, a value above every bound.
func (j *Judge) hours(resident int64, slope float64, l Limits) float64 {
	if slope <= 0 {
		return 1e9
	}
	return max(0, float64(l.Restart-resident)/slope)
}

func size(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
