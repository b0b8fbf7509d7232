package memory

import (
	"math"
	"time"

	"orac/appliance/rt"
	"orac/appliance/status"
)

// Watch measures memory regularly and passes on the results. It runs on the seam.
type Watch struct {
	Measure func() (resident int64, err error) // memory.Measure; the simulator has its own
	// Settings is called before each measurement, since an apply may change the settings while Watch runs.
	Settings func() Settings
	// Found is called with every measurement. With an error nothing is known, and the verdict is empty.
	Found func(t *rt.Task, m status.Memory, v Verdict, err error)

	trend Trend
	judge Judge
}

// Settings are the settings of the runbook's memory block.
type Settings struct {
	Limits
	Every time.Duration
}

// soon is the pause before an exceeded limit is measured again: with three confirmations, a restart comes 4 s after the first.
const soon = 2 * time.Second

// Run measures at once and then every Settings().Every, until it is told to stop.
func (w *Watch) Run(t *rt.Task) error {
	start := t.Now()
	for {
		s := w.Settings()
		resident, err := w.Measure()
		m := status.Memory{Resident: resident, Warn: s.Warn, Restart: s.Restart}
		var v Verdict
		if err == nil {
			w.trend.Add(rt.Instant(t.Now().Sub(start)), resident)
			if slope, known := w.trend.Slope(); known {
				m.Slope = math.Round(slope)
			}
			v = w.judge.Decide(resident, m.Slope, s.Limits)
		}
		w.Found(t, m, v, err)
		wait := s.Every
		if v.Again {
			wait = min(wait, soon)
		}
		if err := t.Sleep(wait); err != nil {
			return err
		}
	}
}
