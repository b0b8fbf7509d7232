package sim

import (
	"io"
	"time"

	"orac/models"
	"orac/runbook/language"
)

// Options say how scenarios are simulated. The zero value runs seed 1 of each, on all cores.
type Options struct {
	Seeds   []uint64                                                   // default: 1
	For     time.Duration                                              // 0: as the scenario says
	Runbook string                                                     // path that replaces the scenario's; "" keeps it
	Workers int                                                        // 0: as many as there are cores
	Shrink  bool                                                       // find the smallest set of faults that still breaks a promise
	Twice   int                                                        // every n-th seed runs twice to compare; 0: 10; below 0: never
	Trace   func(scenario string, seed uint64) (io.WriteCloser, error) // nil: none
	Options language.Options                                           // how runbooks are evaluated
	Store   models.Store                                               // for real inference

	Progress func(Progress) // called at the end of each run and at every virtual minute, from any goroutine; it must not block
}

// Progress is how far a simulation has got.
type Progress struct {
	Scenario      string
	Seed          uint64
	Done, Of      int           // runs
	Virtual, Wall time.Duration // so far, of all runs together; a run made twice counts twice
	Breaks        int
	Share         float64 // of the work, 0 to 1; it also grows within a run
}
