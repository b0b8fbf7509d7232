package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"orac/appliance/event"
	"orac/appliance/stt/stttest"
	"orac/chaos"
)

func sttDown(b *bench) error {
	return b.undelivered(chaos.STTDown(b.STT), 20*time.Second, 5, func(e chaos.Event) bool {
		switch b := e.Body.(type) {
		case event.DeliveryFailed:
			return true
		case event.STTHealth:
			return !b.OK
		}
		return false
	})
}

// diskFull also takes the speech-to-text service away, so that what is spoken can only go to memory. The clock is that of the
// disk: when there is space again, everything is on the disk; when the service is back, too, everything is delivered.
func diskFull(b *bench) (err error) {
	disk, service := b.FillDisk(), chaos.STTDown(b.STT)
	mark, before, clock := b.orac.Mark(), len(b.STT.Answered()), time.Now()
	defer undo(service, &err)
	defer undo(disk, &err)
	if err := errors.Join(disk.Apply(), service.Apply()); err != nil {
		return err
	}
	const commands = 2
	b.Mic.Play(b.Speech.Say(commands))
	inMemory, _, err := chaos.Next(b.ctx, b.orac, mark, patience, func(e event.Spooled) bool { return e.Where == "memory" })
	if err != nil {
		return err
	}
	b.Detected = since(inMemory, clock)
	recorded, err := b.recordings(mark, commands)
	if err != nil {
		return fmt.Errorf("%w: detection did not continue", err)
	}
	if err := b.wait(clock.Add(10 * time.Second)); err != nil {
		return err
	}
	clock = time.Now()
	if err := disk.Undo(); err != nil {
		return err
	}
	for _, r := range recorded {
		e, err := b.orac.Await(b.ctx, mark, patience, r.Utterance+" on disk", func(e chaos.Event) bool {
			b, ok := e.Body.(event.Spooled)
			return ok && b.Where == "disk" && b.Utterance == r.Utterance && e.Seen.After(clock)
		})
		if err != nil {
			return err
		}
		b.Recovered = since(e.Seen, clock)
	}
	b.note("%d commands waited in memory, speech-to-text away, too", commands)
	if err := service.Undo(); err != nil {
		return err
	}
	if _, err := b.delivered(mark, before, recorded); err != nil {
		return err
	}
	if _, err := b.Healthy(b.ctx, 20*time.Second); err != nil {
		return err
	}
	return b.understood()
}

// undelivered speaks commands while something on the way to the service is missing, and measures how long after its return all
// commands are delivered: each once, in order, whole.
func (b *bench) undelivered(f chaos.Fault, hold time.Duration, commands int, noticed func(chaos.Event) bool) (err error) {
	mark, before, clock := b.orac.Mark(), len(b.STT.Answered()), time.Now()
	defer undo(f, &err)
	if err := f.Apply(); err != nil {
		return err
	}
	b.Mic.Play(b.Speech.Say(commands))
	e, err := b.orac.Await(b.ctx, mark, patience, "notice of "+f.Name, noticed)
	if err != nil {
		return err
	}
	b.Detected = since(e.Seen, clock)
	recorded, err := b.recordings(mark, commands)
	if err != nil {
		return fmt.Errorf("%w: detection did not continue", err)
	}
	if err := b.wait(clock.Add(hold)); err != nil {
		return err
	}
	b.note("away for %.1f s, %d commands", time.Since(clock).Seconds(), commands)
	clock = time.Now()
	if err := f.Undo(); err != nil {
		return err
	}
	last, err := b.delivered(mark, before, recorded)
	if err != nil {
		return err
	}
	b.Recovered = since(last, clock)
	if _, err := b.Healthy(b.ctx, 20*time.Second); err != nil {
		return err
	}
	return b.understood()
}

// spooled waits until a file of the spool has at least this many bytes, and returns how many it has.
func (b *bench) spooled(pattern string, least int64) (size int64, err error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for size < least {
		select {
		case <-tick.C:
		case <-b.ctx.Done():
			return size, b.ctx.Err()
		}
		files, err := filepath.Glob(filepath.Join(b.State, "spool", pattern))
		if err != nil {
			return size, err
		}
		for _, f := range files {
			if info, err := os.Stat(f); err == nil {
				size = info.Size()
			}
		}
	}
	return size, nil
}

// killedRecording kills the appliance in the middle of a command. What was on disk by then must be delivered after the restart.
func killedRecording(b *bench) error {
	mark, before := b.orac.Mark(), len(b.STT.Answered())
	b.Mic.Play(b.Speech.Say(1))
	if _, _, err := chaos.Next[event.RecordingStarted](b.ctx, b.orac, mark, patience, nil); err != nil {
		return err
	}
	const half = 2 * 16000 // bytes of a second: at least the pre-roll
	size, err := b.spooled("*.part", half)
	if err != nil {
		return err
	}
	if err := b.orac.Kill(); err != nil {
		return err
	}
	if err := b.restart(); err != nil {
		return err
	}
	_, salvaged, err := chaos.Next[event.Salvaged](b.ctx, b.orac, 0, patience, nil)
	switch {
	case err != nil:
		return err
	case !salvaged.Cut || salvaged.Seconds*16000*2 < float64(size):
		return fmt.Errorf("%d bytes were on disk, and %.2f s were salvaged (cut: %v)", size, salvaged.Seconds, salvaged.Cut)
	}
	last, err := b.delivered(0, before, []event.RecordingEnded{{Utterance: salvaged.Utterance, Seconds: salvaged.Seconds}})
	if err != nil {
		return err
	}
	b.Recovered = since(last, b.orac.Began)
	b.note("%.2f s of sound were saved", salvaged.Seconds)
	return b.understood()
}

// killedDelivering kills the appliance while the service has a whole command and has not answered, and again after it has
// answered.
func killedDelivering(b *bench) error {
	never := stttest.Behaviour{Do: stttest.Never}
	b.STT.Script(stttest.WS, never)
	mark, before := b.orac.Mark(), len(b.STT.Answered())
	b.Mic.Play(b.Speech.Say(1))
	recorded, err := b.recordings(mark, 1)
	if err != nil {
		return err
	}
	// What the recorder has ended is on its way to the disk: once it is there, the appliance promises to deliver it.
	if _, err := b.spooled("*.pcm", 1); err != nil {
		return err
	}
	if err := b.orac.Kill(); err != nil {
		return err
	}
	if err := b.restart(); err != nil {
		return err
	}
	// The service may still act on it: the appliance waits until that is over, announces that it
	// will repeat the delivery, and sends it again.
	_, again, err := chaos.Next[event.DeliveryRepeated](b.ctx, b.orac, 0, patience, nil)
	if err != nil {
		return err
	}
	if again.Utterance != recorded[0].Utterance {
		return fmt.Errorf("%s was announced as sent again, not %s", again.Utterance, recorded[0].Utterance)
	}
	last, err := b.delivered(0, before, recorded)
	if err != nil {
		return err
	}
	b.Recovered = since(last, b.orac.Began)
	// Now it is confirmed: a second kill must not deliver it again.
	if err := b.orac.Kill(); err != nil {
		return err
	}
	if err := b.restart(); err != nil {
		return err
	}
	if err := b.understood(); err != nil {
		return err
	}
	if n := len(b.STT.Answered()) - before; n != 2 {
		return fmt.Errorf("two commands were delivered %d times", n)
	}
	b.note("once, after a second kill, too")
	return nil
}
