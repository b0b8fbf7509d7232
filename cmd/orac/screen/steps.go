package screen

import (
	"fmt"
	"time"

	"orac/appliance/amount"
)

// Steps shows a long operation step by step: the current step with a clock, the finished ones with their
// duration.
type Steps struct {
	*Screen
	step  string
	since time.Time
}

// NewSteps shows steps on a screen.
func NewSteps(s *Screen) *Steps { return &Steps{Screen: s} }

// Step starts a step and ends the previous one.
func (v *Steps) Step(now time.Time, step string) {
	v.end(now, v.Good("✓"))
	v.step, v.since = Clean(step), now
	if !v.Moves() {
		fmt.Fprintf(v, "  %s\n", v.step)
	}
}

// Tick moves the clock.
func (v *Steps) Tick(now time.Time) {
	if v.step != "" {
		v.Move(fmt.Sprintf("  %s %s  %s", v.Faint("…"), v.step, v.Faint(amount.Span(now.Sub(v.since).Truncate(100*time.Millisecond)))))
	}
}

// End ends the last step.
func (v *Steps) End(now time.Time, ok bool) {
	mark := v.Good("✓")
	if !ok {
		mark = v.Bad("✗")
	}
	v.end(now, mark)
	v.Still()
}

func (v *Steps) end(now time.Time, mark string) {
	if v.step != "" && v.Moves() {
		fmt.Fprintf(v, "  %s %s  %s\n", mark, v.step, v.Faint(amount.Span(now.Sub(v.since))))
	}
	v.step = ""
}
