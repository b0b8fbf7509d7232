package main

import (
	"fmt"
	"strings"
	"time"

	"orac/appliance/stt/stttest"
	"orac/chaos"
)

// memoryExceeded gives the running appliance a limit below what it uses. It is to replace itself; a command that the service has
// not confirmed by then is delivered after that, once; and sound flows again. Back at its sane limit, it starts anew: what comes
// after in this world is a process that must not replace itself.
func memoryExceeded(b *bench) error {
	before, mark := len(b.STT.Answered()), b.orac.Mark()
	b.STT.Script(stttest.WS, stttest.Behaviour{Do: stttest.Never})
	if err := b.Write(chaos.Runbook{Warn: "16MiB", Restart: "17MiB"}); err != nil {
		return err
	}
	clock := time.Now()
	if code, text, err := b.Run(b.ctx, "apply", "--auto-approve", "-f", b.File); err != nil || code != 0 {
		return fmt.Errorf("apply of the low limit: exit %d, %v: %s", code, err, text)
	}
	if err := b.Write(chaos.Runbook{}); err != nil { // what it reads when it starts again
		return err
	}
	b.Mic.Play(b.Speech.Say(1))
	recorded, err := b.recordings(mark, 1)
	if err != nil {
		return err
	}
	said, err := b.orac.Await(b.ctx, mark, patience, "replacement of the process", replaced)
	if err != nil {
		return err
	}
	b.Detected = since(said.Seen, clock)
	b.note("measured every 10 s")
	clock = said.Seen
	opened, err := b.orac.Kind(b.ctx, mark, patience, "device_opened")
	if err != nil {
		return err
	}
	if opened.Opens != 1 {
		return fmt.Errorf("the device was opened for the %d. time: the process is the old one", opened.Opens)
	}
	first, err := b.Flow(b.ctx, patience)
	if err != nil {
		return err
	}
	b.Recovered = since(first, clock)
	if _, err := b.delivered(mark, before, recorded); err != nil {
		return err
	}
	if code, text, err := b.Run(b.ctx, "apply", "--auto-approve", "-f", b.File); err != nil || code != 0 {
		return fmt.Errorf("apply of the sane limit: exit %d, %v: %s", code, err, text)
	}
	if err := b.understood(); err != nil {
		return err
	}
	if err := b.orac.Stop(); err != nil {
		return err
	}
	b.orac = nil
	return nil
}

func replaced(e chaos.Event) bool {
	return e.Kind == "stderr" && strings.Contains(e.Text, "starting again")
}

// clockStepped says why there is nothing to measure here.
func clockStepped(b *bench) error {
	b.Unsupported = true
	b.note("stepping the clock would step this machine's: time namespaces leave CLOCK_REALTIME alone, and Go asks the kernel past any preloaded library; in virtual time: sim/clock_test.go")
	return nil
}
