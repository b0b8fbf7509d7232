package play

import (
	"errors"
	"fmt"

	"orac/chaos"
	"orac/runbook/scenario"
)

// jumps tells whether a scenario moves the clock of its appliance.
func jumps(sc *scenario.Scenario) bool { return sc.Uses(scenario.ClockJump) }

// clocked tells whether the appliance of a world has a clock of its own.
func clocked(w *World, _ occurrence) error {
	if !w.clocked {
		return errors.New("a process can have its own network or its own clock, and the scenario needs both: remove net_down")
	}
	return nil
}

// jump moves the time of day of the appliance, permanently. A process that has replaced itself since has the machine's clock.
func jump(w *World, o occurrence) (*broken, error) {
	a, err := w.Running()
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	began := w.image
	w.mu.Unlock()
	if now, err := a.Process().Image(); err != nil || now != began {
		return nil, fmt.Errorf("the process has replaced itself and now uses the machine's clock (%v)", err)
	}
	by := o.By
	if o.Back {
		by = -by
	}
	return &broken{apply: func() error {
		if err := chaos.ClockStep(a, by).Apply(); err != nil {
			return err
		}
		w.mu.Lock()
		w.offset += by
		w.mu.Unlock()
		return nil
	}}, nil
}
