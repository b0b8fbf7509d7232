package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"orac/appliance/event"
	"orac/appliance/status"
	"orac/chaos"
)

// hop is the duration of a hop of sound.
const hop = 80 * time.Millisecond

// watch holds what must not change while something is done to an appliance.
type watch struct {
	given  time.Duration // sound that the microphone has played so far
	mark   int
	before status.Status
}

func (b *bench) watch() (w watch, err error) {
	w.mark = b.orac.Mark()
	w.before, err = b.Status(b.ctx)
	w.given = b.Mic.Given()
	return w, err
}

// untouched checks that since then not a frame was lost, and nothing was restarted.
func (b *bench) untouched(w watch) error {
	after, err := b.heardAll(w)
	if err != nil {
		return err
	}
	if n := chaos.Dropped(after) - chaos.Dropped(w.before); n != 0 {
		return fmt.Errorf("%d values were dropped", n)
	}
	was := map[string]uint64{}
	for _, n := range w.before.Nodes {
		was[n.Address] = n.Generation
	}
	for _, n := range after.Nodes {
		if n.Generation != was[n.Address] {
			return fmt.Errorf("%s was started again: instance %d, then %d", n.Address, was[n.Address], n.Generation)
		}
	}
	for _, e := range b.orac.Since(w.mark) {
		switch e.Body.(type) {
		case event.DeviceLost, event.DeviceOpened, event.NodeFailed, event.Overrun:
			return fmt.Errorf("meanwhile: %s", e)
		}
	}
	return nil
}

// heardAll waits until everything that the microphone has played since then was heard, except a few hops in transit at both ends.
func (b *bench) heardAll(w watch) (after status.Status, err error) {
	least := int64((b.Mic.Given()-w.given)/hop) - 4
	for until := time.Now().Add(2 * time.Second); ; {
		if after, err = b.Status(b.ctx); err != nil {
			return after, err
		}
		heard := chaos.Taken(after, "features.usb") - chaos.Taken(w.before, "features.usb")
		if int64(heard) >= least {
			return after, nil
		}
		if time.Now().After(until) {
			return after, fmt.Errorf("%d hops were heard; the microphone gave at least %d", heard, least)
		}
		if err := b.wait(time.Now().Add(50 * time.Millisecond)); err != nil {
			return after, err
		}
	}
}

// apply runs orac apply on a runbook, and returns its exit code and everything it printed.
func (b *bench) apply(rb chaos.Runbook) (code int, text string, err error) {
	if err := b.Write(rb); err != nil {
		return 0, "", err
	}
	return b.Run(b.ctx, "apply", "--auto-approve", "-f", b.File)
}

// refused applies a runbook that cannot work: orac must exit with 1 and say why, and the appliance
// must continue unchanged.
func (b *bench) refused(rb chaos.Runbook, why string) error {
	w, err := b.watch()
	if err != nil {
		return err
	}
	code, text, err := b.apply(rb)
	switch {
	case err != nil:
		return err
	case code != 1:
		return fmt.Errorf("exit %d, not 1: %s", code, text)
	case !strings.Contains(text, why):
		return fmt.Errorf("%q is missing from: %s", why, text)
	}
	return errors.Join(b.unchanged(w), b.untouched(w))
}

// unchanged checks that the generation is the same.
func (b *bench) unchanged(w watch) error {
	s, err := b.Status(b.ctx)
	if err == nil && s.Generation != w.before.Generation {
		err = fmt.Errorf("generation %d runs; it was %d", s.Generation, w.before.Generation)
	}
	return err
}

func brokenModel(b *bench) error {
	if err := os.WriteFile(b.Beside("broken.onnx"), []byte("this is no network"), 0o600); err != nil {
		return err
	}
	return b.refused(chaos.Runbook{Model: "broken.onnx"}, "broken.onnx")
}

func missingProgram(b *bench) error {
	program := b.Beside("no-such-program")
	return b.refused(chaos.Runbook{Command: program}, "no-such-program")
}

func missingDevice(b *bench) error { return b.refused(chaos.Runbook{Device: "nomic"}, "nomic") }

// takenPort applies a console at an address where somebody else is listening.
func takenPort(b *bench) (err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return b.refused(chaos.Runbook{Web: l.Addr().String()}, "address already in use")
}

// mutedDevice applies a microphone that exists but produces no sound: only its health shows that.
func mutedDevice(b *bench) (err error) {
	module, err := b.Audio.Control("load-module", "module-pipe-source", "source_name=mutedmic", "file="+b.Beside("muted.fifo"), "rate=16000", "channels=1", "format=s16le")
	if err != nil {
		return err
	}
	defer func() {
		_, unplugged := b.Audio.Control("unload-module", module)
		err = errors.Join(err, unplugged)
	}()
	w, err := b.watch()
	if err != nil {
		return err
	}
	clock := time.Now()
	code, text, err := b.apply(chaos.Runbook{Device: "mutedmic"})
	switch {
	case err != nil:
		return err
	case code != 1 || !strings.Contains(text, "rolled back") || !strings.Contains(text, "source.usb"):
		return fmt.Errorf("exit %d; it should be 1 with a reason: %s", code, text)
	}
	b.Detected = since(time.Now(), clock)
	first, err := b.Flow(b.ctx, patience)
	if err != nil {
		return err
	}
	b.Recovered = since(first, clock)
	if err := b.unchanged(w); err != nil {
		return err
	}
	if _, err := b.Healthy(b.ctx, 10*time.Second); err != nil {
		return err
	}
	b.note("timed from the start of apply, the health gate of 1 s included")
	return b.understood()
}

// changedBetween plans, changes the runbook, and applies the plan.
func changedBetween(b *bench) error {
	w, err := b.watch()
	if err != nil {
		return err
	}
	if err := b.Write(chaos.Runbook{Threshold: 0.41}); err != nil {
		return err
	}
	plan, err := b.Plan(b.ctx)
	if err != nil {
		return err
	}
	if err := b.Write(chaos.Runbook{Threshold: 0.42}); err != nil {
		return err
	}
	done, err := b.ApplyPlan(b.ctx, plan.Hash)
	if err == nil || !strings.Contains(err.Error(), "has changed since the plan") {
		return fmt.Errorf("it was not refused: %+v, %v", done, err)
	}
	return errors.Join(b.unchanged(w), b.untouched(w))
}
