package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"orac/appliance/event"
	"orac/appliance/stt/stttest"
	"orac/chaos"
)

// memoryExceeded sets the running appliance a limit below what it uses. The process must replace itself and continue with the
// running generation, whatever the file says by then; a command that the service has not confirmed must be delivered afterwards,
// once; and sound must flow again. The row then restores a sane limit and starts a fresh appliance: the rows that follow need a
// process that does not replace itself.
func memoryExceeded(b *bench) error {
	before, mark := len(b.STT.Answered()), b.orac.Mark()
	b.STT.Script(stttest.WS, stttest.Behaviour{Do: stttest.Never})
	clock := time.Now()
	if code, text, err := b.apply(chaos.Runbook{Warn: "16MiB", Restart: "17MiB"}); err != nil || code != 0 {
		return fmt.Errorf("apply of the low limit: exit %d, %v: %s", code, err, text)
	}
	ran, err := b.Status(b.ctx)
	if err != nil {
		return err
	}
	if err := b.Write(chaos.Runbook{Device: "nomic"}); err != nil { // edited and not applied: none of it may come into force
		return err
	}
	b.Mic.Play(b.Speech.Say(1))
	recorded, err := b.recordings(mark, 1)
	if err != nil {
		return err
	}
	seen, _, err := chaos.Next(b.ctx, b.orac, mark, patience, replaced)
	if err != nil {
		return err
	}
	b.Detected = since(seen, clock)
	b.note("measured every 10 s")
	clock = seen
	_, opened, err := chaos.Next[event.DeviceOpened](b.ctx, b.orac, mark, patience, nil)
	if err != nil {
		return err
	}
	if opened.Opens != 1 {
		return fmt.Errorf("the device was opened %d times: the process is the old one", opened.Opens)
	}
	first, err := b.Flow(b.ctx, patience)
	if err != nil {
		return err
	}
	b.Recovered = since(first, clock)
	runs, err := b.Status(b.ctx)
	if err != nil {
		return err
	}
	if runs.Generation != ran.Generation {
		return fmt.Errorf("generation %d runs; it was %d", runs.Generation, ran.Generation)
	}
	// The limit is still below what it uses, so it would replace itself again.
	if code, text, err := b.apply(chaos.Runbook{}); err != nil || code != 0 {
		return fmt.Errorf("apply of the sane limit: exit %d, %v: %s", code, err, text)
	}
	if _, err := b.delivered(mark, before, recorded); err != nil {
		return err
	}
	if err := b.understood(); err != nil {
		return err
	}
	b.note("an edit that was not applied stayed so")
	if err := b.orac.Stop(); err != nil {
		return err
	}
	b.orac = nil
	return nil
}

func replaced(said chaos.Stderr) bool { return strings.Contains(said.Text, "starting again") }

// clockStepped gives an appliance a clock of its own and steps that ahead and back while commands are spoken. No watchdog may
// fire: nothing may be lost or restarted, no incident may be opened, and every command must be understood.
func clockStepped(b *bench) (err error) {
	if err := b.orac.Stop(); err != nil {
		return err
	}
	b.orac, err = b.StartWithClock(b.ctx)
	if errors.Is(err, chaos.ErrUnsupported) {
		b.orac, b.Unsupported = nil, true
		b.note("%v; in virtual time: sim/clock_test.go", err)
		return nil
	}
	if err != nil {
		return err
	}
	if err := b.listening(); err != nil {
		return err
	}
	w, err := b.watch()
	if err != nil {
		return err
	}
	total := time.Duration(0)
	for _, by := range []time.Duration{time.Hour, -2 * time.Hour, time.Hour} {
		clock := time.Now()
		if err := chaos.ClockStep(b.orac, by).Apply(); err != nil {
			return err
		}
		total += by
		first, err := b.Flow(b.ctx, patience)
		if err != nil {
			return err
		}
		b.Recovered = max(b.Recovered, since(first, clock))
		s, err := b.Status(b.ctx)
		if err != nil {
			return err
		}
		if off := time.Until(s.Health.At) - total; off < -10*time.Second || off > 10*time.Second {
			return fmt.Errorf("its clock was not stepped: it says %v, which is %v off", s.Health.At, off)
		}
		if err := b.understood(); err != nil {
			return err
		}
	}
	if err := b.untouched(w); err != nil {
		return err
	}
	s, err := b.Status(b.ctx)
	switch {
	case err != nil:
		return err
	case s.Incident != nil && (w.before.Incident == nil || s.Incident.ID != w.before.Incident.ID):
		return fmt.Errorf("there was an incident of %s: %s", s.Incident.Component, s.Incident.Cause)
	}
	if _, err := b.Healthy(b.ctx, 10*time.Second); err != nil {
		return err
	}
	b.note("ahead 1 h, back 2 h, ahead 1 h; no watchdog fired, no frame lost")
	err = b.orac.Stop() // the other rows use the machine's clock
	b.orac = nil
	return err
}
