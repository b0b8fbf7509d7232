package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"orac/appliance/event"
	"orac/chaos"
)

// patience is how long to wait for anything: longer than any bound, so that a late recovery is measured and not just missed.
const patience = time.Minute

// row is a fault and what is promised for it.
type row struct {
	name  string
	bound time.Duration // of recovery; 0: no time is measured
	run   func(*bench) error
	// replaces: the appliance must replace itself. It must not do so in any other row.
	replaces bool
}

// lane is a world of its own, in which faults happen one after the other.
type lane struct {
	name string
	rows []row
}

func (l lane) chosen(only string) (rows []row) {
	for _, r := range l.rows {
		if strings.Contains(r.name, only) {
			rows = append(rows, r)
		}
	}
	return rows
}

// bench is a world with a running appliance, and the result that a row fills in.
type bench struct {
	*chaos.Rig
	ctx  context.Context
	orac *chaos.Appliance
	all  bool
	*result
}

// runLane creates a world, runs rows in it, and removes it. After a row that failed, the next one gets a fresh appliance.
func runLane(ctx context.Context, name string, rows []row, binary string, speech chaos.Speech, all bool, done chan<- result) {
	fail := func(err error) {
		for _, r := range rows {
			done <- result{Fault: r.name, Err: fmt.Sprintf("the world of %s: %v", name, err)}
		}
	}
	rig, err := chaos.NewRig(binary, speech)
	if err != nil {
		fail(err)
		return
	}
	b := &bench{Rig: rig, ctx: ctx, all: all}
	for _, r := range rows {
		if ctx.Err() != nil {
			break
		}
		b.result = &result{Fault: r.name, Bound: r.bound.Seconds()}
		err := b.ensure()
		if err == nil {
			err = r.run(b)
		}
		if err == nil && !r.replaces {
			err = b.stayed()
		}
		if b.judge(err); b.Err != "" && b.orac != nil {
			for _, e := range b.orac.Last(6) {
				b.Err += "\n" + e.String()
			}
			if err := b.orac.Kill(); err != nil {
				b.Err += "\n" + err.Error()
			}
			b.orac = nil
		}
		done <- *b.result
	}
	if err := rig.Close(); err != nil {
		done <- result{Fault: "cleaning up of " + name, Err: err.Error()}
	}
}

// ensure starts an appliance with the plain runbook, unless one is running.
func (b *bench) ensure() error {
	if b.orac != nil {
		return nil
	}
	if err := b.Write(chaos.Runbook{}); err != nil {
		return err
	}
	return b.restart()
}

// restart starts an appliance with the runbook on disk, and waits for it.
func (b *bench) restart() (err error) {
	if b.orac, err = b.Start(b.ctx); err != nil {
		return err
	}
	return b.listening()
}

// listening waits until the appliance hears sound and is healthy.
func (b *bench) listening() error {
	if _, _, err := chaos.Next[event.Listening](b.ctx, b.orac, 0, patience, nil); err != nil {
		return err
	}
	_, err := b.Healthy(b.ctx, patience)
	return err
}

// stayed checks that the process has not replaced itself, so its memory was always within its limit.
func (b *bench) stayed() error {
	if b.orac == nil {
		return nil
	}
	for _, e := range b.orac.Since(0) {
		if said, ok := e.Body.(chaos.Stderr); ok && replaced(said) {
			return fmt.Errorf("the appliance has replaced itself: %s", said.Text)
		}
	}
	return nil
}

// note adds to the remarks beside a row.
func (b *bench) note(format string, args ...any) {
	if b.Note != "" {
		b.Note += "; "
	}
	b.Note += fmt.Sprintf(format, args...)
}

// undo undoes a fault and joins its error with an earlier one.
func undo(f chaos.Fault, err *error) { *err = errors.Join(*err, f.Undo()) }

// wait lets a fault last; it ends early with the run.
func (b *bench) wait(until time.Time) error {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
}

// recordings waits until n recordings have ended after a mark, and returns them in order.
func (b *bench) recordings(mark, n int) (list []event.RecordingEnded, err error) {
	for len(list) < n {
		seen := 0
		_, r, err := chaos.Next(b.ctx, b.orac, mark, patience, func(event.RecordingEnded) bool { seen++; return seen > len(list) })
		if err != nil {
			return list, fmt.Errorf("recording %d of %d: %w", len(list)+1, n, err)
		}
		list = append(list, r)
	}
	return list, nil
}

// delivered waits for the delivery of utterances, and checks that the server has answered each once, in this order, whole.
// before is how many utterances the server had answered earlier. It returns when the last one was delivered.
func (b *bench) delivered(mark, before int, recorded []event.RecordingEnded) (last time.Time, err error) {
	for _, r := range recorded {
		seen, e, err := chaos.Next(b.ctx, b.orac, mark, patience, func(e event.Delivered) bool { return e.Utterance == r.Utterance })
		if err != nil {
			return last, fmt.Errorf("%s: %w", r.Utterance, err)
		}
		if e.Outcome != "delivered" {
			return last, fmt.Errorf("the delivery of %s ended as %q", r.Utterance, e.Outcome)
		}
		last = seen
	}
	heard := b.STT.Answered()[before:]
	if len(heard) != len(recorded) {
		return last, fmt.Errorf("%d commands were recorded, and the server answered %d", len(recorded), len(heard))
	}
	for i, r := range recorded {
		if got := float64(len(heard[i].PCM)) / 16000; got < r.Seconds-0.001 || got > r.Seconds+0.001 {
			return last, fmt.Errorf("command %d has %.2f s, and what the server answered instead %.2f s", i+1, r.Seconds, got)
		}
	}
	return last, nil
}
