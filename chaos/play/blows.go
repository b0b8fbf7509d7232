package play

import (
	"fmt"

	"golang.org/x/sys/unix"

	"orac/chaos"
	"orac/chaos/journal"
	"orac/chaos/process"
	"orac/runbook/scenario"
)

// blows are what befalls a process.
var blows = map[scenario.Blow]func(process.Process) error{
	scenario.Killed:  func(p process.Process) error { return p.Signal(unix.SIGKILL) },
	scenario.Frozen:  func(p process.Process) error { return p.Signal(unix.SIGSTOP) },
	scenario.Garbled: chaos.WriteGarbage,
}

// struck says how a blow is made.
func struck(i scenario.Info) string {
	return fmt.Sprintf("%s gets %s", struckAt[i.Target].what, i.Blow)
}

// struckAt are the processes of the appliance that can be struck.
var struckAt = map[scenario.Target]struct {
	what string
	find func(*World, occurrence) (process.Process, error)
}{
	scenario.Device:        {"the capture process", (*World).worker},
	scenario.SpeakerTarget: {"the playback process", (*World).player},
	scenario.EngineTarget:  {"the process of the engine", (*World).engine},
}

// strike is an instantaneous fault of a process that captures, plays or understands. Nothing of it is left when that process has ended.
func strike(w *World, o occurrence) (*broken, error) {
	i := o.Kind.Info()
	p, err := struckAt[i.Target].find(w, o)
	if err != nil {
		return nil, err
	}
	return &broken{steps: []journal.Step{{Do: journal.Kill, Process: p}}, apply: func() error { return blows[i.Blow](p) }}, nil
}
