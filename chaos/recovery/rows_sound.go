package main

import (
	"errors"
	"fmt"
	"time"

	"orac/appliance/event"
	"orac/chaos"
)

func workerStopped(b *bench) error { return b.deaf(chaos.StopWorker(b.orac), 0, false) }
func workerKilled(b *bench) error  { return b.deaf(chaos.KillWorker(b.orac), 0, false) }
func garbage(b *bench) error       { return b.deaf(chaos.GarbageFrames(b.orac), 0, false) }
func audioStopped(b *bench) error  { return b.deaf(chaos.StopAudio(b.Audio), 5*time.Second, true) }
func audioKilled(b *bench) error   { return b.deaf(chaos.KillAudio(b.Audio), 0, true) }

func unplugged(b *bench) error {
	was, err := b.Mic.Index()
	if err != nil {
		return err
	}
	if err := b.deaf(chaos.Unplug(b.Mic), 5*time.Second, true); err != nil {
		return err
	}
	is, err := b.Mic.Index()
	if err != nil {
		return err
	}
	if was == is {
		return fmt.Errorf("the microphone has the same index %s as before: the fault did not happen", is)
	}
	b.note("index %s, then %s", was, is)
	return nil
}

func otherPresent(b *bench) (err error) {
	other, err := b.Audio.Plug("othermic", "Other microphone")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, other.Unload()) }()
	if err := unplugged(b); err != nil {
		return err
	}
	b.note("the other was left alone")
	return nil
}

// deaf takes the sound away for at least hold, and measures how long after its return it is heard steadily; if nothing returns,
// how long after the fault. Then a command must be understood.
func (b *bench) deaf(f chaos.Fault, hold time.Duration, returns bool) (err error) {
	mark, clock := b.orac.Mark(), time.Now()
	defer undo(f, &err)
	if err := f.Apply(); err != nil {
		return err
	}
	lost, _, err := chaos.Next[event.DeviceLost](b.ctx, b.orac, mark, patience, nil)
	if err != nil {
		return err
	}
	b.Detected = since(lost, clock)
	if returns {
		if err := b.wait(clock.Add(hold)); err != nil {
			return err
		}
		for _, e := range b.orac.Since(mark) {
			if opened, ok := e.Body.(event.DeviceOpened); ok {
				return fmt.Errorf("%q was opened while the microphone was away", opened.Identity)
			}
		}
	}
	if err := f.Undo(); err != nil {
		return err
	}
	if returns {
		clock = time.Now()
	}
	_, opened, err := chaos.Next[event.DeviceOpened](b.ctx, b.orac, mark, patience, nil)
	if err != nil {
		return err
	}
	if opened.Identity != chaos.MicName {
		return fmt.Errorf("it listens to %q", opened.Identity)
	}
	first, err := b.Flow(b.ctx, patience)
	if err != nil {
		return err
	}
	b.Recovered = since(first, clock)
	return b.well()
}

// well checks that everything is well: the health is good, the incident has ended, and a command is understood.
func (b *bench) well() error {
	if _, err := b.Healthy(b.ctx, 10*time.Second); err != nil {
		return err
	}
	s, err := b.Status(b.ctx)
	switch {
	case err != nil:
		return err
	case s.Incident == nil:
		return fmt.Errorf("no incident was recorded")
	case s.Incident.Recovered.IsZero():
		return fmt.Errorf("the incident of %s has no end: %s", s.Incident.Component, s.Incident.Cause)
	}
	return b.understood()
}

// understood speaks a command, which must be recorded and delivered.
func (b *bench) understood() error {
	mark, before := b.orac.Mark(), len(b.STT.Answered())
	b.Mic.Play(b.Speech.Say(1))
	recorded, err := b.recordings(mark, 1)
	if err != nil {
		return err
	}
	_, err = b.delivered(mark, before, recorded)
	return err
}
